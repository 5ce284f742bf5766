"""Examines an experiment before it is trained, and says what looks ill."""

from altitude.doctor.examination import examine
from altitude.doctor.report import Report, Verdict

__all__ = ["Report", "Verdict", "examine"]

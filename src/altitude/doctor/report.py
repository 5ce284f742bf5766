"""What an examination finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Subject = Literal["data", "model", "speed"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Something that looks ill.

    Attributes:
        name: What it is called, such as `dead units`.
        subject: Where it was seen.
        seen: What was seen, with numbers.
        reason: Why it matters.
        instead: What to write or to look at.
    """

    name: str
    subject: Subject
    seen: str
    reason: str
    instead: str


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Something that was measured, ill or not.

    Attributes:
        subject: Where it was measured.
        text: What it came to, in one line.
    """

    subject: Subject
    text: str


Finding = Verdict | Measurement


@dataclass(frozen=True)
class Report:
    """All that an examination has found.

    Attributes:
        verdicts: What looks ill.
        measurements: What was measured.
    """

    verdicts: tuple[Verdict, ...]
    measurements: tuple[Measurement, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Report":
        """Sorts findings into a report.

        Args:
            findings: The findings, in the order in which they are shown.

        Returns:
            The report.
        """
        found = list(findings)
        return cls(
            tuple(one for one in found if isinstance(one, Verdict)),
            tuple(one for one in found if isinstance(one, Measurement)),
        )

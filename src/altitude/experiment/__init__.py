"""One experiment, typed and frozen, and what must hold of it."""

from altitude.experiment.experiment import Experiment, new_output_dir, plain
from altitude.experiment.filling import OUTPUT_DIR

__all__ = ["OUTPUT_DIR", "Experiment", "new_output_dir", "plain"]

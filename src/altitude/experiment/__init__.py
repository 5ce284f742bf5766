"""An experiment, typed and frozen, and the rules that it must satisfy."""

from altitude.experiment.callbacks import OUTPUT_DIR
from altitude.experiment.experiment import Experiment, new_output_dir, plain

__all__ = ["OUTPUT_DIR", "Experiment", "new_output_dir", "plain"]

"""One experiment, typed and frozen, and what must hold of it."""

from altitude.experiment.experiment import OUTPUT_DIR, Experiment, new_output_dir, plain

__all__ = ["OUTPUT_DIR", "Experiment", "new_output_dir", "plain"]

"""The command line, one file a command. Imports neither TensorFlow nor MLflow."""

from altitude.cli.run import main

__all__ = ["main"]

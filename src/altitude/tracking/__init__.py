"""The life of an MLflow run, from before the data is loaded to the last artifact."""

from altitude.tracking.settings import Mlflow, Untracked

__all__ = ["Mlflow", "Untracked"]

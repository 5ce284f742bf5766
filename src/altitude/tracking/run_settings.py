"""The settings of a run in MLflow."""

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.validation import STRICT, Flag, NonNegative


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunSettings:
    """In which store a run is logged, and as what.

    Attributes:
        uri: Tracking URI; None for `$MLFLOW_TRACKING_URI` or, without that, `mlflow.db` in the
            working folder, which is what a plain `mlflow ui` shows there.
        experiment_name: MLflow's experiment, created if it is new; None for
            `$MLFLOW_EXPERIMENT_NAME`, `$MLFLOW_EXPERIMENT_ID` or, without those, `altitude`.
        run_name: Name of the run; None for one made of the overrides.
        tags: Tags of the run, by name.
        watched: Whether the run says every few seconds that it is alive, and listens for a request
            to stop, as the jobs of a sweep do.
        required: Whether a run that cannot be logged in its store is not started. If false, a
            single run is logged in a store in its own folder then, which `altitude sync` sends.
        flush_timeout: Seconds to wait, when the run ends, for what a slow store has not received;
            the rest stays in the run's folder.
    """

    uri: str | None = None
    experiment_name: str | None = None
    run_name: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    watched: Flag = False
    required: Flag = True
    flush_timeout: NonNegative = 60.0

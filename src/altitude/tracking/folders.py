"""The folders that runs write into, as MLflow knows them."""

from pathlib import Path

from mlflow.entities import Run

from altitude.tracking.connection import connect, quiet_client, wrap_store_errors
from altitude.tracking.liveness import is_alive
from altitude.tracking.preflight import require_usable
from altitude.tracking.run_settings import RunSettings
from altitude.tracking.store import resolve_uri
from altitude.tracking.tags import CONFIG_HASH, FOLDER, SWEEP_ID
from altitude.tracking.waiting import wait_for_answer


@wrap_store_errors()
def folders_of_runs(beginning: str) -> dict[str, Path]:
    """Returns the folders of the runs whose id begins with a text, by id.

    Args:
        beginning: The beginning of an id, or all of it.

    Raises:
        TrackingError: If the store cannot be used, or does not answer.
    """
    uri = resolve_uri(None)
    require_usable(uri, "MLFLOW_TRACKING_URI")
    client = quiet_client(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.`{FOLDER}` != ''", max_results=50_000)
    return {
        run.info.run_id: Path(run.data.tags[FOLDER])
        for run in runs
        if run.info.run_id.startswith(beginning)
    }


@wrap_store_errors()
def interrupted_folders(settings: RunSettings) -> list[Path]:
    """Returns the folders of runs of a sweep's job that were killed, the latest first.

    Args:
        settings: The tracking settings of the job, which is recognised by its tags.

    Raises:
        TrackingError: If the store cannot be used.
    """
    wait_for_answer(resolve_uri(settings.uri))
    store = connect(settings)
    runs = store.runs({name: settings.tags[name] for name in (SWEEP_ID, CONFIG_HASH)})
    killed = [run.data.tags for run in runs if _was_killed(run)]
    return [Path(tags[FOLDER]) for tags in killed if FOLDER in tags]


def _was_killed(run: Run) -> bool:
    is_gone = run.info.status == "RUNNING" and not is_alive(run.data.tags)
    return is_gone or run.info.status == "KILLED"

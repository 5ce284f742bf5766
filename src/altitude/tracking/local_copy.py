"""Runs that are logged in their own folder because their store was away, and their way into it."""

from __future__ import annotations

import json
from pathlib import Path

from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.tracking import MlflowClient

from altitude.tracking.connection import connect
from altitude.tracking.fallback import FILE
from altitude.tracking.preflight import require_usable
from altitude.tracking.run_settings import RunSettings
from altitude.tracking.store import resolve_uri

COPIED_FROM = "altitude.copied_from"
"""The id that a run had in its own folder, as a tag of the run in the store."""

PARAMS_PER_CALL, METRICS_PER_CALL = 100, 1000


def send_run(folder: Path) -> str:
    """Copies the run of a folder into the store that it was meant for, with its original times.

    Args:
        folder: The folder of the run, with its own store and the file that names the other one.

    Returns:
        The id of the run in the store; the same if it is there already.

    Raises:
        TrackingError: If the store does not answer.
        MlflowException: If the store cannot be used.
    """
    meant = json.loads((folder / FILE).read_text())
    require_usable(resolve_uri(meant["uri"]), "tracking.uri")
    store = connect(RunSettings(uri=meant["uri"], experiment_name=meant["experiment_name"]))
    source = MlflowClient(meant["local"])
    run = source.get_run(meant["run_id"])
    for earlier in store.runs({COPIED_FROM: run.info.run_id}):
        if earlier.info.status == run.info.status:
            (folder / FILE).unlink()
            return str(earlier.info.run_id)
        store.client.delete_run(earlier.info.run_id)  # the copy was interrupted
    run_id = _copy(source, run, store.client, store.experiment_id)
    (folder / FILE).unlink()
    return run_id


def _copy(source: MlflowClient, run: Run, client: MlflowClient, experiment_id: str) -> str:
    began, name = run.info.start_time, run.info.run_name
    tags = {COPIED_FROM: run.info.run_id}
    run_id: str = client.create_run(experiment_id, began, tags, name).info.run_id
    params = [Param(key, value) for key, value in run.data.params.items()]
    for first in range(0, len(params), PARAMS_PER_CALL):
        client.log_batch(run_id, params=params[first : first + PARAMS_PER_CALL])
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in run.data.tags.items()])
    for metric in run.data.metrics:
        history: list[Metric] = source.get_metric_history(run.info.run_id, metric)
        for first in range(0, len(history), METRICS_PER_CALL):
            client.log_batch(run_id, metrics=history[first : first + METRICS_PER_CALL])
    if source.list_artifacts(run.info.run_id):
        client.log_artifacts(run_id, source.download_artifacts(run.info.run_id, ""))
    client.set_terminated(run_id, run.info.status, run.info.end_time)
    return run_id

"""Sends one record of a run to its store: from a run, or later from its folder."""

from collections.abc import Collection, Mapping
from typing import Any

from mlflow.entities import Metric, RunTag
from mlflow.tracking import MlflowClient

from altitude.tracking.outbox import Record


def deliver(client: MlflowClient, record: Record) -> None:
    """Sends a record: metrics, tags, an artifact, or the status of a run that has ended.

    Args:
        client: The client of the store.
        record: What is sent, with the id of the run and, for metrics and the status, the time in
            milliseconds at which it was true.
    """
    run_id = record["run_id"]
    if "metrics" in record:
        client.log_batch(run_id, metrics=_metrics(record))
    elif "tags" in record:
        tags = [RunTag(name, value) for name, value in record["tags"].items()]
        client.log_batch(run_id, tags=tags)
    elif "artifact" in record:
        client.log_artifact(run_id, record["artifact"], record.get("folder"))
    elif "status" in record:
        client.set_terminated(run_id, record["status"], record.get("timestamp"))


def without_logged(record: Record, logged: Mapping[str, Collection[int]]) -> dict[str, Any]:
    """Returns a record without the metrics that the store has already.

    Args:
        record: The record.
        logged: The steps at which each metric has been logged.
    """
    if "metrics" not in record:
        return dict(record)
    step = record["step"]
    metrics = {n: v for n, v in record["metrics"].items() if step not in logged.get(n, ())}
    return {**record, "metrics": metrics}


def _metrics(record: Record) -> list[Metric]:
    time, step = record["timestamp"], record["step"]
    return [Metric(name, value, time, step) for name, value in record["metrics"].items()]

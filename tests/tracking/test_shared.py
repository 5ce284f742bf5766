"""Which runs a job of a sweep may continue, and for which it waits."""

import json
import threading
import time
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from altitude.tracking import Mlflow, shared
from altitude.tracking.liveness import process_tags
from altitude.tracking.tags import FOLDER, JOB, LIMITS, ROLE, SWEEP_ID, TRAJECTORY

TAGS = {ROLE: JOB, SWEEP_ID: "a sweep", TRAJECTORY: "a trajectory"}


def begin(client: MlflowClient, limits: list[int], epochs: int, **more: str) -> str:
    tags = {**TAGS, LIMITS: json.dumps(limits), FOLDER: f"/runs/{limits}", **more}
    run_id = str(client.create_run("1", tags=tags | process_tags()).info.run_id)
    for epoch in range(epochs):
        client.log_metric(run_id, "epoch_seconds", 1.0, step=epoch)
    return run_id


def found(limits: list[int]) -> list[Path]:
    tracking = Mlflow(tags={**TAGS, LIMITS: json.dumps(limits)}, watched=True)
    return [folder for _, folder in tracking.shared_trainings()]


@pytest.fixture
def client(default_store: MlflowClient) -> MlflowClient:
    default_store.create_experiment("altitude")
    return default_store


def test_the_longest_that_ends_no_later_comes_first(client: MlflowClient) -> None:
    for limits, epochs in (([30, 1], 4), ([20, 2], 7), ([30, 5], 12)):
        client.set_terminated(begin(client, limits, epochs))
    client.set_terminated(begin(client, [30, 2], 9, **{TRAJECTORY: "another"}))
    client.set_terminated(begin(client, [30, 2], 9), "FAILED")
    assert found([30, 3]) == [Path("/runs/[20, 2]"), Path("/runs/[30, 1]")]
    assert found([30, 1]) == []


def test_one_that_is_still_trained_is_waited_for(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LOOK_SECONDS", 0.01)
    running = begin(client, [30, 1], 4)
    began = time.monotonic()
    threading.Timer(0.5, lambda: client.set_terminated(running)).start()
    assert found([30, 3]) == [Path("/runs/[30, 1]")]
    assert time.monotonic() - began >= 0.5


def test_a_job_that_shares_nothing_asks_no_store() -> None:
    assert Mlflow(uri="sqlite:////nowhere/at/all.db").shared_trainings() == []

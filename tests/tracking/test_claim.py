import signal
from collections.abc import Callable

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from altitude.errors import TakenError
from altitude.runs.describe import describe_run
from altitude.tracking import Mlflow
from altitude.tracking.claim import claim
from altitude.tracking.connection import Connection
from altitude.tracking.liveness import process_tags
from altitude.tracking.tags import CONFIG_HASH, HEARTBEAT, PROCESS, STOP
from tests.conftest import ExperimentFactory

DEAD = {PROCESS: "elsewhere/boot/pid 1 1.0", HEARTBEAT: "0"}
JOB = {"sweep_id": "sweep", "role": "job", CONFIG_HASH: "abc"}

Begin = Callable[..., Run]


@pytest.fixture
def store(default_store: MlflowClient) -> Connection:
    experiment_id = default_store.create_experiment("altitude")
    return Connection(default_store, "sqlite:///mlflow.db", experiment_id, "altitude")


@pytest.fixture
def begin(store: Connection) -> Begin:
    def create(start: int, status: str = "RUNNING", **changes: str) -> Run:
        tags = {**JOB, **process_tags(), **changes}
        run = store.client.create_run(store.experiment_id, start_time=start, tags=tags)
        if status != "RUNNING":
            store.client.set_terminated(run.info.run_id, status)
        return store.client.get_run(run.info.run_id)

    return create


def test_a_job_that_nobody_does_is_free(store: Connection, begin: Begin) -> None:
    run = begin(2)
    claim(store, run)
    assert store.client.get_run(run.info.run_id).data.tags["role"] == "job"


def test_a_job_that_is_done_is_not_done_again(store: Connection, begin: Begin) -> None:
    done, run = begin(3, "FINISHED"), begin(2)
    with pytest.raises(TakenError, match=f"done by run {done.info.run_id}"):
        claim(store, run)
    given_up = store.client.get_run(run.info.run_id)
    assert given_up.data.tags["role"] == "attempt"


def test_of_two_that_begin_at_the_same_time_one_goes_on(store: Connection, begin: Begin) -> None:
    pair = sorted([begin(2), begin(2)], key=lambda run: run.info.run_id)
    claim(store, pair[0])
    with pytest.raises(TakenError, match=f"being done by run {pair[0].info.run_id}"):
        claim(store, pair[1])


def test_the_one_that_came_first_goes_on(store: Connection, begin: Begin) -> None:
    first = begin(1)
    begin(2)
    claim(store, first)


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        ("FAILED", {}),
        ("KILLED", {}),
        ("RUNNING", DEAD),
        ("FINISHED", {"role": "attempt"}),
        ("FINISHED", {"sweep_id": "another"}),
        ("FINISHED", {CONFIG_HASH: "another"}),
    ],
)
def test_what_others_have_not_done_is_free(
    status: str, changes: dict[str, str], store: Connection, begin: Begin
) -> None:
    begin(1, status, **changes)
    claim(store, begin(2))


@pytest.mark.parametrize(("stop", "free"), [("Ctrl-C", False), ("", True)])
def test_a_job_that_waited_in_a_queue_does_not_begin_once_the_sweep_is_stopped(
    stop: str, free: bool, store: Connection, begin: Begin
) -> None:
    begin(1, **{"role": "summary", CONFIG_HASH: "", STOP: stop})
    run = begin(2)
    if free:
        claim(store, run)
        return
    with pytest.raises(TakenError, match="Ctrl-C"):
        claim(store, run)
    assert store.client.get_run(run.info.run_id).data.tags["role"] == "attempt"


def test_a_run_that_is_taken_is_closed(
    begin: Begin, store: Connection, small_experiment: ExperimentFactory
) -> None:
    done = begin(1, "FINISHED")
    with pytest.raises(TakenError):
        Mlflow(tags=JOB, watched=True).open(describe_run(small_experiment()))
    (late,) = others(store, done)
    assert late.info.status == "KILLED"
    assert late.data.tags["reason"] == f"done by run {done.info.run_id}"


def test_ctrl_c_in_the_middle_of_a_claim_leaves_no_run_open(
    begin: Begin,
    store: Connection,
    small_experiment: ExperimentFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = begin(1, "KILLED")
    monkeypatch.setattr("altitude.tracking.claim._precedence", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Mlflow(tags=JOB, watched=True).open(describe_run(small_experiment()))
    (late,) = others(store, before)
    assert (late.info.status, late.data.tags["reason"]) == ("KILLED", "Ctrl-C")


def others(store: Connection, run: Run) -> list[Run]:
    found = store.client.search_runs([store.experiment_id])
    return [other for other in found if other.info.run_id != run.info.run_id]

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from omegaconf import DictConfig

from altitude.composition.packed_config import PackedConfig
from altitude.errors import JobError, TrackingError
from altitude.sweeps.job_record import Goal
from altitude.sweeps.plan.jobs import Job
from altitude.sweeps.store import mlflow_sweep_store
from altitude.sweeps.store.mlflow_sweep_store import MlflowSweepStore, open_sweep
from altitude.sweeps.store.page import Presentation
from altitude.sweeps.store.sweep_store import SweepResult
from altitude.tracking import liveness
from altitude.tracking.liveness import process_tags
from altitude.tracking.settings import Mlflow
from altitude.tracking.settling import GONE
from altitude.tracking.tags import CONFIG_HASH, HEARTBEAT, PROCESS, STOP, SWEPT

GOAL = Goal(metric="best_val_accuracy", direction="maximize")
MACHINE = process_tags()[PROCESS].split(" ")[0]
DEAD_HERE = {PROCESS: f"{MACHINE} {2**22 + 1} 1.0"}
DEAD_ELSEWHERE = {PROCESS: "elsewhere/boot/pid 1 1.0", HEARTBEAT: "0"}
ALIVE_ELSEWHERE = {PROCESS: "elsewhere/boot/pid 1 1.0", HEARTBEAT: "99999999999"}
JOB = Job(
    number=3,
    overrides=("optimizer.learning_rate=1e-3",),
    swept={"learning_rate": 1e-3, "clip_norm": None, "units": [64, 32]},
    identity="abc",
    packed=PackedConfig.of(DictConfig({})),
)

pytestmark = pytest.mark.usefixtures("default_store")


def open_it(identity: str = "id", *, fresh: bool = False, nested: bool = False) -> MlflowSweepStore:
    shown = Presentation(
        title="sweep of learning_rate",
        command="altitude -m optimizer.learning_rate=1e-3,1e-2",
        goal=GOAL,
        params=["optimizer.learning_rate"],
        nested=nested,
    )
    return open_sweep(Mlflow(), identity, shown, fresh=fresh)


@pytest.fixture
def sweep_store() -> MlflowSweepStore:
    return open_it()


def summary_of(client: MlflowClient, sweep_store: MlflowSweepStore) -> Run:
    wanted = f"tags.role = 'summary' and tags.sweep_id = '{sweep_store.sweep_id}'"
    (run,) = client.search_runs(["1"], wanted)
    return run


def set_summary(
    client: MlflowClient, sweep_store: MlflowSweepStore, tags: Mapping[str, str]
) -> None:
    for name, value in tags.items():
        client.set_tag(summary_of(client, sweep_store).info.run_id, name, value)


def begin(client: MlflowClient, sweep_store: MlflowSweepStore, **changes: str) -> str:
    """Opens a run as the job would, and returns its id."""
    settings = sweep_store.tracking_of(JOB)
    tags = {**settings["tags"], **process_tags(), **changes}
    return str(client.create_run("1", tags=tags, run_name=settings["run_name"]).info.run_id)


def end(client: MlflowClient, run_id: str, status: str, **metrics: float) -> None:
    for name, value in metrics.items():
        client.log_metric(run_id, name, value)
    client.set_terminated(run_id, status)


def test_a_new_sweep_has_a_run_of_its_own(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    run = summary_of(default_store, sweep_store)
    assert sweep_store.sweep_id == "id"
    assert (run.info.status, run.info.run_name) == ("RUNNING", "sweep of learning_rate")
    assert run.data.tags["sweep_command"].startswith("altitude -m")
    assert sweep_store.records() == {}


def test_a_job_is_named_and_tagged(sweep_store: MlflowSweepStore) -> None:
    settings = sweep_store.tracking_of(JOB)
    assert settings["run_name"] == "learning_rate=0.001 clip_norm=null units=[64, 32]"
    assert settings["watched"]
    assert settings["tags"] == {
        "learning_rate": "0.001",
        "clip_norm": "None",
        "units": "[64, 32]",
        "sweep_id": "id",
        "role": "job",
        "job_number": "3",
        CONFIG_HASH: "abc",
        SWEPT: '{"learning_rate": 0.001, "clip_norm": null, "units": [64, 32]}',
    }
    Mlflow(**settings)


def test_jobs_lie_below_the_sweeps_own_run_if_that_is_asked_for(
    default_store: MlflowClient,
) -> None:
    sweep_store = open_it(nested=True)
    parent = sweep_store.tracking_of(JOB)["tags"]["mlflow.parentRunId"]
    assert parent == summary_of(default_store, sweep_store).info.run_id


def test_an_outcome_is_what_the_run_says(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    run_id = begin(default_store, sweep_store, epochs="7", pruned="hopeless")
    for epoch in (1, 2):
        default_store.log_metric(run_id, "epoch_seconds", 1.0, step=epoch)
    (running,) = sweep_store.records().values()
    assert (running.status, running.epochs) == ("RUNNING", 2)
    default_store.log_metric(run_id, "epoch_seconds", 1.0, step=3)
    end(default_store, run_id, "FINISHED", best_val_accuracy=0.9)
    record = sweep_store.records()["abc"]
    assert (record.number, record.name, record.swept) == (3, JOB.name, JOB.swept)
    assert (record.status, record.run_id, record.pruned) == ("FINISHED", run_id, True)
    assert record.metrics["best_val_accuracy"] == 0.9
    assert open_again(sweep_store, default_store).records()["abc"].epochs == 3


def open_again(sweep_store: MlflowSweepStore, client: MlflowClient) -> MlflowSweepStore:
    set_summary(client, sweep_store, DEAD_HERE)
    return open_it()


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["FINISHED", "FAILED"], 0),
        (["FAILED", "FINISHED"], 1),
        (["RUNNING", "FAILED"], 0),
        (["FAILED", "KILLED"], 1),
        (["FINISHED", "RUNNING"], 0),
    ],
)
def test_of_several_runs_of_a_job_the_one_that_finished_counts(
    statuses: list[str], expected: int, sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    runs = []
    for status in statuses:
        runs.append(begin(default_store, sweep_store))
        if status != "RUNNING":
            end(default_store, runs[-1], status)
    (record,) = sweep_store.records().values()
    assert (record.run_id, record.status) == (runs[expected], statuses[expected])


@pytest.mark.parametrize("tags", [DEAD_HERE, DEAD_ELSEWHERE])
def test_a_run_whose_process_is_gone_is_settled(
    tags: dict[str, str], sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    run_id = begin(default_store, sweep_store, **tags)
    (record,) = sweep_store.records().values()
    assert (record.status, record.reason) == ("KILLED", GONE)
    run = default_store.get_run(run_id)
    assert (run.info.status, run.data.tags["reason"]) == ("KILLED", GONE)


def refuse(*_arguments: object, **_named: object) -> None:
    raise OSError("gone")


def test_a_run_elsewhere_is_given_time_after_its_store_was_away(
    sweep_store: MlflowSweepStore, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(default_store, sweep_store, **DEAD_ELSEWHERE)  # no heartbeat for a long time
    with monkeypatch.context() as away:
        away.setattr(MlflowClient, "search_runs", refuse)
        with pytest.raises(TrackingError):
            sweep_store.records()
    assert [record.status for record in sweep_store.records().values()] == ["RUNNING"]
    monkeypatch.setattr(liveness, "SILENCE_SECONDS", 0.0)
    assert [record.status for record in sweep_store.records().values()] == ["KILLED"]


def test_a_run_that_went_after_it_was_asked_to_stop_has_that_reason(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    begin(default_store, sweep_store, **DEAD_HERE, **{STOP: "Ctrl-C"})
    (record,) = sweep_store.records().values()
    assert (record.status, record.reason) == ("KILLED", "Ctrl-C")


def test_a_run_that_lives_elsewhere_is_not_settled(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    begin(default_store, sweep_store, **ALIVE_ELSEWHERE)
    assert [record.status for record in sweep_store.records().values()] == ["RUNNING"]


def test_a_dead_sweep_is_settled_when_another_one_begins(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    dead, alive = begin(default_store, sweep_store, **DEAD_HERE), begin(default_store, sweep_store)
    plain = default_store.create_run("1", tags=DEAD_HERE).info.run_id
    set_summary(default_store, sweep_store, DEAD_HERE)
    open_it("another")
    assert summary_of(default_store, sweep_store).info.status == "KILLED"
    found = [default_store.get_run(run_id).info.status for run_id in (dead, alive, plain)]
    assert found == ["KILLED", "RUNNING", "RUNNING"]


def test_a_sweep_goes_on_in_the_same_run(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    before = summary_of(default_store, sweep_store).info.run_id
    end(default_store, begin(default_store, sweep_store), "FINISHED")
    sweep_store.ask_to_stop("Ctrl-C")
    sweep_store.close(SweepResult(status="KILLED"))
    again = open_it()
    run = summary_of(default_store, again)
    assert (again.sweep_id, run.info.run_id, run.info.status) == ("id", before, "RUNNING")
    assert run.data.tags[STOP] == ""
    assert [record.status for record in again.records().values()] == ["FINISHED"]


def test_a_fresh_one_begins_anew(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    end(default_store, begin(default_store, sweep_store), "FINISHED")
    sweep_store.close(SweepResult(status="FINISHED"))
    second = open_it(fresh=True)
    assert (second.sweep_id, second.records()) == ("id-2", {})
    second.close(SweepResult(status="FINISHED"))
    assert open_it().sweep_id == "id-2"  # what is gone on with is the latest


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("tags", [{}, ALIVE_ELSEWHERE])
def test_a_sweep_that_runs_is_not_launched_a_second_time(
    fresh: bool, tags: dict[str, str], sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    set_summary(default_store, sweep_store, tags)
    with pytest.raises(TrackingError, match=r"running already: process \d+ on [^ /]+\. Stop that"):
        open_it(fresh=fresh)
    assert open_it("another").sweep_id == "another"


def test_jobs_that_begin_again_leave_attempts(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    failed, running = begin(default_store, sweep_store), begin(default_store, sweep_store)
    end(default_store, failed, "FAILED")
    sweep_store.begin_again([JOB])
    roles = [default_store.get_run(run_id).data.tags["role"] for run_id in (failed, running)]
    assert roles == ["attempt", "job"]


def test_why_a_process_died_takes_the_place_of_a_guess(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    begin(default_store, sweep_store, **DEAD_HERE)
    sweep_store.returned(JOB, JobError("its process was ended by SIGKILL"), None)
    (record,) = sweep_store.records().values()
    assert (record.status, record.reason) == ("KILLED", "its process was ended by SIGKILL")


def test_a_reason_that_the_run_gave_stays(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    run_id = begin(default_store, sweep_store, reason="ValueError: no such luck")
    end(default_store, run_id, "FAILED")
    sweep_store.returned(JOB, RuntimeError("something vague"), None)
    (record,) = sweep_store.records().values()
    assert (record.status, record.reason) == ("FAILED", "ValueError: no such luck")


def test_all_that_run_are_asked_to_stop(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    running, ended = begin(default_store, sweep_store), begin(default_store, sweep_store)
    end(default_store, ended, "FINISHED")
    sweep_store.ask_to_stop("Ctrl-C")
    assert default_store.get_run(running).data.tags[STOP] == "Ctrl-C"
    assert STOP not in default_store.get_run(ended).data.tags
    assert summary_of(default_store, sweep_store).data.tags[STOP] == "Ctrl-C"


def test_counts_are_tags_with_a_sign_of_life(
    sweep_store: MlflowSweepStore, default_store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_store.count({"done": 1, "left": 2})
    monkeypatch.setattr(mlflow_sweep_store, "now", lambda: "12345")
    sweep_store.count({"done": 2, "left": 1})
    tags = summary_of(default_store, sweep_store).data.tags
    assert (tags["jobs.done"], tags["jobs.left"], tags[HEARTBEAT]) == ("2", "1", "12345")


def test_histories_come_in_the_order_of_epochs(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    run_id, other = begin(default_store, sweep_store), begin(default_store, sweep_store)
    for epoch in (2, 1, 3):
        default_store.log_metric(run_id, "val_loss", epoch / 10, step=epoch)
    assert sweep_store.histories("val_loss") == {run_id: [0.1, 0.2, 0.3], other: []}


def test_the_end_is_what_people_look_at(
    sweep_store: MlflowSweepStore, default_store: MlflowClient, tmp_path: Path
) -> None:
    (tmp_path / "leaderboard.csv").write_text("rank\n")
    note = "## best\n" + "x" * 20000  # longer than a tag may be
    metrics = {"best_val_accuracy": 0.9, "val_accuracy": 0.8}
    left = [tmp_path / "leaderboard.csv"]
    sweep_store.close(SweepResult(status="FAILED", metrics=metrics, files=left, note=note))
    run = summary_of(default_store, sweep_store)
    assert (run.info.status, run.data.metrics) == ("FAILED", {"best_val_accuracy": 0.9})
    assert run.data.tags["mlflow.note.content"].startswith("## best")
    files = [file.path for file in default_store.list_artifacts(run.info.run_id)]
    assert files == ["leaderboard.csv"]


def test_the_description_links_the_best_job_below_the_answer(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    note = "**best: a**\n\n| rank |"
    sweep_store.close(SweepResult(status="FINISHED", note=note, best="ab12"))
    best_job, links, table = (
        summary_of(default_store, sweep_store).data.tags["mlflow.note.content"].split("\n\n")
    )
    assert (best_job, table) == ("**best: a**", "| rank |")
    assert "metrics of this run are those of [the best job](#/experiments/1/runs/ab12?" in links
    assert f"viewStateShareKey={sweep_store.sweep_id}" in links


def test_the_page_of_a_sweep_leads_to_its_own_run_but_not_to_attempts(
    sweep_store: MlflowSweepStore, default_store: MlflowClient
) -> None:
    job, attempt = (
        begin(default_store, sweep_store),
        begin(default_store, sweep_store, role="attempt"),
    )
    tags = default_store.get_experiment("1").tags
    view = json.loads(tags[f"mlflow.sharedViewState.{sweep_store.sweep_id}"])
    found = {run.info.run_id for run in default_store.search_runs(["1"], view["searchFilter"])}
    assert found == {job, summary_of(default_store, sweep_store).info.run_id}
    assert attempt not in found


def test_a_swept_group_is_a_column_of_tags_and_in_no_chart_of_parameters(
    default_store: MlflowClient,
) -> None:
    shown = Presentation(
        title="sweep",
        command="altitude -m model=mlp,cnn seed=1,2 loop.epochs=1,2",
        goal=GOAL,
        params=["model", "seed", "loop.epochs"],
        nested=False,
    )
    sweep_store = open_sweep(Mlflow(), "groups", shown, fresh=False)
    tags = default_store.get_experiment("1").tags
    view = json.loads(tags[f"mlflow.sharedViewState.{sweep_store.sweep_id}"])
    columns = ["params.`seed`", "params.`loop.epochs`", "tags.`model`"]
    assert view["selectedColumns"][1:4] == columns
    parallel = view["compareRunCharts"][-1]
    assert parallel["selectedParams"] == ["seed", "loop.epochs"]


def test_the_model_of_a_job_is_fetched_if_it_is_there(
    sweep_store: MlflowSweepStore, default_store: MlflowClient, tmp_path: Path
) -> None:
    run_id = begin(default_store, sweep_store)
    (record,) = sweep_store.records().values()
    assert sweep_store.model_of(record, tmp_path) is None
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "best.keras").write_bytes(b"model")
    default_store.log_artifact(run_id, str(tmp_path / "made" / "best.keras"))
    path = sweep_store.model_of(record, tmp_path)
    assert path is not None
    assert path.read_bytes() == b"model"


def test_of_a_model_that_could_not_be_saved_the_weights_are_fetched(
    sweep_store: MlflowSweepStore, default_store: MlflowClient, tmp_path: Path
) -> None:
    run_id = begin(default_store, sweep_store)
    for name in ("best.weights.h5", "best.json"):
        default_store.log_text(run_id, "saved", name)
    (record,) = sweep_store.records().values()
    assert sweep_store.model_of(record, tmp_path) == tmp_path / "best.weights.h5"


def test_a_store_that_does_not_answer_is_a_tracking_error(
    sweep_store: MlflowSweepStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MlflowClient, "search_runs", refuse)
    with pytest.raises(TrackingError, match="the tracking store cannot be used: gone"):
        sweep_store.records()

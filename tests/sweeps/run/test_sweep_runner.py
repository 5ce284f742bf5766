import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from mlflow.tracking import MlflowClient
from omegaconf import DictConfig, open_dict

from altitude.config.reading import read_experiment
from altitude.errors import TrackingError
from altitude.runs.describe import describe_run
from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.jobs import Job, compose_jobs
from altitude.sweeps.run import sweep_runner as runner_module
from altitude.sweeps.run.job_config_store import JobConfigStore
from altitude.sweeps.run.sweep_runner import FailFast, SweepRunner
from altitude.sweeps.store.mlflow_sweep_store import MlflowSweepStore, open_sweep
from altitude.sweeps.store.page import Presentation
from altitude.sweeps.store.sweep_store import InMemorySweepStore, SweepStore
from altitude.tracking.liveness import process_tags
from altitude.tracking.settings import Mlflow

GOAL = Goal(metric="best_val_accuracy", direction="maximize")
Work = Callable[[DictConfig], float]


class InPlace(Launcher):
    """Runs a function in place of training, in this process."""

    def __init__(self, work: Work, store: JobConfigStore) -> None:
        self.work = work
        self.store = store
        self.batches: list[list[int]] = []

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        raise NotImplementedError

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        configs = [self.store.load_sweep_config(DictConfig({}), list(o)) for o in job_overrides]
        self.batches.append([config.seed for config in configs])
        assert configs[0].seed == initial_job_idx  # the seeds of these sweeps are their numbers
        return [self._returned(config) for config in configs]

    def _returned(self, config: DictConfig) -> JobReturn:
        returned = JobReturn()
        try:
            returned.return_value = self.work(config)
            returned.status = JobStatus.COMPLETED
        except Exception as error:  # noqa: BLE001 - as Hydra's own launchers do
            returned.return_value = error
            returned.status = JobStatus.FAILED
        return returned


class Losing(InPlace):
    """Forgets the last of what was returned."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        return super().launch(job_overrides, initial_job_idx)[:-1]


class Raising(InPlace):
    """Runs what it can, and loses all returns, as engines do when a job takes them down."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        super().launch(job_overrides, initial_job_idx)
        raise OSError("the engine broke down")


class Listening(InPlace):
    """Tells what has been returned as it comes, in any order, as ours does."""

    def listen(self, position: int, returned: JobReturn) -> None:
        """Replaced by whoever wants to hear."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        returns = super().launch(job_overrides, initial_job_idx)
        for position in reversed(range(len(returns))):
            self.listen(position, returns[position])
        return returns


class Away:
    """A store whose store does not answer when it is asked for one thing for the first times."""

    def __init__(self, sweep_store: SweepStore, asked: str, times: int) -> None:
        self._sweep_store = sweep_store
        self._asked = asked
        self.times = times

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._sweep_store, name)

        def ask(*arguments: object) -> Any:
            if name == self._asked and self.times:
                self.times -= 1
                raise TrackingError("the store does not answer")
            return method(*arguments)

        return ask


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("ADOPTED_SECONDS", "PAUSE_SECONDS", "BEGINNING_SECONDS"):
        monkeypatch.setattr(runner_module, pause, 0.01)


@pytest.fixture(scope="module")
def jobs(compose: Composer) -> list[Job]:
    combinations = [
        ["dataset=digits", "tracking.uri=sqlite:///mlflow.db", f"seed={n}"] for n in range(3)
    ]
    return compose_jobs(combinations, ["seed"], compose)


@pytest.fixture
def memory() -> InMemorySweepStore:
    return InMemorySweepStore("sweep", [GOAL.metric])


@pytest.fixture
def tracked(working_folder: Path, empty_store: Path) -> MlflowSweepStore:
    shutil.copy(empty_store, working_folder / "mlflow.db")
    return opened()


def opened() -> MlflowSweepStore:
    shown = Presentation(
        title="sweep", command="altitude", goal=GOAL, params=["seed"], nested=False
    )
    return open_sweep(Mlflow(uri="sqlite:///mlflow.db"), "sweep", shown, fresh=False)


def client() -> MlflowClient:
    return MlflowClient(f"sqlite:///{Path.cwd()}/mlflow.db")


def run_jobs(
    sweep_store: Any,
    jobs: Sequence[Job],
    work: Work,
    launcher: type[InPlace] = InPlace,
    **settings: Any,
) -> tuple[dict[int, JobRecord], InPlace]:
    """Outcomes by number, and the launcher."""
    store = JobConfigStore(Path("sweep/configs"))
    engine = launcher(work, store)
    records = SweepRunner(sweep_store, engine, store, **settings).run(jobs)
    return {record.number: record for record in records.values()}, engine


def statuses(records: dict[int, JobRecord]) -> list[str]:
    return [records[number].status if number in records else "" for number in range(3)]


def score(config: DictConfig) -> float:
    return float(config.seed) / 10


def fail_at(*seeds: int, times: int = 10) -> Work:
    left = dict.fromkeys(seeds, times)

    def work(config: DictConfig) -> float:
        if left.get(config.seed, 0) > 0:
            left[config.seed] -= 1
            raise ValueError("no such luck")
        return score(config)

    return work


def tracking(work: Work) -> Work:
    """The same as a run that is logged and closed, as the jobs of a sweep are."""

    def tracked(config: DictConfig) -> float:
        own = config.copy()
        with open_dict(own):
            own.pop("hydra")
        experiment, _ = read_experiment(own, Path("run") / str(config.seed), ())
        assert experiment is not None
        run = experiment.tracking.open(describe_run(experiment))
        try:
            value = work(config)
        except ValueError as error:
            run.set_tags({"reason": str(error)})
            run.close("FAILED")
            raise
        run.log_metrics({GOAL.metric: value}, step=1)
        run.close("FINISHED")
        return value

    return tracked


def test_all_jobs_are_run_once(memory: InMemorySweepStore, jobs: list[Job]) -> None:
    records, launcher = run_jobs(memory, jobs, score)
    assert launcher.batches == [[0, 1, 2]]
    assert [records[n].metrics for n in range(3)] == [{GOAL.metric: n / 10} for n in range(3)]
    assert run_jobs(memory, jobs, score)[1].batches == []


def test_jobs_are_given_in_batches(memory: InMemorySweepStore, jobs: list[Job]) -> None:
    records, launcher = run_jobs(memory, jobs, fail_at(0), batch_size=2)
    assert launcher.batches == [[0, 1], [2]]
    assert statuses(records) == ["FAILED", "FINISHED", "FINISHED"]


def test_a_failure_is_told_and_the_rest_goes_on(
    memory: InMemorySweepStore, jobs: list[Job]
) -> None:
    records, _ = run_jobs(memory, jobs, fail_at(0))
    assert statuses(records) == ["FAILED", "FINISHED", "FINISHED"]
    assert records[0].reason == "ValueError: no such luck"


@pytest.mark.parametrize(("retries", "status"), [(1, "FAILED"), (2, "FINISHED")])
def test_what_fails_is_tried_again(
    retries: int, status: str, memory: InMemorySweepStore, jobs: list[Job]
) -> None:
    records, launcher = run_jobs(memory, jobs, fail_at(1, times=2), retries=retries)
    assert launcher.batches == [[0, 1, 2], *[[1]] * retries]
    assert statuses(records) == ["FINISHED", status, "FINISHED"]
    names = {path.name for path in Path("sweep/configs").iterdir()}
    attempts = {f"1-{attempt + 2}.pickle" for attempt in range(retries)}
    assert names == {"0.pickle", "1.pickle", "2.pickle", *attempts}


def test_the_first_failure_ends_the_sweep_if_that_is_asked_for(
    memory: InMemorySweepStore, jobs: list[Job]
) -> None:
    with pytest.raises(FailFast, match=r"job 1 \(seed=1\) failed"):
        run_jobs(memory, jobs, fail_at(1), fail_fast=True, batch_size=1)
    assert sorted(record.number for record in memory.records().values()) == [0, 1]


def test_what_is_told_early_counts_once(memory: InMemorySweepStore, jobs: list[Job]) -> None:
    records, launcher = run_jobs(memory, jobs, fail_at(2), Listening)
    assert statuses(records) == ["FINISHED", "FINISHED", "FAILED"]
    assert len(launcher.batches) == 1


def test_a_job_that_a_launcher_loses_has_failed(
    memory: InMemorySweepStore, jobs: list[Job]
) -> None:
    records, _ = run_jobs(memory, jobs, score, Losing)
    assert statuses(records) == ["FINISHED", "FINISHED", "FAILED"]
    assert "the launcher does not say" in records[2].reason
    records, launcher = run_jobs(memory, jobs, score, Losing, retries=1)
    assert launcher.batches == [[2], [2]]


def test_an_engine_that_breaks_down_leaves_what_the_store_knows(
    tracked: MlflowSweepStore, jobs: list[Job]
) -> None:
    records, _ = run_jobs(tracked, jobs, tracking(fail_at(1)), Raising)
    assert statuses(records) == ["FINISHED", "FAILED", "FINISHED"]


def test_an_engine_that_breaks_down_at_once_does_not_hold_up_the_sweep(
    memory: InMemorySweepStore, jobs: list[Job]
) -> None:
    records, launcher = run_jobs(memory, jobs, score, Raising, retries=1)
    assert statuses(records) == ["", "", ""]
    assert len(launcher.batches) == 2


@pytest.mark.parametrize("asked", ["records", "begin_again", "returned"])
def test_a_store_that_is_away_for_a_moment(
    asked: str, memory: InMemorySweepStore, jobs: list[Job]
) -> None:
    away = Away(memory, asked, times=3)
    records, launcher = run_jobs(away, jobs, score, Listening)
    assert (away.times, len(launcher.batches)) == (0, 1)
    assert statuses(records) == ["FINISHED"] * 3


def test_a_store_that_stays_away_ends_the_sweep(
    memory: InMemorySweepStore, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "LONGEST_WAIT", 0.05)
    with pytest.raises(TrackingError, match="does not answer"):
        run_jobs(Away(memory, "records", times=1000), jobs, score)


def test_what_failed_is_an_attempt_once_it_is_run_again(
    tracked: MlflowSweepStore, jobs: list[Job]
) -> None:
    records, _ = run_jobs(tracked, jobs, tracking(fail_at(1, times=1)), retries=1)
    assert statuses(records) == ["FINISHED"] * 3
    assert records[2].metrics[GOAL.metric] == 0.2
    (attempt,) = client().search_runs(["1"], "tags.role = 'attempt'")
    assert (attempt.info.status, attempt.data.tags["reason"]) == ("FAILED", "no such luck")
    again, launcher = run_jobs(tracked, jobs, tracking(score))
    assert launcher.batches == []
    assert again == records


def test_a_job_that_fails_before_its_run_begins_has_a_run_all_the_same(
    tracked: MlflowSweepStore, jobs: list[Job]
) -> None:
    records, _ = run_jobs(tracked, jobs[:1], fail_at(0))
    (run,) = client().search_runs(["1"], "tags.role = 'job'")
    assert (run.info.status, run.info.run_name) == ("FAILED", "seed=0")
    assert records[0].reason == "ValueError: no such luck"
    assert [file.path for file in client().list_artifacts(run.info.run_id)] == ["traceback.txt"]


def test_jobs_that_an_earlier_launch_has_left_alive_are_waited_for(
    tracked: MlflowSweepStore, jobs: list[Job]
) -> None:
    tags = tracked.tracking_of(jobs[2])["tags"] | process_tags()
    run = client().create_run("1", tags=tags, run_name="seed=2")
    looks = iter(range(100))
    look = tracked.records

    def later() -> dict[str, JobRecord]:
        if next(looks) == 3:
            client().set_terminated(run.info.run_id, "FINISHED")
        return look()

    tracked.records = later  # type: ignore[method-assign] # the other process ends meanwhile
    records, launcher = run_jobs(tracked, jobs, tracking(score))
    assert launcher.batches == [[0, 1]]
    assert records[2].run_id == run.info.run_id
    assert statuses(records) == ["FINISHED"] * 3


def test_a_run_that_never_heard_of_its_end_does_not_hold_up_the_sweep(
    tracked: MlflowSweepStore, jobs: list[Job]
) -> None:
    def unclosed(config: DictConfig) -> float:
        tags = dict(config.tracking.tags) | process_tags()
        client().create_run("1", tags=tags, run_name=config.tracking.run_name)
        return fail_at(1)(config)

    records, _ = run_jobs(tracked, jobs, unclosed)
    assert statuses(records) == ["KILLED", "FAILED", "KILLED"]
    assert "the tracking store did not answer" in records[0].reason
    assert records[1].reason == "ValueError: no such luck"

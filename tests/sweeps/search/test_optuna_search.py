import importlib.util
import itertools
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from pydantic import ValidationError

from altitude import Objective, TrackingError
from altitude.errors import ConfigError
from altitude.sweeps import Optuna, Sweep
from altitude.sweeps.following import follow_metrics
from altitude.sweeps.job_record import JobRecord, Status
from altitude.sweeps.plan.space import Space
from altitude.sweeps.search.proposals import Proposal, Search, SweepContext
from tests.processes import finish, run_python, start_python

NUMBERS = ("optimizer.learning_rate=tag(log, interval(1e-4, 1e-1))", "loop.clip_norm=range(1,6)")
CHOICES = ("optimizer=adam,sgd", "callbacks.early_stopping.patience=2,3")
METRIC = "best_val_accuracy"
Sampler = Literal["tpe", "random", "cmaes", "nsga2"]
SAMPLERS = ["tpe", "random", "cmaes", "nsga2"]

Score = Callable[[Proposal], float]


def space_of(*swept: str) -> Space:
    return Space(("loop=fit",), tuple(OverridesParser.create().parse_overrides(list(swept))))


def values_in(proposal: Proposal) -> dict[str, str]:
    return {k: v for k, _, v in (override.partition("=") for override in proposal.overrides)}


def good_rates(proposal: Proposal) -> float:
    """Best at a learning rate of 0.003 and a clip norm of 4."""
    values = values_in(proposal)
    rate = math.log10(float(values["optimizer.learning_rate"]) / 3e-3)
    return 0.9 - 0.1 * rate**2 - 0.01 * (int(values["loop.clip_norm"]) - 4) ** 2


def adams(proposal: Proposal) -> float:
    return 0.8 if values_in(proposal)["optimizer"] == "adam" else 0.7


def outcome_of(
    proposal: Proposal, metrics: Mapping[str, float] | None = None, status: Status = "FINISHED"
) -> JobRecord:
    return JobRecord(
        number=proposal.number,
        name="",
        swept={},
        status=status,
        metrics=metrics or {},
    )


def followed(settings: Optuna) -> Sweep:
    return follow_metrics(settings, Objective())[0]


class Folder:
    """Begins searches whose runs would be in a store in this folder; without one, in memory."""

    def __init__(self, path: Path | None, swept: Sequence[str]) -> None:
        self.store = None if path is None else f"sqlite:///{path / 'mlflow.db'}"
        self.spaces = [space_of(*swept)]

    def begin(self, settings: Optuna, *, begun: bool = True, parallel: int = 1) -> Search:
        study = SweepContext(sweep_id="s", tracking_uri=self.store, parallel=parallel, begun=begun)
        return followed(settings).begin(self.spaces, study)


@pytest.fixture(scope="module")
def empty_study_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of Optuna with all its tables, which take a while to make."""
    from altitude.sweeps.search.optuna_storage import open_storage

    path = tmp_path_factory.mktemp("studies") / "optuna.db"
    open_storage(f"sqlite:///{path}")
    return path


@pytest.fixture
def folder(tmp_path: Path, empty_study_store: Path) -> Folder:
    shutil.copy(empty_study_store, tmp_path)
    return Folder(tmp_path, NUMBERS)


@pytest.fixture
def memory() -> Folder:
    return Folder(None, NUMBERS)


def rounds(search: Search) -> "itertools.chain[Proposal]":
    return itertools.chain.from_iterable(iter(search.propose, []))


def complete(search: Search, score: Score = good_rates) -> list[tuple[int, tuple[str, ...]]]:
    """Runs a search to its end."""
    seen = []
    for proposal in rounds(search):
        seen.append((proposal.number, proposal.overrides))
        search.tell(proposal.number, outcome_of(proposal, {METRIC: score(proposal)}))
    return seen


def test_a_space_is_searched_in_the_types_and_bounds_of_its_grammar(memory: Folder) -> None:
    for _, overrides in complete(memory.begin(Optuna(n_trials=12, sampler="random"))):
        fixed, rate, norm = overrides
        assert fixed == "loop=fit"
        assert 1e-4 <= float(rate.partition("=")[2]) <= 1e-1
        assert norm.partition("=")[2] in {"1", "2", "3", "4", "5"}


def test_intervals_of_whole_numbers_and_choices() -> None:
    swept = ("dataset.batch_size=int(interval(16, 64))", "loop.precision=float32,mixed_bfloat16")
    search = Folder(None, swept).begin(Optuna(n_trials=8, sampler="random"))
    for proposal in rounds(search):
        values = values_in(proposal)
        assert 16 <= int(values["dataset.batch_size"]) <= 64
        assert values["loop.precision"] in {"float32", "mixed_bfloat16"}
        search.tell(proposal.number, outcome_of(proposal, {METRIC: 0.5}))


def test_a_search_finds_what_is_good(memory: Folder) -> None:
    tried = [Proposal(number=n, overrides=o) for n, o in complete(memory.begin(Optuna()))]
    scores = [good_rates(proposal) for proposal in tried]
    assert max(scores) > 0.88
    assert sum(scores[10:]) / 10 > sum(scores[:10]) / 10


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_interrupted_search_makes_the_same_suggestions(
    sampler: Sampler, folder: Folder, memory: Folder
) -> None:
    arguments = {"tpe": {"n_startup_trials": 3}, "nsga2": {"population_size": 3}}.get(sampler, {})
    settings = Optuna(n_trials=9, sampler=sampler, sampler_arguments=arguments, seed=7)
    undisturbed = complete(memory.begin(settings))
    seen = []
    for launch in range(8):
        search = folder.begin(settings, begun=launch > 0)
        asked = next(rounds(search))
        seen.append((asked.number, asked.overrides))
        if launch % 2:  # the other half are killed in the middle
            search.tell(asked.number, outcome_of(asked, {METRIC: good_rates(asked)}))
    seen += complete(folder.begin(settings))
    assert sorted(set(seen)) == undisturbed
    assert len(undisturbed) == 9


def test_another_seed_makes_other_suggestions(memory: Folder) -> None:
    one, other = Optuna(n_trials=2, seed=0), Optuna(n_trials=2, seed=1)
    assert complete(memory.begin(one)) != complete(memory.begin(other))


def test_more_trials_prolong_a_search(folder: Folder) -> None:
    first = complete(folder.begin(Optuna(n_trials=3), begun=False))
    prolonged = folder.begin(Optuna(n_trials=5))
    assert prolonged.total == 5
    assert [number for number, _ in first + complete(prolonged)] == [0, 1, 2, 3, 4]
    assert complete(folder.begin(Optuna(n_trials=5))) == []


def test_the_number_of_trials_does_not_make_another_sweep() -> None:
    spaces = [space_of(*NUMBERS)]
    settings = Optuna(n_trials=3).search_settings(spaces)
    assert settings == Optuna(n_trials=5).search_settings(spaces)
    assert settings != Optuna(n_trials=3, seed=1).search_settings(spaces)
    assert settings != Optuna(n_trials=3).search_settings([space_of(*CHOICES)])


def test_failures_do_not_end_a_search_and_are_run_again_by_the_next_launch(folder: Folder) -> None:
    search = folder.begin(Optuna(n_trials=5), begun=False)
    asked = list(itertools.islice(rounds(search), 1))
    search.tell(0, outcome_of(asked[0], status="FAILED"))
    (nan,) = search.propose()
    search.tell(1, outcome_of(nan, {METRIC: math.nan}))
    (without,) = search.propose()
    search.tell(2, outcome_of(without))
    (never_ran,) = search.propose()
    search.tell(3, None)
    assert len(complete(search)) == 1
    assert search.total == 5

    again = folder.begin(Optuna(n_trials=5))
    assert again.total == 5
    repeated = complete(again)
    assert [number for number, _ in repeated] == [5, 6]
    assert [overrides for _, overrides in repeated] == [asked[0].overrides, never_ran.overrides]
    assert folder.begin(Optuna(n_trials=5)).propose() == []


def test_as_many_jobs_are_asked_for_as_run_at_a_time(memory: Folder) -> None:
    search = memory.begin(Optuna(n_trials=5), parallel=2)
    sizes = []
    while proposals := search.propose():
        sizes.append(len(proposals))
        for proposal in proposals:
            search.tell(proposal.number, outcome_of(proposal, {METRIC: 0.5}))
    assert sizes == [2, 2, 1]


def test_trials_that_repeat_one_another_are_one_job(folder: Folder) -> None:
    folder.spaces = [space_of(*CHOICES)]
    search = folder.begin(Optuna(n_trials=9))
    tried = complete(search, adams)
    assert len(tried) == 9
    assert search.total == len({overrides for _, overrides in tried}) <= 4
    assert folder.begin(Optuna(n_trials=9)).total == search.total


def test_a_job_that_was_stopped_early_is_no_failure(memory: Folder) -> None:
    search = memory.begin(Optuna(n_trials=1))
    (asked,) = search.propose()
    metrics = {METRIC: 0.6, "val_accuracy": 0.5}
    search.tell(0, replace(outcome_of(asked, metrics), pruned=True, epochs=2))
    (trial,) = search._trials()  # type: ignore[attr-defined]
    assert trial.state.name == "PRUNED"
    assert trial.intermediate_values == {2: 0.5}
    assert search.propose() == []


def test_an_earlier_job_is_remembered(folder: Folder) -> None:
    tried = complete(folder.begin(Optuna(n_trials=3)))
    remembered = folder.begin(Optuna(n_trials=3)).proposal(1)
    assert remembered is not None
    assert remembered.overrides == tried[1][1]
    assert folder.begin(Optuna(n_trials=3)).proposal(3) is None


def test_a_study_whose_runs_are_gone_begins_anew(folder: Folder) -> None:
    first = complete(folder.begin(Optuna(n_trials=2), begun=False))
    assert complete(folder.begin(Optuna(n_trials=2), begun=False)) == first


def test_two_objectives(folder: Folder) -> None:
    goals = (METRIC, "epoch_seconds")
    settings = Optuna(
        n_trials=4, sampler="nsga2", objective=goals, direction=("maximize", "minimize")
    )
    search = folder.begin(settings)
    for proposal in rounds(search):
        seconds = float(values_in(proposal)["loop.clip_norm"])
        metrics = {METRIC: good_rates(proposal), "epoch_seconds": seconds}
        search.tell(proposal.number, outcome_of(proposal, metrics))
    assert folder.begin(settings).propose() == []


def test_one_of_several_recipes_is_chosen_with_its_own_space(memory: Folder) -> None:
    memory.spaces.append(space_of(*CHOICES))
    search = memory.begin(Optuna(n_trials=8, sampler="random"))
    first = {proposal.overrides[1].partition("=")[0] for proposal in rounds(search)}
    assert first == {"optimizer.learning_rate", "optimizer"}


def test_runs_on_a_server_have_their_study_in_the_working_folder(
    working_folder: Path, folder: Folder
) -> None:
    folder.store = "http://127.0.0.1:1"
    assert str(working_folder / "optuna.db") in folder.begin(Optuna()).notice
    assert (working_folder / "optuna.db").is_file()


def test_runs_that_are_not_tracked_have_their_study_in_memory(working_folder: Path) -> None:
    study = SweepContext(sweep_id="s", tracking_uri=None, parallel=1)
    assert len(complete(followed(Optuna(n_trials=3)).begin([space_of(*NUMBERS)], study))) == 3
    assert list(working_folder.iterdir()) == []
    with pytest.raises(ConfigError, match=r"sweep\.storage"):
        Optuna(pruner="median").begin([space_of(*NUMBERS)], study)


def test_a_storage_that_cannot_be_used_is_named(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("this is no database, and it is long enough to be seen as none")
    with pytest.raises(TrackingError, match=r"no\.db cannot be used"):
        folder.begin(Optuna(storage=f"sqlite:///{tmp_path / 'no.db'}"))


@pytest.mark.parametrize(
    ("settings", "swept", "told"),
    [
        (Optuna(sampler="cmaes"), CHOICES, "sweep.sampler=tpe"),
        (Optuna(), (), "something to search over"),
        (Optuna(), ("loop.clip_norm=tag(log, interval(0, 1))",), "ends above 0"),
        (Optuna(), ("loop.clip_norm=interval(2, 1)",), "the lower end first"),
        (Optuna(), ("loop.clip_norm=range(2, 1)",), "at least one value"),
        (Optuna(), ("loop.epochs=tag(log, range(1, 9))",), "int(interval(1, 8))"),
        (Optuna(sampler_arguments={"n_startup": 5}), NUMBERS, "did you mean `n_startup_trials`?"),
        (Optuna(sampler_arguments={"seed": 5}), NUMBERS, "sweep.seed="),
        (Optuna(sampler="nsga2", sampler_arguments={"population_size": 1}), NUMBERS, "greater"),
        (
            Optuna(sampler="cmaes", objective=("a", "b"), direction=("minimize", "minimize")),
            NUMBERS,
            "sweep.sampler=nsga2",
        ),
    ],
)
def test_what_cannot_be_searched_is_said_before_the_first_job(
    settings: Optuna, swept: Sequence[str], told: str
) -> None:
    (problem,) = settings.problems_with(space_of(*swept))
    assert told in str(problem)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sound_space_has_no_problems(sampler: Sampler) -> None:
    assert Optuna(sampler=sampler).problems_with(space_of(*NUMBERS)) == []


def test_what_stands_for_the_space_has_the_ends_of_its_intervals() -> None:
    texts = {text for job in Optuna().combinations(space_of(*NUMBERS)) for text in job}
    assert {"optimizer.learning_rate=0.0001", "optimizer.learning_rate=0.1"} <= texts
    assert {f"loop.clip_norm={norm}" for norm in range(1, 6)} <= texts


def test_an_optuna_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    (problem,) = Optuna(sampler="cmaes").problems_with(space_of(*NUMBERS))
    assert "pip install 'keras-altitude[optuna]'" in str(problem)
    assert "optuna and cmaes" in str(problem)


@pytest.mark.parametrize("objective", ["test_accuracy", "best_epoch"])
def test_pruning_needs_an_objective_that_is_measured_each_epoch(objective: str) -> None:
    with pytest.raises(ValidationError, match="measured each epoch where jobs are pruned"):
        Optuna(pruner="hyperband", objective=objective)


def test_pruning_needs_one_objective() -> None:
    goals = (METRIC, "best_val_auc")
    with pytest.raises(ValidationError, match="one objective where jobs are pruned"):
        Optuna(pruner="median", objective=goals, direction=("maximize", "maximize"))


def test_the_settings_do_not_import_optuna(tmp_path: Path) -> None:
    code = "import sys, altitude.sweeps; print('optuna' in sys.modules)"
    assert run_python("-c", code, folder=tmp_path).stdout == "False\n"


@pytest.mark.slow
def test_several_processes_create_a_storage_at_once(tmp_path: Path) -> None:
    code = "from altitude.sweeps.search.optuna_storage import open_storage as o; o('sqlite:///{}/optuna.db')"
    started = [start_python("-c", code.format(tmp_path), folder=tmp_path) for _ in range(4)]
    assert [finish(process).stderr for process in started] == [""] * 4

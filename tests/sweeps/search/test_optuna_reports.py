import optuna
import pytest
from optuna.pruners import HyperbandPruner, MedianPruner
from optuna.trial import TrialState

from altitude import TrackingError
from altitude.sweeps.search.optuna_reports import PRUNED, Reports
from altitude.sweeps.search.optuna_storage import open_storage

HYPERBAND = HyperbandPruner(min_resource=1, max_resource=9, reduction_factor=3)


@pytest.fixture
def url(tmp_path: object) -> str:
    return f"sqlite:///{tmp_path}/optuna.db"


@pytest.fixture
def study(url: str) -> optuna.Study:
    study = optuna.create_study(study_name="s", storage=open_storage(url), direction="maximize")
    for _ in range(4):
        study.tell(study.ask(), 0.9)
    return study


def test_a_job_that_is_worse_than_the_others_is_hopeless(study: optuna.Study, url: str) -> None:
    for value in (0.9, 0.8, 0.7):
        trial = study.ask()
        for epoch in range(1, 4):
            trial.report(value, epoch)
        study.tell(trial, value)
    pruner = MedianPruner(n_startup_trials=3, n_warmup_steps=2)
    number = study.ask().number
    reports = Reports("s", url, number, pruner)
    assert [reports.is_hopeless(epoch, 0.1, ends_anyway=False) for epoch in (1, 2)] == [False, True]
    assert study.trials[number].user_attrs == {PRUNED: 2}


def test_an_interrupted_job_goes_the_same_way_again(study: optuna.Study, url: str) -> None:
    study.ask()
    first = Reports("s", url, 4, HYPERBAND)
    assert not first.is_hopeless(1, 0.9, ends_anyway=False)
    number = next(n for n in range(5, 40) if _is_hopeless_at_once(study, url, n))
    again = Reports("s", url, number, HYPERBAND)
    assert again.is_hopeless(1, 0.1, ends_anyway=False)
    assert study.trials[number].intermediate_values == {1: 0.1}


def _is_hopeless_at_once(study: optuna.Study, url: str, number: int) -> bool:
    """Brackets of Hyperband differ in when they look for the first time."""
    assert study.ask().number == number
    return Reports("s", url, number, HYPERBAND).is_hopeless(1, 0.1, ends_anyway=False)


def test_a_job_that_ends_by_itself_is_not_pruned(study: optuna.Study, url: str) -> None:
    study.ask()
    reports = Reports("s", url, 4, MedianPruner(n_startup_trials=0))
    assert not reports.is_hopeless(1, 0.1, ends_anyway=True)
    assert study.trials[4].state is TrialState.RUNNING


@pytest.mark.usefixtures("study")
def test_a_study_that_is_gone(url: str) -> None:
    with pytest.raises(TrackingError, match="cannot be used"):
        Reports("another", url, 0, HYPERBAND)
    with pytest.raises(TrackingError, match="cannot be used"):
        Reports("s", url, 99, HYPERBAND)
    with pytest.raises(TrackingError, match="cannot be used"):
        Reports("s", url, 0, HYPERBAND).is_hopeless(1, 0.1, ends_anyway=False)  # it has ended

import pytest
from pydantic import ValidationError

from altitude import run
from altitude.loops import Tape, TrainStep
from altitude.steps import Supervised
from tests.conftest import ExperimentFactory


def test_it_reports_the_norm_only_where_it_clips() -> None:
    assert Supervised().reported_metrics == ()
    assert Supervised(clip_norm=1.0).reported_metrics == ("grad_norm",)


@pytest.mark.parametrize("clip_norm", [0.0, -1.0, float("inf"), float("nan")])
def test_a_bound_must_be_finite_and_positive(clip_norm: float) -> None:
    with pytest.raises(ValidationError):
        Supervised(clip_norm=clip_norm)


@pytest.mark.slow
def test_an_unused_variable_is_named_once_and_training_goes_on(
    small_experiment: ExperimentFactory,
) -> None:
    from tests.steps.unused import model_with_unused_layer

    for loop in (TrainStep(epochs=2), Tape(epochs=2)):
        with pytest.warns(UserWarning, match="no gradient reaches unused/") as caught:
            result = run(small_experiment(loop=loop, model=model_with_unused_layer))
        assert len([w for w in caught if "no gradient" in str(w.message)]) == 1
        assert result.metrics_by_epoch["loss"][1] < result.metrics_by_epoch["loss"][0]

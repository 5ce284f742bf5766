"""Whatever a run was, its best model has the scores that the run logged, bit for bit."""

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import altitude
from altitude.errors import ConfigError, DataError
from altitude.loops import Fit, Tape, TrainStep
from altitude.records.evaluation.evaluate import evaluate
from altitude.records.evaluation.evaluation import Evaluation
from altitude.records.find import find_run
from tests.conftest import ExperimentFactory
from tests.finished_runs import Finished

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 4)).astype(np.float32)
SUM = X.sum(axis=1, keepdims=True)


def npz(path: Path, x: Any, y: Any) -> str:
    np.savez(path, x_train=x[:80], y_train=y[:80], x_test=x[80:], y_test=y[80:])
    return f"dataset.path={path}"


def composed(*overrides: str) -> Evaluation:
    common = ("loop.epochs=2", "tracking=none")
    result = altitude.run(altitude.compose([*overrides, *common]))
    return evaluate(find_run(str(result.output_dir)))


def require_as_logged(evaluation: Evaluation) -> None:
    assert evaluation.logged
    assert evaluation.metrics == evaluation.logged
    assert evaluation.differing == []


@pytest.mark.parametrize("loop", [Fit, TrainStep, Tape])
def test_the_scores_are_those_that_the_run_logged(
    loop: type[Fit | TrainStep | Tape], small_experiment: ExperimentFactory
) -> None:
    result = altitude.run(small_experiment(loop=loop(epochs=2)))
    record = find_run(str(result.output_dir))
    for split, prefix in (("test", "test_"), ("validation", "best_val_")):
        evaluation = evaluate(record, split)  # type: ignore[arg-type]
        require_as_logged(evaluation)
        logged = {f"{prefix}{name}": value for name, value in evaluation.metrics.items()}
        assert logged.items() <= dict(result.metrics).items()


class Tower(keras.Model):
    """A model class of a user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(10)

    def call(self, inputs: Any) -> Any:
        return self.dense(self.flatten(inputs))


def tower(spec: Any) -> Tower:
    model = Tower()
    model(np.zeros((1, *spec.input_shape), np.float32))
    return model


def test_a_model_class_of_the_users_own_is_evaluated(small_experiment: ExperimentFactory) -> None:
    own = altitude.LazyCall(f"{__name__}.tower")
    result = altitude.run(small_experiment(model=own, loop=Fit(epochs=2)))
    require_as_logged(evaluate(find_run(str(result.output_dir))))


def test_regression_is_evaluated(working_folder: Path) -> None:
    data = npz(working_folder / "sum.npz", X, SUM)
    evaluation = composed("dataset=npz", data, "objective=regression")
    require_as_logged(evaluation)
    assert evaluation.interval is not None
    assert evaluation.interval.metric == "mae"
    assert evaluation.report.scores["mean_absolute_error"] == pytest.approx(
        evaluation.metrics["mae"]
    )


def test_two_classes_with_one_output_are_evaluated(working_folder: Path) -> None:
    data = npz(working_folder / "sign.npz", X, (SUM > 0).astype(np.float32))
    evaluation = composed("dataset=npz", data, "objective=binary")
    require_as_logged(evaluation)
    assert [row[0] for row in evaluation.report.tables[0].rows] == ["0", "1"]
    assert evaluation.interval is not None
    assert evaluation.interval.metric == "accuracy"


@pytest.mark.slow
def test_soft_labels_and_averaged_weights_are_evaluated() -> None:
    require_as_logged(composed("experiment=mixup", "dataset=digits", "loop=train_step"))
    require_as_logged(composed("experiment=ema", "dataset=digits"))


@pytest.mark.slow
def test_episodes_have_scores_and_no_report() -> None:
    evaluation = composed("experiment=reinforce", "dataset.train_episodes=4")
    require_as_logged(evaluation)
    assert not evaluation.report.tables


@pytest.mark.slow
def test_a_model_of_which_a_part_is_saved_is_refused() -> None:
    gan = ("experiment=gan", "loop=tape", "dataset=digits", "dataset.limit=320")
    small = ("dataset.batch_size=32", "model.filters=8", "model.latent_dim=8")
    with pytest.raises(ConfigError, match=r"whose best.keras is without the weights"):
        composed(*gan, *small)


def test_other_examples_have_a_name_of_their_own(finished: Finished, tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    names = set()
    for count in (40, 50):
        path = tmp_path / "mine.npz"
        np.savez(path, x=digits.images.astype(np.uint8)[:count], y=digits.target[:count])
        evaluation = evaluate(find_run(str(finished.run)), data=path)
        assert f", {count} examples" in evaluation.data
        assert evaluation.logged == {}
        names.add(evaluation.name)
    assert len(names) == 2
    assert all(name.startswith("mine.") for name in names)


def test_another_dataset_has_a_name_of_its_own(finished: Finished) -> None:
    record = find_run(str(finished.run))
    other = evaluate(record, overrides=["dataset.validation_size=200"])
    assert other.name.startswith("test.digits.")
    assert other.metrics == evaluate(record).metrics


def test_training_examples_come_in_order_and_all(finished: Finished) -> None:
    evaluation = evaluate(find_run(str(finished.run)), "train")
    assert evaluation.name == "train"
    assert "1,250 examples" in evaluation.data


def test_data_that_have_changed_are_no_longer_the_runs_own(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    from altitude.data import Digits

    load = Digits.load
    monkeypatch.setattr(Digits, "validation_size", 250)
    monkeypatch.setattr(Digits, "load", lambda self: _shifted(load(self)))
    evaluation = evaluate(find_run(str(finished.run)))
    assert evaluation.logged == {}
    assert "which have changed since the run was trained" in evaluation.data
    assert evaluation.name != "test"


def _shifted(splits: Any) -> Any:
    splits.test.x[0, 0, 0] += 1
    return splits


@pytest.mark.parametrize(
    ("arrays", "error", "said"),
    [
        ({"a": X}, DataError, "which holds a"),
        ({"x": X, "y": np.zeros(120, int)}, DataError, r"shape \(4,\) of an example"),
        (
            {"x": np.zeros((9, 8, 8), np.uint8), "y": np.arange(9) + 7},
            ConfigError,
            "labels as the run has been trained on: integer, 10",
        ),
    ],
)
def test_examples_that_do_not_fit_are_refused(
    arrays: dict[str, Any], error: type[Exception], said: str, finished: Finished, tmp_path: Path
) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(error, match=said):
        evaluate(find_run(str(finished.run)), data=tmp_path / "mine.npz")


def test_only_the_dataset_may_be_another(finished: Finished) -> None:
    with pytest.raises(ConfigError, match=r"loop.epochs=3") as raised:
        evaluate(find_run(str(finished.run)), overrides=["loop.epochs=3", "dataset.limit=9"])
    assert len(raised.value.problems) == 1


def test_weights_that_do_not_fit_are_refused(finished: Finished, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished.untracked, folder)
    (folder / "best.keras").write_bytes((folder / "best.keras").read_bytes()[:1000])
    with pytest.raises(ConfigError, match=r"weights of the model that the config builds"):
        evaluate(find_run(str(folder)))

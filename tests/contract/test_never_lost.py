"""A training that was finished keeps its weights and its scores, whatever its model is."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from altitude import Objective, RunResult, run
from altitude.data import Dataset, DataSpec, LabelSpec
from altitude.data.pipeline import Pipelines
from altitude.loops import TrainStep
from tests.conftest import ExperimentFactory
from tests.contract import their_models as theirs

LOOP = TrainStep(epochs=2)
WHOLE: list[tuple[str, Callable[[], keras.Model]]] = [
    ("unregistered layer", lambda: theirs.around(theirs.Scale(0.5))),
    ("lambda", lambda: theirs.around(keras.layers.Lambda(lambda x: x * 2))),
    ("function as activation", lambda: theirs.around(keras.layers.Activation(tf.nn.softsign))),
    ("noise in evaluation", lambda: theirs.around(theirs.Noise())),
    ("operations of TensorFlow", theirs.OfTensorFlow),
]
WEIGHTS: list[tuple[str, Callable[[], keras.Model], str]] = [
    ("no get_config", lambda: theirs.around(theirs.Opaque(tf.tanh, name="mine")), "`mine`"),
    ("incomplete get_config", lambda: theirs.around(theirs.Forgetful(3.0)), "something else"),
    ("tied weights", theirs.tied, "Tied"),
    ("VAE", theirs.Vae, "Vae"),
    ("nested subclasses", theirs.Nested, "Block"),
]


def quietly(**settings: Any) -> tuple[RunResult, list[str]]:
    """Runs an experiment and returns what it warned of."""
    make = settings.pop("make")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = run(make(**({"loop": LOOP} | settings)))
    ours = [warning for warning in caught if issubclass(warning.category, UserWarning)]
    return result, [str(warning.message) for warning in ours]


def require_scores(result: RunResult) -> None:
    assert len(result.metrics_by_epoch["loss"]) == 2
    assert "test_loss" in result.metrics
    assert "best_val_loss" in result.metrics


def the_first_is_quick(cases: Sequence[tuple[Any, ...]]) -> list[Any]:
    """All cases, of which the first alone is among the quick tests: each trains a model."""
    first, *others = cases
    slow = [pytest.param(*case, id=case[0], marks=pytest.mark.slow) for case in others]
    return [pytest.param(*first, id=first[0]), *slow]


@pytest.mark.parametrize(("kind", "build"), the_first_is_quick(WHOLE))
def test_whole_models(
    small_experiment: ExperimentFactory, kind: str, build: Callable[[], keras.Model]
) -> None:
    result, _ = quietly(make=small_experiment, model=lambda _: build())
    require_scores(result)
    assert result.model_saved == "model", (kind, result.notices)
    assert result.model_path.name == "best.keras"


@pytest.mark.parametrize(("kind", "build", "cause"), the_first_is_quick(WEIGHTS))
def test_weights_are_kept_of_what_does_not_reload(
    small_experiment: ExperimentFactory, kind: str, build: Callable[[], keras.Model], cause: str
) -> None:
    objective = Objective(loss=None, metrics={}) if kind == "VAE" else Objective()
    result, warned = quietly(make=small_experiment, model=lambda _: build(), objective=objective)
    require_scores(result)
    assert (result.model_saved, result.model_path.name) == ("weights", "best.weights.h5"), kind
    (warning,) = [text for text in warned if "get_config" in text]
    assert cause in warning
    assert "register_keras_serializable" in warning
    assert {p.name for p in result.output_dir.glob("*best*")} - {"best.json", "best.txt"} == {
        "best.weights.h5"
    }
    again = build()
    again(np.zeros((1, 8, 8)))
    again.load_weights(result.model_path)


def test_the_file_of_an_unregistered_layer_says_how_it_opens(
    small_experiment: ExperimentFactory,
) -> None:
    result, _ = quietly(make=small_experiment, model=lambda _: theirs.around(theirs.Scale(0.5)))
    (notice,) = result.notices
    assert notice == 'best.keras opens with load_model(path, custom_objects={"Scale": Scale})'
    keras.models.load_model(result.model_path, custom_objects={"Scale": theirs.Scale})


@dataclass(frozen=True)
class Batches(Dataset):
    """A dataset of the user's own, which is no arrays."""

    inputs: Any

    def build(self, seed: int, class_weight: Mapping[int, float] | None) -> Pipelines:
        labels = np.arange(8) % 2
        data = tf.data.Dataset.from_tensor_slices((self.inputs, labels)).batch(4)
        epoch = tf.Variable(0, dtype=tf.int64)
        spec = DataSpec((), LabelSpec("integer", 2))
        return Pipelines(data, epoch, data, data, spec, fingerprint=f"{seed}{class_weight}")


NUMBERS = np.arange(16, dtype=np.float32).reshape(8, 2)


@pytest.mark.parametrize(
    ("inputs", "build"),
    [
        ({"left": NUMBERS, "right": -NUMBERS}, theirs.OfNamedInputs),
        (np.array(["good", "bad"] * 4), theirs.of_text),
    ],
    ids=["named inputs", "text"],
)
def test_inputs_of_other_kinds(
    small_experiment: ExperimentFactory, inputs: Any, build: Callable[[], keras.Model]
) -> None:
    result, warned = quietly(
        make=small_experiment, model=lambda _: build(), dataset=Batches(inputs)
    )
    require_scores(result)
    assert not [text for text in warned if "saved" in text], warned
    assert result.model_saved == "model"


def test_scores_that_are_random_are_not_compared(small_experiment: ExperimentFactory) -> None:
    result, _ = quietly(make=small_experiment, model=lambda _: theirs.Drifting())
    require_scores(result)
    assert (result.model_saved, result.notices) == ("model", ())


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def test_what_fails_after_training_is_a_notice_and_the_rest_is_done(
    small_experiment: ExperimentFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(keras.callbacks.Callback):
        on_train_end = failing(ValueError("too late"))

    monkeypatch.setattr("altitude.tracking.curves.draw_curves", failing(OSError("no pen")))
    result, warned = quietly(make=small_experiment, callbacks={"late": Late})
    require_scores(result)
    assert result.model_saved == "model"
    assert any("callbacks.late failed after training: ValueError: too late" in w for w in warned)
    assert any("no pen" in notice for notice in result.notices)
    assert (result.output_dir / "failed-curves.txt").exists()


def test_a_test_that_fails_costs_no_other_score(small_experiment: ExperimentFactory) -> None:
    class FailsInTheEnd(TrainStep):
        def evaluate(self, model: Any, dataset: Any) -> Any:
            if int(dataset.cardinality()) != self.validation_batches:
                raise RuntimeError("out of memory")
            return super().evaluate(model, dataset)

        validation_batches = 4

    result, warned = quietly(make=small_experiment, loop=FailsInTheEnd(epochs=2))
    assert result.model_saved == "model"
    assert "best_val_loss" in result.metrics
    assert any("test failed after training" in text for text in warned)


def test_a_full_disk_leaves_no_empty_file_and_all_scores(
    small_experiment: ExperimentFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_nothing(_: Any, path: Any, **__: Any) -> None:
        Path(path).touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", write_nothing)
    monkeypatch.setattr(keras.Model, "save_weights", write_nothing)
    result, warned = quietly(make=small_experiment)
    require_scores(result)
    assert result.model_saved == "nothing"
    assert any("No space left on device" in text for text in warned)
    assert list(result.output_dir.glob("*best*")) == []


def test_a_disk_that_is_full_later_leaves_a_model_that_is_not_trusted(
    small_experiment: ExperimentFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Any] = []
    save = keras.Model.save

    def write_once(model: Any, path: Any, **options: Any) -> None:
        if saved:
            raise OSError(28, "No space left on device")
        saved.append(path)
        save(model, path, **options)

    def write_nothing(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", write_once)
    monkeypatch.setattr(keras.Model, "save_weights", write_nothing)
    path = small_experiment().output_dir / "best.keras"
    callbacks = {"save": lambda: keras.callbacks.ModelCheckpoint(str(path))}
    result, _ = quietly(make=small_experiment, callbacks=callbacks)
    require_scores(result)
    assert result.model_saved == "untrusted"
    assert any(f"Do not use {path}" in notice for notice in result.notices)


def test_a_file_that_is_not_the_model_is_not_trusted(small_experiment: ExperimentFactory) -> None:
    class Overwrite(keras.callbacks.Callback):
        def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
            other = theirs.around()
            other.save(path)

    make = small_experiment()
    path = make.output_dir / "best.keras"
    save = keras.callbacks.ModelCheckpoint(str(path), save_best_only=True)
    callbacks = {"save": lambda: save, "overwrite": Overwrite}
    result, warned = quietly(make=small_experiment, callbacks=callbacks)
    require_scores(result)
    assert result.model_saved == "untrusted"
    assert any(f"Do not use {path}" in notice for notice in result.notices)
    assert any("is not the model that was trained" in text for text in warned)

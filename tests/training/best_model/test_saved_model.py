"""What is kept of a model opens anywhere, and computes what the model does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from altitude import ConfigError
from altitude.data.spec import DataSpec, LabelSpec
from altitude.training.best_model.plain import part_named, plain
from altitude.training.best_model.saved_model import SavedModel

SPEC = DataSpec((3,), LabelSpec("integer", 2))
INPUTS = np.ones((2, 3), np.float32)


def functional(activation: Any = None) -> Any:
    import keras

    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2, activation=activation)(inputs))


def own_class(body: dict[str, Any]) -> Any:
    """A class outside Keras' own package, as a user has."""
    import keras

    return type("Own", (keras.Model,), {"__module__": "theirs", **body})


def difference(y: Any, y_pred: Any) -> Any:
    return y - y_pred


def require_plain(kept: Any, model: Any) -> None:
    assert type(kept).__module__.startswith("keras.")
    np.testing.assert_allclose(kept(INPUTS), model(INPUTS), rtol=1e-6)


def test_a_model_of_keras_own_stays_as_it_is() -> None:
    model = functional()
    model.compile("sgd", "mse", ["mae"])
    assert plain(model, SPEC) is model


def test_a_model_compiled_with_a_function_is_kept_without_it() -> None:
    model = functional()
    model.compile("sgd", difference)
    kept = plain(model, SPEC)
    assert kept is not model
    require_plain(kept, model)


def test_of_a_class_with_inputs_and_outputs_the_network_is_kept() -> None:
    network = functional()
    model = own_class({})(network.input, network.output)
    require_plain(plain(model, SPEC), model)


def test_of_a_sequential_class_the_network_is_kept() -> None:
    import keras

    sequential = type("Own", (keras.Sequential,), {"__module__": "theirs"})
    model = sequential([keras.Input((3,)), keras.layers.Dense(2)])
    require_plain(plain(model, SPEC), model)


def test_of_a_class_with_a_call_its_layers_are_kept() -> None:
    import keras

    dense = keras.layers.Dense(2)
    model = own_class({"call": lambda self, x: dense(x)})()  # noqa: ARG005
    require_plain(plain(model, SPEC), model)


def test_a_call_that_is_not_made_of_layers_is_kept_as_it_is_with_a_warning() -> None:
    import tensorflow as tf

    model = own_class({"call": lambda self, x: tf.linalg.matmul(x, x, transpose_b=True)})()  # noqa: ARG005
    with pytest.warns(UserWarning, match="opens only where that class can be imported"):
        assert plain(model, SPEC) is model


def test_whatever_saves_the_model_saves_the_part_and_restores_both(tmp_path: Path) -> None:
    import keras

    network = functional()
    model = own_class({})(network.input, network.output)
    saved = SavedModel(model, model, SPEC)
    before = model.get_weights()
    model.save(tmp_path / "best.keras")
    model.set_weights([weight + 1 for weight in before])
    saved.restore(tmp_path / "best.keras")
    for expected, found in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    opened = keras.models.load_model(tmp_path / "best.keras")
    require_plain(opened, model)


def test_a_sequential_part_that_was_never_called_is_restored(tmp_path: Path) -> None:
    import keras

    model = own_class({})()
    model.part = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    saved = SavedModel(model, part_named(model, "part"), SPEC)
    model.save(tmp_path / "best.keras")
    saved.restore(tmp_path / "best.keras")
    assert keras.models.load_model(tmp_path / "best.keras").input_shape == (None, 5)


def test_a_file_that_computes_something_else_is_refused(tmp_path: Path) -> None:
    model = functional("relu")
    saved = SavedModel(model, model, SPEC)
    other = functional("sigmoid")
    other.save(tmp_path / "best.keras")
    with pytest.raises(RuntimeError, match="is not the model that was trained"):
        saved.restore(tmp_path / "best.keras")


def test_a_part_is_an_attribute_that_is_a_model() -> None:
    model = own_class({})()
    model.generator, model.size = functional(), 3
    assert part_named(model, "generator") is model.generator
    assert part_named(model, None) is model
    for name, instead in (("generater", "did you mean `generator`?"), ("size", "")):
        with pytest.raises(ConfigError) as refused:
            part_named(model, name)
        (problem,) = refused.value.problems
        assert problem.key == "model.saved"
        assert problem.expected.endswith("that is a model: generator")
        assert problem.instead == instead


def test_weights_that_are_in_no_whole_model_are_part_of_the_state(tmp_path: Path) -> None:
    first, second = functional(), functional()
    saved, resumed = SavedModel(first, first, SPEC), SavedModel(second, second, SPEC)
    saved.trouble = "no get_config"
    first.save(tmp_path / "best.keras")
    resumed.set_state(saved.get_state())
    resumed.restore(tmp_path / "best.keras")
    assert resumed.kind == "weights"
    for expected, found in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_weights_of_a_whole_model_are_left_to_its_file(tmp_path: Path) -> None:
    model = functional()
    saved = SavedModel(model, model, SPEC)
    model.save(tmp_path / "best.keras")
    assert saved.get_state() == {"kind": "model", "trouble": "", "weights": None}

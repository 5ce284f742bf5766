"""Each variable is updated by the optimizer of its group, and callbacks reach them all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from altitude import ConfigError
from altitude.optimizers.group_optimizer import GroupOptimizer, learning_rates


def two_layers() -> Any:
    import keras

    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(2, name="lower")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, name="upper")(hidden))


def grouped(layers: Mapping[str, Sequence[str]], **rates: float) -> GroupOptimizer:
    import keras

    chosen = rates or dict.fromkeys(layers, 1.0)
    return GroupOptimizer({n: keras.optimizers.SGD(rate) for n, rate in chosen.items()}, layers)


BOTH = {"slow": ["lower"], "fast": ["upper"]}


def test_each_variable_moves_at_the_rate_of_its_group() -> None:
    model = two_layers()
    optimizer = grouped(BOTH, slow=0.1, fast=1.0)
    before = model.get_weights()
    optimizer.apply([np.ones(v.shape, "float32") for v in model.variables], model.variables)
    moved = [np.mean(a - b) for a, b in zip(before, model.get_weights(), strict=True)]
    np.testing.assert_allclose(moved, [0.1, 0.1, 1.0, 1.0], rtol=1e-5)


def test_some_of_the_variables_can_be_updated_alone() -> None:
    model = two_layers()
    optimizer = grouped(BOTH)
    optimizer.build(model.variables)
    before = model.get_weights()
    upper = model.get_layer("upper").variables
    optimizer.apply([np.ones(v.shape, "float32") for v in upper], upper)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


@pytest.mark.parametrize("patterns", [["l*"], ["lower"], ["lower/*"], ["*/lower/*", "lower/*"]])
def test_a_group_is_named_by_layers_or_by_patterns(patterns: list[str]) -> None:
    model = two_layers()
    optimizer = grouped({"slow": patterns, "fast": ["upper/k*", "upper/bias"]})
    optimizer.build(model.variables)
    assert optimizer.built


def test_a_layer_is_named_as_the_model_names_it_wherever_its_variables_lie() -> None:
    import keras

    layers = [keras.layers.Dense(2, name="lower"), keras.layers.Dense(1, name="upper")]
    model = keras.Sequential([keras.Input((3,)), *layers], name="outer")
    assert model.variables[0].path == "outer/lower/kernel"
    optimizer = grouped(BOTH)
    optimizer.match_layers_of(model)
    optimizer.build(model.variables)
    assert optimizer.built


def test_a_variable_in_no_group_is_named() -> None:
    with pytest.raises(ConfigError) as refused:
        grouped({"slow": ["lower"]}).build(two_layers().variables)
    problems = refused.value.problems
    assert [problem.key for problem in problems] == ["optimizer.groups"] * 2
    assert "upper/kernel is in none of slow" in problems[0].given
    assert "add upper" in problems[0].instead


def test_a_variable_in_two_groups_is_named_with_both() -> None:
    with pytest.raises(ConfigError) as refused:
        grouped({"slow": ["lower"], "fast": ["*"]}).build(two_layers().variables)
    assert "lower/kernel is in slow and in fast" in refused.value.problems[0].given


def test_setting_the_rate_scales_that_of_every_group() -> None:
    optimizer = grouped(BOTH, slow=0.1, fast=1.0)
    optimizer.learning_rate = 0.05
    rates = learning_rates(optimizer)
    expected = {"learning_rate": 0.05, "learning_rate/slow": 0.05, "learning_rate/fast": 0.5}
    assert rates == pytest.approx(expected)


def test_a_plateau_cuts_the_rate_of_every_group_also_before_there_are_variables() -> None:
    import keras

    model = two_layers()
    model.optimizer = grouped(BOTH, slow=0.1, fast=1.0)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1)
    plateau.set_model(model)
    plateau.on_train_begin()
    for epoch in range(2):
        plateau.on_epoch_end(epoch, {"loss": 1.0})
    rates = [float(member.learning_rate) for member in model.optimizer.groups.values()]
    assert rates == pytest.approx([0.05, 0.5])


def test_an_optimizer_without_groups_reports_one_rate() -> None:
    import keras

    assert learning_rates(keras.optimizers.SGD(0.5)) == {"learning_rate": 0.5}
    assert learning_rates(None) == {}

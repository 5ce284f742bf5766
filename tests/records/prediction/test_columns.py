import keras
import numpy as np
import pytest

from altitude import ConfigError
from altitude.records.prediction.columns import Columns, columns_of

CATEGORICAL = {"_target_": "keras.losses.SparseCategoricalCrossentropy"}
BINARY = {"_target_": "keras.losses.BinaryCrossentropy"}
SQUARES = {"_target_": "keras.losses.MeanSquaredError"}
LOGITS = {"from_logits": True}


def model(units: int, activation: str | None = None) -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, activation)])


def row(columns: Columns, *outputs: float) -> list[object]:
    table = columns.table(np.array([outputs], np.float32))
    assert list(table) == list(columns.types)
    return [value for (value,) in table.values()]


def test_classes_have_names_and_probabilities() -> None:
    columns = columns_of(model(3), CATEGORICAL | LOGITS, ("cat", "dog", "eel"))
    assert list(columns.types) == ["class", "probability_cat", "probability_dog", "probability_eel"]
    name, *probabilities = row(columns, 0.0, np.log(2), 0.0)
    assert name == "dog"
    assert probabilities == pytest.approx([0.25, 0.5, 0.25])
    assert row(columns_of(model(3), CATEGORICAL), 0.75, 0.25, 0.0) == ["0", 0.75, 0.25, 0.0]


def test_one_output_may_be_that_of_two_classes() -> None:
    name, *probabilities = row(columns_of(model(1), BINARY | LOGITS, ("no", "yes")), np.log(3))
    assert name == "yes"
    assert probabilities == pytest.approx([0.25, 0.75])
    assert row(columns_of(model(1), BINARY), 0.25) == ["0", 0.75, 0.25]


def test_numbers_are_values() -> None:
    assert list(columns_of(model(1), SQUARES).types) == ["value"]
    assert list(columns_of(model(2), SQUARES).types) == ["value_0", "value_1"]
    assert row(columns_of(model(2), SQUARES), 3.5, -1.0) == [3.5, -1.0]
    assert row(columns_of(model(2), BINARY | LOGITS), 0.0, 0.0) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("activation", "units", "expected"),
    [("softmax", 2, True), ("sigmoid", 1, True), (None, 2, False), ("sigmoid", 2, False)],
)
def test_without_a_loss_the_last_layer_decides(
    activation: str | None, units: int, expected: bool
) -> None:
    assert bool(columns_of(model(units, activation), None).classes) == expected


def test_outputs_that_make_no_table_are_refused() -> None:
    x = keras.Input((None, 4))
    with pytest.raises(ConfigError, match="outputs of one size"):
        columns_of(keras.Model(x, keras.layers.Dense(2)(x)), None)
    with pytest.raises(ConfigError, match="a model with one output"):
        columns_of(keras.Model(x, [x, x]), None)

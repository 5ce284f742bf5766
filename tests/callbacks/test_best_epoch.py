from pathlib import Path
from typing import Any

import pytest

from altitude.callbacks.best_epoch import BestEpoch


def best_after(checkpoint_settings: dict[str, Any], values: list[float], path: Path) -> int:
    import keras

    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(optimizer="sgd", loss="mse")
    checkpoint = keras.callbacks.ModelCheckpoint(str(path), "val_accuracy", **checkpoint_settings)
    best = BestEpoch([checkpoint], path)
    callbacks = keras.callbacks.CallbackList([checkpoint, best], model=model)
    callbacks.on_train_begin()
    for epoch, value in enumerate(values):
        callbacks.on_epoch_begin(epoch)
        callbacks.on_epoch_end(epoch, {"val_accuracy": value})
    callbacks.on_train_end()
    return best.epoch


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, 0.7, 0.6], 2),
        ([0.7, 0.7, 0.7], 1),
        ([0.1, 0.2, 0.3], 3),
        ([float("nan"), 0.5], 1),  # Keras keeps a first epoch that is not a number
    ],
)
def test_it_follows_the_checkpoint(values: list[float], expected: int, tmp_path: Path) -> None:
    settings = {"save_best_only": True, "mode": "max"}
    assert best_after(settings, values, tmp_path / "best.keras") == expected


def test_a_checkpoint_that_saves_every_epoch_holds_the_last(tmp_path: Path) -> None:
    settings = {"save_best_only": False, "mode": "max"}
    assert best_after(settings, [0.9, 0.1], tmp_path / "best.keras") == 2


def test_without_a_checkpoint_the_end_of_training_is_saved(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    best = BestEpoch([], tmp_path / "folder" / "best.keras")
    best.set_model(model)
    best.on_epoch_end(0)
    best.on_epoch_end(1)
    best.on_train_end()
    assert not best.follows_checkpoint
    assert best.epoch == 2
    assert keras.models.load_model(tmp_path / "folder" / "best.keras").count_params() == 3


def test_a_checkpoint_elsewhere_is_not_followed(tmp_path: Path) -> None:
    import keras

    elsewhere = keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"))
    assert not BestEpoch([elsewhere], tmp_path / "best.keras").follows_checkpoint


def test_a_training_that_goes_on_after_its_last_epoch_knows_which_that_was(tmp_path: Path) -> None:
    import keras

    killed, resumed = (BestEpoch([], tmp_path / "best.keras") for _ in range(2))
    killed.on_epoch_end(0)
    killed.on_epoch_end(1)
    resumed.set_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    resumed.on_train_begin()
    resumed.set_state(killed.get_state())
    resumed.on_train_end()
    assert resumed.epoch == 2

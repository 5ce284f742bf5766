import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import altitude
from altitude import ConfigError
from altitude.records.find import find_run
from altitude.records.model_file import open_best_model
from tests.conftest import ExperimentFactory

LAYERS = """
import keras

class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build(spec):
    head = [keras.layers.Flatten(), Twice(), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input(spec.input_shape), *head])
"""


def test_layers_of_the_users_own_are_found(
    small_experiment: ExperimentFactory, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_folder / "their_layers.py").write_text(LAYERS)
    monkeypatch.syspath_prepend(working_folder)
    own = altitude.LazyCall("their_layers.build")
    result = altitude.run(small_experiment(model=own))
    model = open_best_model(find_run(str(result.output_dir)))
    assert model.predict_on_batch(np.zeros((2, 8, 8))).shape == (2, 10)
    monkeypatch.delitem(sys.modules, "their_layers")
    (working_folder / "their_layers.py").unlink()
    with pytest.raises(ConfigError, match="whose classes can be imported here"):
        open_best_model(find_run(str(result.output_dir)))


def test_a_model_is_opened_without_the_module_that_built_it(
    small_experiment: ExperimentFactory, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_folder / "their_builder.py").write_text(LAYERS.replace("Twice(), ", ""))
    monkeypatch.syspath_prepend(working_folder)
    result = altitude.run(small_experiment(model=altitude.LazyCall("their_builder.build")))
    monkeypatch.delitem(sys.modules, "their_builder")
    (working_folder / "their_builder.py").unlink()
    assert isinstance(open_best_model(find_run(str(result.output_dir))), keras.Model)

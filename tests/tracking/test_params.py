from pathlib import Path
from typing import Any

from altitude import Experiment
from altitude.tracking.params import CUT_NOTE, LONGEST_VALUE, flatten
from tests.conftest import ExperimentFactory


def test_nested_settings_become_dotted_keys() -> None:
    settings = {"optimizer": {"learning_rate": 1e-3}, "callbacks": {"stop": {"patience": 3}}}
    assert flatten(settings) == {"optimizer.learning_rate": "0.001", "callbacks.stop.patience": "3"}


def test_values_are_written_as_text() -> None:
    settings: dict[str, Any] = {"widths": [256, 128], "nothing": None, "flag": True, "empty": {}}
    expected = {"widths": "[256, 128]", "nothing": "None", "flag": "True", "empty": "{}"}
    assert flatten(settings) == expected


def test_a_long_value_is_cut_and_says_so() -> None:
    text = flatten({"long": "x" * (LONGEST_VALUE + 1)})["long"]
    assert len(text) == LONGEST_VALUE
    assert text.endswith(CUT_NOTE)


def test_the_longest_value_is_kept_whole() -> None:
    assert flatten({"long": "x" * LONGEST_VALUE})["long"] == "x" * LONGEST_VALUE


def test_characters_that_mlflow_refuses_are_replaced() -> None:
    assert flatten({"metrics": {"f1@0.5 (macro)": 1}}) == {"metrics.f1_0.5 _macro_": "1"}


def test_the_output_folder_is_no_parameter() -> None:
    assert "output_dir" not in flatten(Experiment(output_dir=Path("run")).settings())


def test_an_experiment_is_flattened_group_by_group(small_experiment: ExperimentFactory) -> None:
    params = flatten(small_experiment().settings())
    assert params["seed"] == "42"
    assert params["dataset._target_"] == "altitude.data.digits.Digits"
    assert params["dataset.limit"] == "300"
    assert params["model.hidden_units"] == "[16]"
    assert params["optimizer.learning_rate"] == "0.001"
    assert params["loop.epochs"] == "30"

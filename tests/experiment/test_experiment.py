import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from altitude import ConfigError, Experiment, LazyCall, Objective, compose, run
from altitude.data import DataSpec, FashionMnist
from altitude.experiment import new_output_dir
from altitude.loops import Fit, Tape
from altitude.models import Mlp
from altitude.tracking import Mlflow
from tests.conftest import ExperimentFactory


def build_nothing(spec: DataSpec) -> Any:
    return spec


def test_an_experiment_needs_no_config() -> None:
    experiment = Experiment()
    assert experiment.dataset == FashionMnist()
    assert experiment.model == Mlp()
    assert experiment.loop == Fit()
    assert experiment.tracking == Mlflow()


def test_its_defaults_are_those_of_the_config() -> None:
    composed = compose()
    experiment = Experiment(output_dir=composed.output_dir)
    assert experiment == composed
    assert experiment.settings() == composed.settings()


def test_the_files_of_its_callbacks_lie_in_its_folder(tmp_path: Path) -> None:
    for experiment in (Experiment(output_dir=tmp_path), Experiment().in_folder(tmp_path)):
        callbacks = experiment.settings()["callbacks"]
        assert callbacks["model_checkpoint"]["filepath"] == f"{tmp_path}/best.keras"
        assert callbacks["tensorboard"]["log_dir"] == f"{tmp_path}/tensorboard"


def test_its_callbacks_follow_its_objective() -> None:
    objective = Objective(metrics={"mae": LazyCall("keras.metrics.MeanAbsoluteError")})
    callbacks = Experiment(objective=objective).settings()["callbacks"]
    assert callbacks["model_checkpoint"]["monitor"] == "val_mae"
    assert callbacks["model_checkpoint"]["mode"] == "min"


def test_the_rules_of_a_config_hold_for_it(tmp_path: Path) -> None:
    stopping = {"monitor": "val_accuracy", "mode": "min"}
    experiment = Experiment(
        model=Mlp(output_activation="softmax"),
        callbacks={"stop": LazyCall("keras.callbacks.EarlyStopping", stopping)},
        output_dir=tmp_path / "run",
    )
    with pytest.raises(ConfigError) as caught:
        run(experiment)
    keys = [problem.key for problem in caught.value.problems]
    assert keys == ["objective.loss.from_logits", "callbacks.stop.mode"]
    assert not experiment.output_dir.exists()


def test_an_experiment_is_frozen(small_experiment: ExperimentFactory) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        small_experiment().seed = 1  # type: ignore[misc]


def test_a_changed_copy(small_experiment: ExperimentFactory) -> None:
    experiment = small_experiment()
    assert dataclasses.replace(experiment, loop=Tape(epochs=2)).loop == Tape(epochs=2)


def test_settings_are_plain_values() -> None:
    settings = compose(["loop=tape", "loop.clip_norm=1.0"]).settings()
    assert json.loads(json.dumps(settings)) == settings
    assert settings["loop"]["_target_"] == "altitude.loops.tape.Tape"
    assert settings["loop"]["clip_norm"] == 1.0
    assert settings["model"]["hidden_units"] == [256, 128]
    assert settings["optimizer"]["_target_"] == "keras.optimizers.Adam"
    assert settings["optimizer"]["learning_rate"] == 1e-3
    assert settings["callbacks"]["early_stopping"]["patience"] == 3


def test_settings_name_functions_by_their_import_path(tmp_path: Path) -> None:
    settings = Experiment(model=build_nothing, output_dir=tmp_path).settings()
    assert settings["model"] == f"{__name__}.build_nothing"
    assert settings["output_dir"] == str(tmp_path)


def test_settings_leave_the_overrides_out() -> None:
    assert "overrides" not in Experiment(overrides=("seed=1",)).settings()


def test_settings_of_nested_calls() -> None:
    schedule = {"_target_": "keras.optimizers.schedules.CosineDecay", "decay_steps": 3}
    experiment = Experiment(optimizer=LazyCall("keras.optimizers.SGD", {"learning_rate": schedule}))
    assert experiment.settings()["optimizer"]["learning_rate"] == schedule


def test_output_folders_are_named_by_the_moment(tmp_path: Path) -> None:
    folder = new_output_dir()
    assert folder.is_relative_to(tmp_path / "outputs")
    assert not folder.exists()
    assert new_output_dir() != folder


def test_run_says_what_it_takes() -> None:
    with pytest.raises(TypeError, match=r"altitude\.run\(altitude\.compose\(\[\.\.\.\]\)\)"):
        run(["dataset=digits"])  # type: ignore[arg-type]

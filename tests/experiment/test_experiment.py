import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from altitude import ConfigError, Experiment, LazyCall, Objective, compose, run
from altitude.data import DataSpec, FashionMnist, Npz
from altitude.experiment import new_output_dir
from altitude.loops import Fit, Tape
from altitude.models import Mlp
from altitude.strategies import Mirrored
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
    with pytest.raises(ConfigError) as caught:
        Experiment(
            model=Mlp(output_activation="softmax"),
            callbacks={"stop": LazyCall("keras.callbacks.EarlyStopping", stopping)},
            output_dir=tmp_path / "run",
        )
    keys = [problem.key for problem in caught.value.problems]
    assert keys == ["objective.loss.from_logits", "callbacks.stop.mode"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("seed=-1", {"seed": -1}),
        (
            "optimizer={_target_: keras.optimizers.Adam, learning_rate: -1.0}",
            {"optimizer": LazyCall("keras.optimizers.Adam", {"learning_rate": -1.0})},
        ),
        (
            "+optimizer._partial_=3",
            {"optimizer": LazyCall("keras.optimizers.Adam", {"_partial_": 3})},
        ),
        ("model={_target_: os.getcwd}", {"model": LazyCall("os.getcwd")}),
        (
            "+callbacks.stop={_target_: mine.Stop, patience: -1}",
            {"callbacks": {"stop": LazyCall("mine.Stop", {"patience": -1})}},
        ),
        ("dataset=npz dataset.path=nowhere.npz", {"dataset": Npz(path=Path("nowhere.npz"))}),
        (
            "strategy=mirrored loop.run_eagerly=true",
            {"strategy": Mirrored(), "loop": Fit(run_eagerly=True)},
        ),
    ],
)
def test_the_command_line_and_python_refuse_the_same(override: str, parts: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as composed:
        compose(override.split(" ") if "{" not in override else [override])
    with pytest.raises(ConfigError) as built:
        Experiment(**parts)
    assert built.value.problems == composed.value.problems


def test_a_copy_with_another_folder_moves_the_files_of_its_callbacks(tmp_path: Path) -> None:
    experiment = compose()
    moved = dataclasses.replace(experiment, output_dir=tmp_path)
    assert moved == experiment.in_folder(tmp_path)
    assert moved.settings()["callbacks"]["model_checkpoint"]["filepath"] == f"{tmp_path}/best.keras"


def test_a_copy_with_another_objective_follows_that() -> None:
    objective = Objective(metrics={"mae": LazyCall("keras.metrics.MeanAbsoluteError")})
    checkpoint = dataclasses.replace(Experiment(), objective=objective).settings()["callbacks"]
    assert checkpoint["model_checkpoint"]["monitor"] == "val_mae"
    assert checkpoint["model_checkpoint"]["mode"] == "min"


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
    optimizer = LazyCall("keras.optimizers.SGD", {"learning_rate": schedule})
    experiment = Experiment(optimizer=optimizer, callbacks={})
    assert experiment.settings()["optimizer"]["learning_rate"] == schedule


def test_output_folders_are_named_by_the_moment(tmp_path: Path) -> None:
    folder = new_output_dir()
    assert folder.is_relative_to(tmp_path / "outputs")
    assert not folder.exists()
    assert new_output_dir() != folder


def test_run_says_what_it_takes() -> None:
    with pytest.raises(TypeError, match=r"altitude\.run\(altitude\.compose\(\[\.\.\.\]\)\)"):
        run(["dataset=digits"])  # type: ignore[arg-type]

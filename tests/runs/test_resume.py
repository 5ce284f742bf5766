"""Going on with a run: what is refused, and what a longer training is equal to."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import pytest

import altitude
from altitude import ConfigError, DataError, Experiment, LazyCall
from altitude.cli.resume import resume
from altitude.data import Digits
from altitude.loops import Fit
from altitude.runs.find import find_run_folder
from altitude.training.resume_points import FOLDER, has_point
from tests.conftest import ExperimentFactory

STOPPING = {"monitor": "val_loss", "min_delta": 10.0}


class Crash(keras.callbacks.Callback):
    """Raises at the end of the third epoch, once."""

    has_crashed = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        if epoch == 2 and not Crash.has_crashed:
            Crash.has_crashed = True
            raise KeyboardInterrupt


@pytest.fixture
def crashed(small_experiment: ExperimentFactory) -> Experiment:
    """A run of four epochs, after it was stopped in the third."""
    Crash.has_crashed = False
    loop = Fit(epochs=4, steps_per_execution=2, checkpoint_every_steps=1)
    data = Digits(limit=600, batch_size=64)
    experiment = small_experiment(dataset=data, loop=loop, callbacks={"crash": Crash})
    with pytest.raises(KeyboardInterrupt) as caught:
        altitude.run(experiment)
    assert caught.value.__notes__[-1] == "go on: altitude resume run"
    return experiment


def weights(path: Path) -> list[list[float]]:
    return [value.ravel().tolist() for value in keras.models.load_model(path).get_weights()]


def test_a_run_that_goes_on_ends_as_if_nothing_had_happened(crashed: Experiment) -> None:
    done = altitude.run(crashed, resume=True)
    whole = altitude.run(crashed.in_folder(crashed.output_dir.with_name("whole")))
    assert done.metrics == whole.metrics
    assert done.metrics_by_epoch.keys() == whole.metrics_by_epoch.keys()
    assert done.metrics_by_epoch["loss"] == whole.metrics_by_epoch["loss"]
    assert weights(done.model_path) == weights(whole.model_path)
    assert not has_point(done.output_dir)


def test_a_run_goes_on_from_the_point_before_a_damaged_one(
    crashed: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    path = crashed.output_dir / FOLDER / "point.npz"
    path.write_bytes(path.read_bytes()[:-1000])
    done = altitude.run(crashed, resume=True)
    whole = altitude.run(crashed.in_folder(crashed.output_dir.with_name("whole")))
    assert done.metrics == whole.metrics
    shown = capsys.readouterr().out
    assert "point.npz is damaged" in shown
    assert "going on from the point before it" in shown
    assert "going on from epoch " in shown


def test_other_settings_are_refused_by_name_unless_they_are_allowed(crashed: Experiment) -> None:
    changed = dataclasses.replace(crashed, seed=7)
    with pytest.raises(ConfigError, match=r"seed\n    given:    7\n    expected: 42, as the run"):
        altitude.run(changed, resume=True)
    assert altitude.run(changed, resume=True, allow=["seed"]).metrics["test_loss"] > 0


def test_other_data_are_refused(crashed: Experiment) -> None:
    changed = dataclasses.replace(crashed, dataset=Digits(limit=200, batch_size=64))
    with pytest.raises(DataError, match="the data that the run began with"):
        altitude.run(changed, resume=True, allow=["dataset"])


def test_a_longer_training_ends_as_one_that_was_meant_to_be_as_long(
    small_experiment: ExperimentFactory,
) -> None:
    short = small_experiment(loop=Fit(epochs=2, keep_checkpoint=True))
    altitude.run(short)
    longer = dataclasses.replace(short, loop=Fit(epochs=4))
    done = altitude.run(longer, resume=True)
    whole = altitude.run(longer.in_folder(short.output_dir.with_name("whole")))
    assert done.metrics == whole.metrics
    assert done.metrics_by_epoch["loss"] == whole.metrics_by_epoch["loss"]


def test_a_training_that_was_stopped_goes_on_only_with_more_patience(
    small_experiment: ExperimentFactory,
) -> None:
    def patient(epochs: int) -> dict[str, Any]:
        arguments = {**STOPPING, "patience": epochs}
        return {"stopping": LazyCall("keras.callbacks.EarlyStopping", arguments)}

    loop = Fit(epochs=9, keep_checkpoint=True)
    short = small_experiment(loop=loop, callbacks=patient(1))
    assert altitude.run(short).metrics["best_epoch"] == 2
    longer = dataclasses.replace(short, loop=Fit(epochs=12, keep_checkpoint=True))
    assert len(altitude.run(longer, resume=True).metrics_by_epoch["loss"]) == 2
    more = dataclasses.replace(longer, callbacks=patient(3))
    done = altitude.run(more, resume=True)
    whole = altitude.run(more.in_folder(short.output_dir.with_name("whole")))
    assert len(done.metrics_by_epoch["loss"]) == 4
    assert done.metrics == whole.metrics


def test_runs_are_found_by_folder_by_latest_and_by_the_beginning_of_their_id(
    working_folder: Path,
) -> None:
    folders = [working_folder / f"outputs/2026-01-01/{name}" for name in ("a", "b")]
    for folder, run_id in zip(folders, ("abc1", "abc2"), strict=True):
        with altitude_folder(folder) as claimed:
            claimed.note(run_id)
    assert find_run_folder(str(folders[0])) == folders[0]
    assert find_run_folder("latest") == folders[1]
    assert find_run_folder("abc1") == folders[0]
    with pytest.raises(ConfigError, match="the beginning of abc1, abc2"):
        find_run_folder("abc")


def altitude_folder(path: Path) -> Any:
    from altitude.runs.output_folder import run_folder

    return run_folder(path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["latest"], "but no run was begun in"),
        (["conf"], "conf, which is no run's folder"),
        (["finished"], "is finished and has kept no resume point"),
        (["in_python"], r"instead:  altitude.run\(experiment, resume=True\)"),
        (["multirun/0"], "a job goes on when the command of its sweep is typed again"),
    ],
)
def test_what_cannot_go_on_says_why(arguments: list[str], said: str, working_folder: Path) -> None:
    (working_folder / "conf").mkdir()
    (working_folder / "multirun").mkdir()
    (working_folder / "multirun" / "multirun.yaml").touch()
    for name in ("finished", "in_python", "multirun/0"):
        with altitude_folder(working_folder / name) as folder:
            folder.note("abc", is_finished=name == "finished")
    with pytest.raises(ConfigError, match=said):
        resume(*arguments)


OTHER_KINDS = {
    "gan": (
        "experiment=gan",
        "loop=tape",
        "dataset=digits",
        "dataset.limit=320",
        "dataset.batch_size=32",
        "model.filters=8",
        "model.latent_dim=8",
    ),
    "reinforce": ("experiment=reinforce", "dataset.train_episodes=4"),
    "two optimizers": ("experiment=backbone_head", "dataset=digits", "dataset.limit=400"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_runs_of_other_kinds_go_on_as_well(kind: str, working_folder: Path) -> None:
    Crash.has_crashed = False
    common = ("loop.epochs=5", "tracking=none", "loop.checkpoint_every_steps=1")
    crash = f"+callbacks.crash._target_={__name__}.Crash"
    experiment = altitude.compose([*OTHER_KINDS[kind], *common, crash])
    with pytest.raises(KeyboardInterrupt):
        altitude.run(experiment)
    done = altitude.run(experiment, resume=True)
    whole = altitude.run(experiment.in_folder(working_folder / "whole"))
    assert done.metrics == whole.metrics
    assert weights(done.model_path) == weights(whole.model_path)

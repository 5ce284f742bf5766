from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import altitude
from altitude import ConfigError, Experiment
from altitude.calls.lazy_call import LazyCall
from altitude.loops import Fit
from altitude.runs.output_folder import RunFolder, claim_folder, run_folder
from tests.conftest import ExperimentFactory
from tests.processes import run_altitude


def test_a_new_folder_is_claimed_as_it_is(tmp_path: Path) -> None:
    assert claim_folder(tmp_path / "run") == tmp_path / "run"


def test_a_folder_that_hydra_has_made_is_claimed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "run" / ".hydra").mkdir(parents=True)
    assert claim_folder(tmp_path / "run") == tmp_path / "run"


def test_each_run_gets_a_folder_of_its_own_also_at_the_same_time(tmp_path: Path) -> None:
    (tmp_path / "run-3").mkdir()  # somebody else's
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: claim_folder(tmp_path / "run"), range(8)))
    assert len(set(claimed)) == 8
    assert tmp_path / "run" in claimed
    assert tmp_path / "run-3" not in claimed


def test_a_run_goes_on_in_its_folder_unless_a_process_is_training_it(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with run_folder(path) as folder:
        folder.note("abc")
        with pytest.raises(ConfigError, match="a run that no process is training"):
            run_folder(path, goes_on=True).__enter__()
        with run_folder(path) as other:
            assert other.path == tmp_path / "run-2"
    with run_folder(path, goes_on=True) as again:
        assert again == RunFolder(path, "abc")


def test_a_folder_knows_whether_its_run_has_finished(tmp_path: Path) -> None:
    with run_folder(tmp_path / "run") as folder:
        assert not RunFolder.read(folder.path).is_finished
        folder.note("abc", is_finished=True)
    assert RunFolder.read(folder.path).is_finished
    (folder.path / ".run").write_text("{")  # killed while it was written
    assert RunFolder.read(folder.path) == RunFolder(folder.path)


def test_a_folder_that_cannot_be_made_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"output_dir\n    given:    /proc/nope "):
        claim_folder(Path("/proc/nope"))


def test_the_files_of_callbacks_move_with_the_experiment(tmp_path: Path) -> None:
    arguments = {"filepath": f"{tmp_path}/run/best.keras", "other": f"{tmp_path}/running"}
    checkpoint = LazyCall("keras.callbacks.ModelCheckpoint", arguments)
    experiment = Experiment(output_dir=tmp_path / "run", callbacks={"checkpoint": checkpoint})
    (moved,) = experiment.in_folder(tmp_path / "elsewhere").callbacks.values()
    assert isinstance(moved, LazyCall)
    assert moved.arguments["filepath"] == f"{tmp_path}/elsewhere/best.keras"
    assert moved.arguments["other"] == f"{tmp_path}/running"


def test_two_runs_of_one_experiment_keep_both_their_models(
    small_experiment: ExperimentFactory, working_folder: Path
) -> None:
    path = working_folder / "run" / "best.keras"
    checkpoint = LazyCall("keras.callbacks.ModelCheckpoint", {"filepath": str(path)})
    experiment = small_experiment(loop=Fit(epochs=1), callbacks={"checkpoint": checkpoint})
    first = altitude.run(experiment)
    before = path.stat()
    second = altitude.run(experiment)
    assert (first.model_path, second.model_path) == (path, working_folder / "run-2" / "best.keras")
    assert path.stat() == before
    assert second.model_path.exists()


@pytest.mark.slow
def test_a_changed_working_folder_leaves_the_store_where_the_command_was_started(
    working_folder: Path,
) -> None:
    small = ("dataset=digits", "dataset.limit=100", "loop.epochs=1", "callbacks=none")
    done = run_altitude(*small, "hydra.job.chdir=true", folder=working_folder)
    assert done.returncode == 0, done.stderr
    store = working_folder / "mlflow.db"
    assert list(working_folder.rglob("mlflow.db")) == [store]
    assert f"ui --backend-store-uri sqlite:///{store}, then http" in done.stdout

import shutil
import zipfile
from pathlib import Path

import pytest

from altitude.errors import ConfigError
from altitude.records.find import find_run
from altitude.runs.output_folder import RunFolder, run_folder
from tests.finished_runs import Finished


def id_of(folder: Path) -> str:
    run_id = RunFolder.read(folder).run_id
    assert run_id is not None
    return run_id


def test_a_run_is_found_by_its_folder_its_id_the_beginning_of_it_and_its_model(
    finished: Finished,
) -> None:
    run_id = id_of(finished.run)
    names = (finished.run, finished.run.relative_to(finished.path), finished.run / "best.keras")
    for name in (*map(str, names), run_id, run_id[:8]):
        found = find_run(name)
        assert (found.folder, found.run_id) == (finished.run, run_id), name


def test_latest_is_the_run_that_was_begun_last(finished: Finished) -> None:
    latest = find_run("latest")
    assert latest.folder is not None
    assert latest.folder.parent == finished.sweep


def test_the_best_of_a_sweep_is_the_first_of_its_leaderboard(finished: Finished) -> None:
    identity = (finished.sweep / ".sweep").read_text()
    names = ("best", f"{finished.sweep}/best", f"{identity}/best", f"{identity[:8]}/best")
    for name in names:
        assert find_run(name).settings["optimizer"]["learning_rate"] == 0.01, name


def test_the_best_of_a_sweep_is_found_in_the_store_alone(
    finished: Finished, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = (finished.sweep / ".sweep").read_text()
    monkeypatch.chdir(working_folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{finished.path}/mlflow.db")
    best = find_run(f"{identity[:10]}/best")
    assert best.settings["optimizer"]["learning_rate"] == 0.01
    assert best.folder is not None
    assert best.folder.parent == finished.sweep


@pytest.mark.slow
def test_a_run_whose_folder_is_gone_is_read_from_the_server(
    on_server: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, run_id = on_server
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    found = find_run(run_id[:12])
    assert (found.folder, found.run_id) == (None, run_id)
    assert found.settings["loop"]["epochs"] == 2
    assert found.result.metrics["best_epoch"] in (1.0, 2.0)
    assert zipfile.is_zipfile(found.model_file)


def test_a_model_that_lies_in_no_runs_folder_is_all_there_is(
    finished: Finished, working_folder: Path
) -> None:
    shutil.copy(finished.run / "best.keras", working_folder / "given.keras")
    found = find_run(str(working_folder / "given.keras"))
    assert (found.folder, found.run_id) == (None, None)
    assert found.model_file == working_folder / "given.keras"
    with pytest.raises(ConfigError, match=r"given.keras, which has no config.yaml in any place"):
        _ = found.settings


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("best", "best, but no sweep was begun in"),
        ("latest", "latest, but no run was begun in"),
        ("none/best", "there is no such sweep with a leaderboard.csv"),
        ("nothing.keras", "nothing.keras, which is not there"),
        ("swept", "swept, which is the folder of a sweep"),
        ("empty/best", "no job of that sweep has finished"),
        ("untracked/best", "the jobs of that sweep have no ids"),
        ("conf", "conf, which is no run's folder"),
        ("", "''"),
        ("zzz", "zzz"),
        ("abc", "abc, which is the beginning of abc1, abc2"),
    ],
)
def test_what_is_no_run_is_explained(
    name: str, said: str, working_folder: Path, default_store: object
) -> None:
    assert default_store
    (working_folder / "conf").mkdir()
    tables = {"swept": None, "empty": "rank,runs\n", "untracked": "rank,runs\n1,\n"}
    for sweep, table in tables.items():
        (working_folder / sweep).mkdir()
        (working_folder / sweep / ".sweep").write_text("0" * 16)
        if table is not None:
            (working_folder / sweep / "leaderboard.csv").write_text(table)
    if name == "abc":
        for run_id in ("abc1", "abc2"):
            with run_folder(working_folder / f"outputs/2026-01-01/{run_id}") as folder:
                folder.note(run_id)
    with pytest.raises(ConfigError) as raised:
        find_run(name)
    (problem,) = raised.value.problems
    assert problem.key == "RUN"
    assert said in problem.given

import re
import shutil
from pathlib import Path

import pytest

from altitude.cli.show import main
from altitude.runs.output_folder import RunFolder
from tests.finished_runs import Finished
from tests.processes import run_altitude


def shown(run: str, capsys: pytest.CaptureFixture[str]) -> str:
    main([run])
    return narrow(capsys.readouterr().out)


def narrow(text: str) -> str:
    """The text with a single space between columns."""
    return re.sub("(?<=\\S) +", " ", text)


def test_a_run_is_shown_on_one_screen(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = shown(str(finished.run), capsys)
    assert len(screen.splitlines()) < 40
    for line in (
        "loop.epochs 2 (default 30)",
        "best epoch",
        "val_loss",
        f'use it keras.models.load_model("{finished.run}/best.keras")',
        f"run {RunFolder.read(finished.run).run_id}",
        "http://localhost:5000/#/experiments/1/runs/",
    ):
        assert line in screen, screen


def test_a_run_that_was_not_tracked_is_shown_as_well(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = shown(str(finished.untracked), capsys)
    assert f"files {finished.untracked}" in screen
    assert "best epoch" in screen
    assert "  store " not in screen


def test_a_model_is_all_there_is_to_show_of_a_file(
    finished: Finished, working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = working_folder / "given.keras"
    shutil.copy(finished.run / "best.keras", given)
    assert shown(str(given), capsys).splitlines() == [
        "where",
        f"  model {given}",
        f'  use it keras.models.load_model("{given}")',
    ]


def test_a_run_that_was_killed_says_how_it_goes_on(
    finished: Finished, working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = working_folder / "killed"
    shutil.copytree(finished.untracked, killed)
    (killed / "result.json").unlink()
    assert f"goes on: altitude resume {killed}" in shown(str(killed), capsys)


def test_a_run_that_is_not_there_is_a_mistake(
    working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["latest"])
    assert exit_.value.code == 2
    assert f"latest, but no run was begun in {working_folder}" in capsys.readouterr().err


def test_it_needs_neither_blocks_nor_mlflow(finished: Finished) -> None:
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONPROFILEIMPORTTIME": "1"}
    shown = run_altitude("show", str(finished.run), folder=finished.path, **plain)
    assert shown.returncode == 0, shown.stderr
    assert "#" in shown.stdout
    assert not [line for line in shown.stderr.splitlines() if line.endswith((" mlflow", " keras"))]


@pytest.mark.slow
def test_a_run_on_a_server_is_shown_from_anywhere(
    on_server: tuple[str, str], working_folder: Path
) -> None:
    uri, run_id = on_server
    shown = run_altitude("show", run_id[:8], folder=working_folder, MLFLOW_TRACKING_URI=uri)
    assert shown.returncode == 0, shown.stderr
    assert "not on this machine, but among the artifacts" in shown.stdout
    assert "loop.epochs 2 (default 30)" in narrow(shown.stdout)
    assert "best epoch" in shown.stdout

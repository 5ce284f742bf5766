from pathlib import Path

import keras
import numpy as np
import pytest

from altitude.cli.predict import main
from tests.processes import run_altitude


@pytest.fixture
def model(working_folder: Path) -> Path:
    """A model of two inputs and two classes, and arrays for it."""
    ones = keras.layers.Dense(2, "softmax", kernel_initializer="identity")
    keras.Sequential([keras.Input((2,)), ones]).save("it.keras")
    np.save("x.npy", np.array([[5.0, 0.0], [0.0, 5.0]]))
    np.save("images.npy", np.zeros((3, 8, 8)))
    Path("bad.csv").write_text("1,0\none,0\n0,1\n")
    Path("notes.txt").write_text("1,2")
    Path("precious.csv").write_text("old")
    return working_folder


def test_predictions_are_written(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["it.keras", "x.npy", "-o", "out.csv"])
    header, first, second = (model / "out.csv").read_text().splitlines()
    assert header == "row,class,probability_0,probability_1"
    assert [first[:4], second[:4]] == ["0,0,", "1,1,"]
    assert "written  out.csv, 2 predictions" in capsys.readouterr().out


def test_a_bad_row_is_named_and_the_rest_predicted(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["it.keras", "bad.csv", "-o", "out.jsonl"])
    assert exit_.value.code == 1
    shown = capsys.readouterr()
    assert "row 1, line 2: 'one' is no number" in shown.err
    assert "2 predictions" in shown.out
    assert len((model / "out.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["it.keras", "x.npy"], "the following arguments are required: -o"),
        (["it.keras", "x.npy", "-o", "out.txt"], "-o out.csv"),
        (["it.keras", "x.npy", "-o", "no/out.csv"], "a folder no that is there"),
        (["it.keras", "x.npy", "-o", "."], "-o predictions.csv"),
        (["it.keras", "bad.csv", "-o", "bad.csv"], "another file than the one that is read"),
        (["it.keras", "nothing.npy", "-o", "out.csv"], "nothing.npy, which is not there"),
        (["it.keras", "notes.txt", "-o", "out.csv"], "a folder of images, or a file that ends in"),
        (["it.keras", "images.npy", "-o", "precious.csv"], "rows of shape (2,)"),
        (["it.keras", ".", "-o", "precious.csv"], "a model that takes images of one size"),
        (["other.keras", "x.npy", "-o", "out.csv"], "other.keras, which is not there"),
        (["latest", "x.npy", "-o", "out.csv"], "but no run was begun in"),
        (["it.keras", "x.npy", "-o", "out.csv", "--batch-size", "0"], "no whole number from 1"),
    ],
)
def test_mistakes_are_explained(
    typed: list[str], said: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in model.iterdir()}
    with pytest.raises(SystemExit) as exit_:
        main(typed)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in model.iterdir()} == before


def test_help_imports_no_heavy_library(working_folder: Path) -> None:
    done = run_altitude("predict", "--help", folder=working_folder, PYTHONPROFILEIMPORTTIME="1")
    assert "INPUT" in done.stdout
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert not loaded & {"tensorflow", "keras", "mlflow", "pandas", "pyarrow", "numpy", "hydra"}


@pytest.mark.slow
def test_a_run_on_a_server_predicts_anywhere(
    on_server: tuple[str, str], working_folder: Path
) -> None:
    uri, run_id = on_server
    np.save("x.npy", np.zeros((3, 8, 8), np.uint8))
    typed = ("predict", run_id[:8], "x.npy", "-o", "out.csv")
    done = run_altitude(*typed, folder=working_folder, MLFLOW_TRACKING_URI=uri)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len((working_folder / "out.csv").read_text().splitlines()) == 4

from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf
from rich.console import Console

from altitude import compose, run
from altitude.cli.init import main
from altitude.data import ImageFolder
from altitude.data.arrays import Array
from tests.data.images import write_digits
from tests.processes import run_altitude

RANDOM = np.random.default_rng(0)


def write_arrays(path: Path, x: Array, y: Array) -> Path:
    np.savez(path, x_train=x, y_train=y, x_test=x[:9], y_test=y[:9])
    return path


def refusal(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """The exit status and what was said on standard error."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    return exit_.value.code, capsys.readouterr().err


def test_it_says_what_it_found_and_how_to_train(working_folder: Path) -> None:
    write_digits(working_folder / "My Photos", ("one", "two"), each=3)
    process = run_altitude("init", "My Photos", folder=working_folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == [
        "My Photos: 6 images in 2 classes, 8 by 8 pixels",
        "  one  3 images",
        "  two  3 images",
        "Written, for you to change:",
        "  conf/dataset/my_photos.yaml",
        "  conf/experiment/my_photos.yaml",
        "To train:",
        "  altitude --config-dir conf experiment=my_photos",
    ]
    assert process.stderr == ""


@pytest.mark.slow
def test_what_it_writes_trains(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALTITUDE_CACHE", str(working_folder / "cache"))
    write_digits(working_folder / "photos", ("one", "two"), each=40)
    main(["photos"])
    quick = ["tracking=none", "loop.epochs=1", "callbacks=none"]
    result = run(
        compose(["experiment=photos", *quick], config_dir="conf"), console=Console(quiet=True)
    )
    assert result.metrics["test_accuracy"] >= 0


@pytest.mark.parametrize(
    ("x", "y", "model", "objective"),
    [
        (RANDOM.random((60, 4)), np.arange(60) % 3, "mlp", "sparse_categorical"),
        (RANDOM.random((60, 8, 8)), np.arange(60) % 3, "cnn", "sparse_categorical"),
        (RANDOM.random((60, 4)), np.eye(3)[np.arange(60) % 3], "mlp", "categorical"),
        (RANDOM.random((60, 4)), np.arange(60)[:, None] % 2, "mlp", "binary"),
        (RANDOM.random((60, 4)), RANDOM.random(60), "mlp", "regression"),
    ],
)
def test_arrays_of_each_kind(
    x: Array, y: Array, model: str, objective: str, working_folder: Path
) -> None:
    main([str(write_arrays(working_folder / "digits.npz", x, y))])
    written = OmegaConf.load(working_folder / "conf" / "experiment" / "my_digits.yaml")
    assert written.defaults[1:] == [
        {"override /model": model},
        {"override /objective": objective},
    ]
    experiment = compose(["experiment=my_digits"], config_dir="conf")
    assert type(experiment.model).__name__.lower() == model


def test_missing_values_are_counted(
    working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = RANDOM.random((60, 4))
    x[3:5, 1] = np.nan
    main([str(write_arrays(working_folder / "mine.npz", x, np.arange(60) % 3))])
    assert "x_train  float64 (60, 4), 2 of them NaN" in capsys.readouterr().out


@pytest.mark.parametrize("name", ['odd ${x} "n"', "new\nline", "日本", "10 photos"])
def test_odd_names(name: str, working_folder: Path) -> None:
    write_digits(working_folder / name, ("one", "two"), each=3)
    main([name])
    (written,) = Path("conf/experiment").iterdir()
    dataset = compose([f"experiment={written.stem}"], config_dir="conf").dataset
    assert isinstance(dataset, ImageFolder)
    assert dataset.path == Path(name)


def test_files_that_are_there_are_never_overwritten(
    working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_digits(working_folder / "photos", ("one", "two"), each=3)
    Path("conf/dataset").mkdir(parents=True)
    Path("conf/dataset/photos.yaml").write_text("precious")
    status, message = refusal("photos", capsys=capsys)
    assert (status, "conf/dataset/photos.yaml" in message) == (1, True)
    assert Path("conf/dataset/photos.yaml").read_text() == "precious"
    main(["photos", "--name", "others"])
    assert Path("conf/experiment/others.yaml").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["nowhere"], "nowhere, which is not there"),
        (["file.txt"], "file.txt, a file"),
        (["empty"], "in which no folder is a class"),
        (["photos/one"], "dataset.path="),
        (["broken.npz"], "damaged"),
        (["photos", "--name", "Upper Case"], "try `upper_case`"),
        (["photos", "--name", "digits"], "try `my_digits`"),
        ([], "PATH"),
    ],
)
def test_mistakes(
    typed: list[str], said: str, working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_digits(working_folder / "photos", ("one", "two"), each=3)
    (working_folder / "empty").mkdir()
    (working_folder / "file.txt").write_text("x")
    (working_folder / "broken.npz").write_bytes(b"PK broken")
    status, message = refusal(*typed, capsys=capsys)
    assert (status, said in message) == (2, True), message
    assert not Path("conf").exists()

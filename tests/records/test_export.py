from pathlib import Path

import keras
import numpy as np
import pytest

from altitude import ConfigError, Experiment, run
from altitude.cli.export import FORMATS as OFFERED
from altitude.cli.export import main
from altitude.data import Digits
from altitude.loops import Fit
from altitude.models import Cnn
from altitude.records.export import FORMATS, default_path, export_model
from altitude.records.model_file import open_model
from altitude.tracking import Untracked


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The best model of a run, which scales its inputs itself."""
    experiment = Experiment(
        dataset=Digits(limit=100),
        model=Cnn(filters=(4,)),
        loop=Fit(epochs=1),
        callbacks={},
        tracking=Untracked(),
        output_dir=tmp_path_factory.mktemp("exported"),
    )
    return run(experiment).model_path


def test_the_command_offers_all_formats() -> None:
    assert set(OFFERED) == set(FORMATS)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_it_computes_the_same(name: str, model: Path, tmp_path: Path) -> None:
    path = tmp_path / default_path(model, name)
    exported = export_model(open_model(model), path, name)
    assert exported.agrees
    assert exported.difference < 1e-5
    x = np.zeros((3, 8, 8), np.float32)
    (found,) = FORMATS[name].run(path, x)
    assert np.allclose(found, keras.models.load_model(model).predict(x, verbose=0), atol=1e-5)


@pytest.mark.parametrize("name", FORMATS)
def test_several_outputs_and_sizes_that_are_open(name: str, tmp_path: Path) -> None:
    if name == "litert":
        pytest.skip("LiteRT takes a size that is open to be 1")
    inputs = keras.Input((None, 4))
    outputs = {"a": keras.layers.Dense(3)(inputs), "b": keras.layers.Dense(2)(inputs)}
    path = tmp_path / f"it{FORMATS[name].suffix}"
    assert export_model(keras.Model(inputs, outputs), path, name).agrees


def test_a_model_that_computes_something_else(tmp_path: Path) -> None:
    class Random(keras.layers.Layer):
        def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
            return inputs + keras.random.normal((1,))

    model = keras.Sequential([keras.Input((4,)), Random()])
    assert not export_model(model, tmp_path / "it", "saved_model").agrees


def test_the_command(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(model), "--format", "saved_model", "-o", "served"])
    written, original, difference = capsys.readouterr().out.splitlines()[-3:]
    assert written.split() == ["written", "served"]
    assert original.split()[-1] == str(model)
    assert difference.startswith("difference  0 in outputs of up to ")
    assert Path("served/saved_model.pb").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["best.keras", "--format", "onnx", "-o", "there.onnx"], "there.onnx, which is there"),
        (["best.keras", "--format", "onnx", "-o", "it.tflite"], "it.onnx"),
        (["best.keras", "--format", "saved_model", "-o", "no/where"], "a folder no that is there"),
        (["damaged.keras", "--format", "saved_model"], "a whole .keras file"),
        (["lambda.keras", "--format", "saved_model"], "--unsafe"),
        (["nothing.keras", "--format", "saved_model"], "which is not there"),
        (["best.keras", "--format", "onx"], "invalid choice"),
        (["best.keras"], "--format"),
    ],
)
def test_mistakes(
    typed: list[str], said: str, working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save("best.keras")
    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x)]).save("lambda.keras")
    Path("damaged.keras").write_bytes(Path("best.keras").read_bytes()[:500])
    Path("there.onnx").write_text("precious")
    before = sorted(working_folder.iterdir())
    with pytest.raises(SystemExit) as exit_:
        main(typed)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err
    assert sorted(working_folder.iterdir()) == before
    assert Path("there.onnx").read_text() == "precious"


def test_code_that_a_file_brings_runs_when_asked(working_folder: Path) -> None:
    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2)]).save("it.keras")
    with pytest.raises(ConfigError):
        open_model(working_folder / "it.keras")
    assert open_model(working_folder / "it.keras", unsafe=True).count_params() == 0

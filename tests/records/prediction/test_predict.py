"""The predictions are those of the best model, whatever the run was and however large the input."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import altitude
from altitude.data import Digits
from altitude.records.evaluation.predictions import Classified, predict
from altitude.records.evaluation.scored_data import split_of
from altitude.records.find import find_run
from altitude.records.prediction.predict import Predicted, predict_file, predictor_of
from altitude.records.restored import restored
from tests.finished_runs import Finished
from tests.processes import run_python

UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
import keras, numpy as np, psutil
from altitude.records.find import find_run
from altitude.records.prediction.predict import predict_file, predictor_of

np.lib.format.open_memmap("large.npy", "w+", np.float32, (1 << 18, 1024))
keras.Sequential([keras.Input((1024,)), keras.layers.Dense(1)]).save("it.keras")
predictor = predictor_of(find_run("it.keras"))
np.save("small.npy", np.zeros((1024, 1024), np.float32))
predict_file(predictor, Path("small.npy"), Path("out.parquet"), 1024, print)
limit = psutil.Process().memory_info().data + (256 << 20)
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    np.load("large.npy")
except MemoryError:
    done = predict_file(predictor, Path("large.npy"), Path("out.parquet"), 1024, print)
    print(done.rows, done.faults)
"""


def test_predictions_are_those_that_are_evaluated(finished: Finished, tmp_path: Path) -> None:
    record = find_run(str(finished.run))
    x = Digits().split().test.x
    np.save(tmp_path / "x.npy", x)
    done = predict_file(
        predictor_of(record), tmp_path / "x.npy", tmp_path / "out.parquet", 128, pytest.fail
    )
    assert done == Predicted(len(x))
    written = pd.read_parquet(tmp_path / "out.parquet")
    with restored(record, lambda experiment: split_of(experiment, "test")) as (training, scored):
        evaluated = predict(training, scored.batches)
    assert isinstance(evaluated, Classified)
    assert (written["class"].astype(int) == evaluated.predicted).all()
    found = written[[f"probability_{n}" for n in range(10)]].to_numpy()
    np.testing.assert_allclose(found, evaluated.probabilities, rtol=1e-5)


def test_a_run_of_images_predicts_their_names(tmp_path: Path) -> None:
    from PIL import Image

    for name, grey in (("dark", 20), ("light", 220)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            image = np.full((6, 6), grey + number, np.uint8)
            Image.fromarray(image).save(tmp_path / "photos" / name / f"{number}.png")
    settings = ["dataset=image_folder", f"dataset.path={tmp_path}/photos", "dataset.channels=1"]
    settings += ["model.hidden_units=[]", "callbacks=[]", "loop.epochs=40", "tracking=none"]
    settings += ["dataset.validation_size=4", "dataset.test_size=4", "optimizer.learning_rate=0.1"]
    result = altitude.run(altitude.compose(settings))
    (tmp_path / "photos").rename(tmp_path / "new")
    (tmp_path / "new" / "broken.png").write_bytes(b"")
    faults: list[str] = []
    predictor = predictor_of(find_run(str(result.output_dir)))
    out = tmp_path / "out.csv"
    assert predict_file(predictor, tmp_path / "new", out, 8, faults.append) == Predicted(20, 1)
    written = pd.read_csv(out)
    assert (written["file"].str.partition("/")[0] == written["class"]).all()
    assert faults == ["broken.png: Input is empty."]


def test_rows_without_a_finite_prediction_are_left_out(working_folder: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.save("it.keras")
    x = np.array([[1, 2], [np.nan, 1], [3e38, 3e38], [np.inf, 0], [3, 4]], np.float32)
    np.save("x.npy", x)
    faults: list[str] = []
    predictor = predictor_of(find_run("it.keras"))
    out = working_folder / "out.csv"
    assert predict_file(predictor, Path("x.npy"), out, 4, faults.append) == Predicted(2, 3)
    assert out.read_text() == "row,value\n0,3.0\n4,7.0\n"
    assert faults == [
        "row 1: a value that is not finite",
        "row 3: a value that is not finite",
        "row 2: the model computes a value that is not finite",
    ]


def test_there_may_be_nothing_to_predict(working_folder: Path) -> None:
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")]).save(
        "it.keras"
    )
    Path("x.csv").write_text("1,x\n1\n3e38,3e38\n3e38,3e38\n")
    predictor = predictor_of(find_run("it.keras"))
    out = working_folder / "out.csv"
    assert predict_file(predictor, Path("x.csv"), out, 2, print) == Predicted(0, 4)
    assert out.read_text() == "row,value\n"


@pytest.mark.slow
def test_an_array_may_be_larger_than_memory(working_folder: Path) -> None:
    done = run_python("-c", UNDER_A_LIMIT, folder=working_folder)
    assert done.stdout.split() == [str(1 << 18), "0"], done.stderr

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import altitude
from altitude.data import Digits
from altitude.errors import ConfigError
from altitude.records.find import find_run
from altitude.records.loaded_run import LoadedRun
from altitude.runs.result_file import RESULT, read_result
from tests.finished_runs import Finished


def test_a_run_is_loaded_whole(finished: Finished) -> None:
    run = altitude.load(finished.run)
    result = read_result(finished.run / RESULT)
    assert altitude.load(result).record.run_id == run.record.run_id == result.run_id
    assert run.config["model"]["hidden_units"] == [16]
    pd.testing.assert_frame_equal(run.history, result.history)
    x = Digits().load().test.x
    predictions = run.predict(x)
    outputs = run.model.predict(x, verbose=0)
    assert (predictions["class"].astype(int) == outputs.argmax(axis=1)).all()
    assert run.evaluate("test").metrics["accuracy"] == result.metrics["test_accuracy"]


def test_what_cannot_be_predicted_is_a_warning(finished: Finished, tmp_path: Path) -> None:
    x = np.ones((9, 8, 8), np.float32)
    x[2:] = np.nan
    run = altitude.load(finished.untracked)
    with pytest.warns(UserWarning, match="7 examples have no prediction: row 2: .*; and 2 more"):
        assert list(run.predict(x).index) == [0, 1]
    np.save(tmp_path / "x.npy", x[:2])
    assert run.predict(tmp_path / "x.npy").index.name == "row"
    with pytest.raises(ConfigError, match="rows of shape"):
        run.predict(np.ones((3, 5)))


def test_a_run_that_has_not_finished_has_the_epochs_that_are_logged(
    finished: Finished, tmp_path: Path
) -> None:
    killed = shutil.copytree(finished.run, tmp_path / "killed")
    (killed / RESULT).unlink()
    record = dataclasses.replace(find_run(str(finished.run)), folder=killed)
    assert record.logged is not None
    object.__setattr__(record.logged, "has_artifact", lambda _: False)
    history = LoadedRun(record).history
    assert history.index.name == "epoch"
    assert history["val_loss"].dropna().index.tolist() == [1, 2]


def test_a_notebook_shows_scores_and_curves_and_nothing_unescaped(
    finished: Finished, tmp_path: Path
) -> None:
    page = altitude.load(finished.run)._repr_html_()
    for part in ("loop.epochs", "val_loss", "accuracy", 'src="data:image/png;base64,'):
        assert part in page
    hostile = shutil.copytree(finished.untracked, tmp_path / "hostile")
    config = yaml.safe_load((hostile / "config.yaml").read_text())
    config["dataset"]["path"] = "<script>alert(1)</script>"
    (hostile / "config.yaml").write_text(yaml.safe_dump(config))
    page = altitude.load(hostile)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_run_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="latest, but no run was begun"):
        altitude.load("latest")

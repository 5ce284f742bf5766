from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

from altitude.cli.rerun import main
from altitude.runs.output_folder import RunFolder
from tests.finished_runs import Finished
from tests.processes import run_altitude

RUN = ("dataset=npz", "dataset.path=mine.npz", "model.hidden_units=[8]", "loop.epochs=2")


def save_arrays(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(250, 4)).astype("float32"), random.integers(0, 2, 250)
    np.savez("mine.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save_arrays(seed=1)
    done = run_altitude(*RUN, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("outputs/*/*")
    return folder


@pytest.mark.slow
def test_a_run_is_trained_again_and_compared(
    run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    main([str(run)])
    assert "identical to the last bit: 2 epochs, scores and weights" in capsys.readouterr().out
    first, second = sorted(tmp_path.glob("outputs/*/*"))
    again = MlflowClient().get_run(str(RunFolder.read(second).run_id))
    assert again.data.tags["rerun_of"] == RunFolder.read(first).run_id

    save_arrays(seed=2)
    with pytest.raises(SystemExit) as exit_:
        main([str(run)])
    assert exit_.value.code == 1
    error = capsys.readouterr().err
    assert f"differs from {first} from epoch 1 on: " in error
    assert "likeliest cause  dataset.fingerprint: " in error

    main([str(run), "loop.epochs=1"])  # another experiment: there is nothing to compare
    captured = capsys.readouterr()
    assert "identical" not in captured.out
    assert "differs" not in captured.err


def test_a_run_without_a_result_has_nothing_to_compare(
    finished: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "best.keras"
    model.write_bytes((finished.run / "best.keras").read_bytes())
    with pytest.raises(SystemExit) as exit_:
        main([str(model)])
    assert exit_.value.code == 2
    assert "expected: " in capsys.readouterr().err

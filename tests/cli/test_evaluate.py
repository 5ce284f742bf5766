import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

from altitude.cli.evaluate import main
from altitude.records.find import find_run
from tests.finished_runs import Finished
from tests.processes import run_altitude

pytestmark = pytest.mark.slow


def artifacts(client: MlflowClient, run_id: str | None, folder: str) -> set[str]:
    return {Path(file.path).name for file in client.list_artifacts(str(run_id), folder)}


def test_scores_and_pictures_are_added_to_the_run(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(finished.run)])
    screen = capsys.readouterr().out
    assert screen.count("as the run logged") == 2
    assert "95% interval" in screen
    record = find_run(str(finished.run))
    client = MlflowClient(str(record.uri))
    metrics = client.get_run(str(record.run_id)).data.metrics
    for name in ("accuracy", "loss"):
        assert metrics[f"evaluation.test/{name}"] == metrics[f"test_{name}"]
    assert 0 < metrics["evaluation.test/calibration_error"] < 1
    files = artifacts(client, record.run_id, "evaluation.test")
    assert {"report.html", "scores.json", "confusion_matrix.png", "calibration.png"} <= files
    assert "most_confident_mistakes.png" in files
    scores = json.loads((finished.run / "evaluation.test" / "scores.json").read_text())
    assert scores["accuracy"] == metrics["test_accuracy"]


def test_other_data_leave_what_is_there(
    finished: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, x=np.zeros((20, 8, 8), np.uint8), y=np.arange(20) % 10)
    main([str(finished.run)])
    main([str(finished.run), "--data", str(path)])
    assert "under evaluation.mine." in capsys.readouterr().out
    record = find_run(str(finished.run))
    metrics = MlflowClient(str(record.uri)).get_run(str(record.run_id)).data.metrics
    accuracy = {n: v for n, v in metrics.items() if n.startswith("evaluation.mine.")}
    assert any(name.endswith("/accuracy") for name in accuracy)
    assert metrics["evaluation.test/accuracy"] == metrics["test_accuracy"]


@pytest.mark.slow
def test_a_run_on_a_server_is_evaluated_from_anywhere(
    on_server: tuple[str, str], working_folder: Path
) -> None:
    uri, run_id = on_server
    done = run_altitude("evaluate", run_id[:8], folder=working_folder, MLFLOW_TRACKING_URI=uri)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("as the run logged") == 2
    assert (working_folder / "evaluations" / run_id / "evaluation.test" / "report.html").exists()
    assert "report.html" in artifacts(MlflowClient(uri), run_id, "evaluation.test")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["latest"], "but no run was begun in"),
        (["latest", "--split", "tset"], "invalid choice: 'tset'"),
        ([], "the following arguments are required: RUN"),
    ],
)
def test_mistakes_are_explained(
    arguments: list[str],
    said: str,
    working_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert working_folder
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_a_model_without_a_config_is_not_evaluated(
    working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(working_folder / "given.keras", "w"):
        pass
    with pytest.raises(SystemExit) as exit_:
        main(["given.keras"])
    assert exit_.value.code == 2
    assert "given.keras, which has no config.yaml" in capsys.readouterr().err

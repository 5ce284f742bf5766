import json
from pathlib import Path

import keras
import pytest

from altitude import ConfigError, compose, run
from altitude.loops import Tape
from altitude.strategies import MultiWorker
from tests.conftest import ExperimentFactory
from tests.processes import finish, free_port, start_python

OVERRIDES = (
    "loop=tape",
    "loop.epochs=2",
    "loop.clip_norm=0.5",
    "dataset=digits",
    "dataset.limit=190",
    "dataset.batch_size=63",
    "model.hidden_units=[16]",
    "tracking=none",
)


def tf_config(ports: list[int], index: int) -> str:
    workers = [f"127.0.0.1:{port}" for port in ports]
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": workers}, "task": task})


@pytest.mark.slow
def test_two_processes_train_as_one_does(working_folder: Path) -> None:
    ports = [free_port(), free_port()]
    command = ("-m", "altitude", "strategy=multi_worker", *OVERRIDES)
    processes = []
    for index in range(2):
        folder = working_folder / str(index)
        folder.mkdir()
        settings = {"TF_CONFIG": tf_config(ports, index)}
        processes.append(start_python(*command, folder=folder, **settings))
    chief, other = (finish(process, timeout=400) for process in processes)
    assert (chief.returncode, other.returncode) == (0, 0), chief.stderr + other.stderr
    assert (other.stdout, other.stderr) == ("", "")
    assert list(working_folder.glob("1/**/best.keras")) == []
    assert list(working_folder.glob("1/**/*tfevents*")) == []
    (path,) = working_folder.glob("0/outputs/*/*/best.keras")
    result = run(compose(OVERRIDES))
    for found, expected in zip(
        keras.models.load_model(path).get_weights(),
        keras.models.load_model(result.model_path).get_weights(),
        strict=True,
    ):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)
    for name in ("loss", "grad_norm", "val_loss", "val_accuracy"):
        assert f"{name} {result.metrics_by_epoch[name][0]:.4g}" in chief.stdout


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
    ],
)
def test_what_is_no_cluster(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    (problem,) = MultiWorker().problems()
    assert (problem.key, problem.given) == ("TF_CONFIG", text)
    assert '"index": 0' in problem.instead


def test_a_worker_must_know_the_others(small_experiment: ExperimentFactory) -> None:
    with pytest.raises(ConfigError, match=r"TF_CONFIG\n +given: +not set"):
        run(small_experiment(strategy=MultiWorker(), loop=Tape()))


@pytest.mark.parametrize(("index", "chief"), [(0, True), (1, False)])
def test_the_first_worker_is_the_chief(
    monkeypatch: pytest.MonkeyPatch, index: int, chief: bool
) -> None:
    monkeypatch.setenv("TF_CONFIG", tf_config([1, 2], index))
    assert MultiWorker().problems() == []
    assert MultiWorker().is_chief is chief


def test_a_chief_comes_before_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"chief": ["a:1"], "worker": ["b:1"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    assert not MultiWorker().is_chief

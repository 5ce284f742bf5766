import json
from pathlib import Path

import pytest
import tensorflow as tf
from pydantic import ValidationError

from altitude import ConfigError, run
from altitude.strategies import Mirrored
from tests.conftest import ExperimentFactory
from tests.processes import finish, start_python

PROGRAM = Path(__file__).parent / "on_two_devices.py"
EVERY_LOOP = ("loop=fit", "loop=train_step loop.clip_norm=0.5", "loop=tape loop.clip_norm=0.5")
TWO_LOSSES = "experiment=auxiliary_loss loop.step.layer=hidden_1 loop=tape loop.epochs=1"


@pytest.mark.slow
def test_two_devices_train_as_one_does(working_folder: Path) -> None:
    chosen = (*EVERY_LOOP, TWO_LOSSES)
    # Half a minute on two cores; several on a machine that is busy, as its devices take turns.
    one_thread = {"TF_NUM_INTRAOP_THREADS": "1"}
    process = start_python(str(PROGRAM), *chosen, folder=working_folder, **one_thread)
    finished = finish(process, timeout=400)
    assert finished.returncode == 0, finished.stderr
    compared = json.loads(finished.stdout.splitlines()[-1])
    assert list(compared) == list(chosen)
    for found in compared.values():
        assert found["weights"] < 1e-5
        one, two = found["histories"]
        assert one.keys() == two.keys()
        for name, values in one.items():
            assert two[name] == pytest.approx(values, rel=1e-5, abs=1e-6)
        assert found["metrics"][1] == pytest.approx(found["metrics"][0], rel=1e-5, abs=1e-6)
        assert found["cuts"][0] == found["cuts"][1]
        assert set(found["traces"].values()) == {1}
        assert found["saved"] == ["Functional", True]
    for loop in EVERY_LOOP:  # the third of four epochs begins at half the rate, and is the last
        assert compared[loop]["cuts"][1] == [3]
        assert len(compared[loop]["histories"][1]["loss"]) == 3
    assert all("grad_norm" in compared[loop]["histories"][1] for loop in EVERY_LOOP[1:])


def test_devices_that_are_not_there(small_experiment: ExperimentFactory) -> None:
    with pytest.raises(ConfigError, match=r"GPU:7\n.*devices of this machine: .*CPU:0"):
        run(small_experiment(strategy=Mirrored(devices=("GPU:7",))))


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there are GPUs")
def test_all_of_no_gpus(small_experiment: ExperimentFactory) -> None:
    with pytest.raises(ConfigError, match="there is none") as raised:
        run(small_experiment(strategy=Mirrored()))
    assert raised.value.problems[0].instead == "strategy.logical_cpus=2"


def test_a_cpu_that_is_in_use_cannot_be_cut(small_experiment: ExperimentFactory) -> None:
    with pytest.raises(ConfigError, match="5, and TensorFlow runs with 1 already"):
        run(small_experiment(strategy=Mirrored(logical_cpus=5)))


def test_one_answer_to_which_devices() -> None:
    with pytest.raises(ValidationError, match=r"only one of strategy\.devices"):
        Mirrored(devices=("GPU:0",), logical_cpus=2)

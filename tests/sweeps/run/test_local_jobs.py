from pathlib import Path
from typing import Any

import pytest
from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import DictConfig

from altitude.errors import TakenError
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.run.local_jobs import LocalJobs


def work(config: DictConfig) -> float:
    if config.seed == 1:
        raise TakenError("being done by another run")
    if config.seed == 2:
        raise LookupError("no such thing")
    return float(config.seed)


@pytest.fixture(scope="module")
def returns(
    loader: Any, compose: Composer, tmp_path_factory: pytest.TempPathFactory
) -> list[JobReturn]:
    folder = tmp_path_factory.mktemp("jobs")
    configs = [compose((f"seed={seed}", f"hydra.sweep.dir={folder}")) for seed in range(3)]
    context = HydraContext(config_loader=loader, callbacks=Callbacks())
    jobs = LocalJobs(1, folder, context, work, imports_early=False)
    heard: dict[int, JobReturn] = {}
    found = jobs.run(configs, 0, heard.__setitem__)
    jobs.close()
    assert [heard[position] for position in range(3)] == found
    assert Path(folder / "2").is_dir()
    return found


def test_a_job_returns_its_score(returns: list[JobReturn]) -> None:
    assert (returns[0].status, returns[0].return_value) == (JobStatus.COMPLETED, 0.0)


def test_a_job_that_another_process_does_can_be_told_from_one_that_failed(
    returns: list[JobReturn],
) -> None:
    assert isinstance(returns[1]._return_value, TakenError)


def test_a_failure_is_told_in_words(returns: list[JobReturn]) -> None:
    assert returns[2].status is JobStatus.FAILED
    assert str(returns[2]._return_value) == "LookupError: no such thing"

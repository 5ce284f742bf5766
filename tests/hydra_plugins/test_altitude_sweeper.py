"""Hydra's own tests of sweepers, for which ours is not made: its jobs are experiments."""

from pathlib import Path
from typing import Any

import pytest
from hydra.test_utils.launcher_common_tests import BatchedSweeperTestSuite, LauncherTestSuite

from altitude.composition.directory import config_directory
from altitude.errors import ConfigError

OVERRIDES = [f"hydra.searchpath=[file://{config_directory()}]", "hydra/sweeper=altitude"]

BY_DESIGN = (
    "test_sweep_1_job",
    "test_sweep_2_jobs",
    "test_sweep_1_job_strict",
    "test_sweep_2_optimizers",
    "test_sweep_over_unspecified_mandatory_default",
    "test_sweep_and_override",
    "test_sweep_with_custom_resolver",
    "test_sweep_2_jobs_2_batches",
)
"""Tests whose tasks are no experiments; what they want of directories is in `test_folders`."""

SINCE_1_4 = "test_failure_preserves_task_traceback"
"""One more of them, where Hydra has it."""


class Suites(LauncherTestSuite, BatchedSweeperTestSuite):
    """Both of them, so that each test can be called by its name."""


@pytest.mark.parametrize("name", BY_DESIGN)
@pytest.mark.usefixtures("hydra_restore_singletons")
def test_tasks_that_are_no_experiments_are_refused_in_plain_words(
    name: str, hydra_sweep_runner: Any, tmp_path: Path
) -> None:
    test = getattr(Suites(), name)
    with pytest.raises(ConfigError, match="runs experiments of altitude") as refused:
        test(hydra_sweep_runner, "basic", list(OVERRIDES), tmp_path)
    assert "hydra/sweeper=basic" in str(refused.value)


OTHERS = sorted(
    n for n in dir(Suites) if n.startswith("test_") and n not in (*BY_DESIGN, SINCE_1_4)
)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.usefixtures("hydra_restore_singletons")
def test_all_others_hold(name: str, hydra_sweep_runner: Any, tmp_path: Path) -> None:
    getattr(Suites(), name)(hydra_sweep_runner, "basic", list(OVERRIDES), tmp_path)

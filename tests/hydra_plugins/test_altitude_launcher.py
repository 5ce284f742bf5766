"""Hydra's own tests of launchers, run on ours."""

from typing import Any

import pytest
from hydra.test_utils.launcher_common_tests import (
    BatchedSweeperTestSuite,
    IntegrationTestSuite,
    LauncherTestSuite,
)

from altitude.composition.directory import config_directory

OURS = f"hydra.searchpath=[file://{config_directory()}]"
"""Has Hydra find our config groups beside those of the tests."""

INSIDE = "hydra.job.chdir=true"
"""What the tests expect, as it was the default when they were written."""

COLD = "+hydra.job.env_set.TESTED=launcher"
"""Workers whose jobs set environment variables do not import TensorFlow, which takes its time."""


@pytest.mark.slow
@pytest.mark.parametrize(("launcher_name", "overrides"), [("local", [OURS, COLD, INSIDE])])
class TestLocalLauncher(LauncherTestSuite):
    """What every launcher must do."""

    # Since Hydra 1.4: ours returns errors as a text, since the class of one may be a job's own.
    test_failure_preserves_task_traceback: Any = None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher_name", "overrides"),
    [("local", [OURS, COLD, INSIDE, "hydra.sweeper.max_batch_size=2"])],
)
class TestLocalLauncherInBatches(BatchedSweeperTestSuite):
    """What a launcher must do that is given some jobs at a time."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"), [({}, ["-m", OURS, COLD, "hydra/launcher=local"])]
)
class TestLocalLauncherInAnApplication(IntegrationTestSuite):
    """What a launcher must do for an application that has never heard of it."""

"""The sweeper that Hydra finds; its code is in `altitude.sweeps`."""

from typing import Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class AltitudeSweeper(Sweeper):
    """Runs sweeps that can be interrupted and resumed.

    Args:
        params: A space to sweep over, by key; the command line takes precedence.
        max_batch_size: The number of jobs that a launcher is given at a time; None for all. Not
            needed for the local launchers, which limit the jobs at a time themselves.
    """

    def __init__(
        self, params: dict[str, Any] | None = None, max_batch_size: int | None = None
    ) -> None:
        super().__init__()
        self.params = params or {}
        self.max_batch_size = max_batch_size

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Stores what Hydra has composed."""
        self._launch = (config, hydra_context, task_function)

    def sweep(self, arguments: list[str]) -> None:
        """Runs the jobs of a sweep.

        Args:
            arguments: The overrides, as they were typed.
        """
        from altitude.config import reading
        from altitude.sweeps.run.launch import launch_sweep

        config, context, task_function = self._launch
        launch_sweep(config, arguments, context, task_function, reading)

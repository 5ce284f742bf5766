"""The sweeper that Hydra finds: what it does is in `altitude.sweeps`."""

from typing import Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class AltitudeSweeper(Sweeper):
    """Runs sweeps that survive.

    Args:
        params: A space to sweep over, by key; the command line comes before it.
    """

    def __init__(self, params: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.params = params or {}

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes what Hydra has composed."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def sweep(self, arguments: list[str]) -> None:
        """Runs the jobs of a sweep.

        Args:
            arguments: The overrides, as they were typed.
        """
        from altitude.sweeps.launch import launch_sweep

        return launch_sweep(self.config, arguments, self.hydra_context, self.task_function)

"""One job: a run or one run of a sweep, from the config that Hydra composed."""

import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from altitude.config import experiment_from
from altitude.display.closing import closing_table
from altitude.display.composition import composition_tree
from altitude.runner import run

FILE_WIDTH = 160


def run_job(config: DictConfig) -> float:
    """Runs the experiment of a composed config and shows it.

    Args:
        config: What Hydra composed.

    Returns:
        The best validation accuracy or, without one, the best validation loss.

    Raises:
        ConfigError: If anything is wrong with the config.
    """
    hydra = HydraConfig.get()
    output_dir = Path(hydra.runtime.output_dir)
    experiment = experiment_from(config, output_dir, hydra.overrides.task)
    # A file has no width: lines stay whole there, as paths and commands must.
    width = None if sys.stdout.isatty() else FILE_WIDTH
    console = Console(width=width, quiet=not experiment.strategy.is_chief)
    console.print(composition_tree(experiment))
    result = run(experiment, console=console)
    console.print(closing_table(result), soft_wrap=True, highlight=False, markup=False)
    scores = [name for name in result.metrics if name.startswith(("best_val_acc", "best_val_loss"))]
    return result.metrics[min(scores)] if scores else result.metrics["best_epoch"]

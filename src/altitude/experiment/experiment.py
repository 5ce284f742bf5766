"""The experiment: everything that was configured, typed and frozen."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.data import Dataset, DataSpec
from altitude.errors import ConfigError
from altitude.experiment.callbacks import resolve_callbacks
from altitude.experiment.parts import default_part
from altitude.experiment.rules import broken_rules
from altitude.experiment.tracking import Tracking
from altitude.lazy import keras
from altitude.loops import Loop
from altitude.objective import Objective
from altitude.optimizers import Optimizer
from altitude.strategies import Strategy


def new_output_dir() -> Path:
    """Returns a new folder named by the current time: `outputs/2026-01-31/13-59-59-123456`."""
    return Path.cwd() / "outputs" / datetime.now().strftime("%Y-%m-%d/%H-%M-%S-%f")


def _default(group: str) -> Callable[[], Any]:
    """Returns a factory for the packaged default of a group."""
    return partial(default_part, group)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The complete configuration of a run.

    The defaults are those of the command line: `Experiment()` is `altitude.compose([])`.

    Attributes:
        dataset: The examples, and how they become batches.
        model: A function of the data's spec that returns an uncompiled model.
        optimizer: Returns the optimizer when called; several by name for a model class that takes
            them in a `compile` of its own.
        objective: Loss and metrics.
        loop: The loop that runs the epochs: the altitude.
        callbacks: Functions that return a Keras callback when called, by name, in order; `{}` for
            none. In the arguments of a `LazyCall`, `${output_dir}` stands for the folder, a
            `monitor` of None for the objective's, and a `mode` of None for the metric's own.
        strategy: The devices that the run trains on.
        tracking: The store that the run is logged to.
        seed: Seeds weights, dropout and the order of the examples.
        output_dir: The folder for the files of the run.
        overrides: The overrides of the defaults, as typed on the command line.

    Example:
        >>> from altitude import Experiment
        >>> from altitude.data import Digits
        >>> from altitude.loops import Tape
        >>> from altitude.models import Mlp
        >>> experiment = Experiment(
        ...     dataset=Digits(), model=Mlp(hidden_units=(32,)), loop=Tape(epochs=3), seed=7
        ... )
        >>> list(experiment.callbacks)  # as on the command line
        ['early_stopping', 'model_checkpoint', 'reduce_lr_on_plateau', 'tensorboard']

    """

    dataset: Dataset = field(default_factory=_default("dataset"))
    model: Callable[[DataSpec], keras.Model] = field(default_factory=_default("model"))
    optimizer: Optimizer = field(default_factory=_default("optimizer"))
    objective: Objective = field(default_factory=_default("objective"))
    loop: Loop = field(default_factory=_default("loop"))
    callbacks: Mapping[str, Callable[[], keras.callbacks.Callback]] = field(
        default_factory=_default("callbacks")
    )
    strategy: Strategy = field(default_factory=_default("strategy"))
    tracking: Tracking = field(default_factory=_default("tracking"))
    seed: int = 42
    output_dir: Path = field(default_factory=new_output_dir)
    overrides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Resolves placeholders in the callbacks, and checks all rules.

        Raises:
            ConfigError: If they do not; it lists everything.
        """
        self._resolve_callbacks()
        problems = broken_rules(vars(self))
        if problems:
            raise ConfigError(problems)

    def _resolve_callbacks(self) -> None:
        filled = resolve_callbacks(self.callbacks, self.output_dir, self.objective, self.loop)
        object.__setattr__(self, "callbacks", filled)  # the way into a frozen dataclass

    def settings(self) -> dict[str, Any]:
        """Returns everything but the overrides as plain values."""
        described = {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}
        del described["overrides"]
        return described

    def in_folder(self, folder: Path) -> Experiment:
        """Returns the same experiment with its files, and those of callbacks, in another folder.

        As `dataclasses.replace(experiment, output_dir=folder)`, but nothing is checked again.

        Args:
            folder: The new `output_dir`, also in the arguments of callbacks.
        """
        moved = copy.copy(self)
        object.__setattr__(moved, "output_dir", folder)
        moved._resolve_callbacks()
        return moved


def _import_path(thing: Any) -> str:
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{named.__qualname__}"


def plain(value: Any, opaque: Callable[[Any], Any] = _import_path) -> Any:
    """Converts a setting to mappings, lists, strings, numbers and None.

    Args:
        value: The setting.
        opaque: Converts a value that is none of these, such as a function.

    Returns:
        The converted setting.
    """
    if isinstance(value, LazyCall):
        return {"_target_": value.target, **plain(dict(value.arguments), opaque)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name), opaque) for f in dataclasses.fields(value)}
        return {"_target_": _import_path(type(value)), **fields}
    if isinstance(value, Mapping):
        return {key: plain(item, opaque) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, opaque) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value) if isinstance(value, Path) else opaque(value)

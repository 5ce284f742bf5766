"""Several devices of one machine, in one process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.errors import ConfigError, Problem
from altitude.lazy import tf
from altitude.strategies.strategy import Strategy
from altitude.validation import STRICT, Count, refuse


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Mirrored(Strategy):
    """A copy of the model on each device, kept equal: `tf.distribute.MirroredStrategy`.

    Attributes:
        devices: Names of the devices, such as `GPU:0`; None for all GPUs.
        logical_cpus: The number of logical devices of the CPU that take the place of GPUs.

    Example:
        >>> from altitude.strategies import Mirrored
        >>> Mirrored(devices=("GPU:0", "GPU:1")).name
        'mirrored'
    """

    devices: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    logical_cpus: Annotated[Count, Field(ge=2)] | None = None

    def __post_init__(self) -> None:
        """Refuses two answers to one question."""
        if self.devices is not None and self.logical_cpus is not None:
            refuse(
                "only one of strategy.devices and strategy.logical_cpus", "strategy.devices=null"
            )

    @property
    def name(self) -> str:
        """The name of the strategy in the config."""
        return "mirrored"

    def start(self) -> None:
        """Cuts the CPU into devices, if that is asked for.

        Raises:
            ConfigError: If TensorFlow runs already, with another number of them.
        """
        if self.logical_cpus is None:
            return
        (cpu,) = tf.config.list_physical_devices("CPU")
        parts = [tf.config.LogicalDeviceConfiguration()] * self.logical_cpus
        try:
            tf.config.set_logical_device_configuration(cpu, parts)
        except RuntimeError as error:
            running = len(tf.config.list_logical_devices("CPU"))
            if running != self.logical_cpus:
                given = f"{self.logical_cpus}, and TensorFlow runs with {running} already"
                expected = f"{running}: a process can cut its CPU only before its first operation"
                raise ConfigError(
                    [Problem("strategy.logical_cpus", given, expected, "a process of its own")]
                ) from error

    def scope(self) -> AbstractContextManager[Any]:
        """Builds the scope of the strategy, in which variables have a copy on each device.

        Returns:
            A context manager.

        Raises:
            ConfigError: If there are no such devices.
        """
        # TensorFlow logs every device and every reduction.
        tf.get_logger().setLevel("WARNING")
        names = self._names()
        on_cpu = any("CPU" in name.upper() for name in names)
        # TensorFlow's own choice, collectives, does not work in a loop inside a graph.
        reduction = (
            tf.distribute.ReductionToOneDevice() if on_cpu else tf.distribute.NcclAllReduce()
        )
        return tf.distribute.MirroredStrategy(names, reduction).scope()  # type: ignore[no-any-return]

    def _names(self) -> list[str]:
        known = [":".join(d.name.split(":")[-2:]) for d in tf.config.list_logical_devices()]
        if self.logical_cpus is not None:
            return [name for name in known if name.startswith("CPU")][: self.logical_cpus]
        chosen = self.devices or [name for name in known if name.startswith("GPU")]
        unknown = [name for name in chosen if name.lstrip("/").upper() not in known]
        if unknown or not chosen:
            given = ", ".join(unknown) or "all GPUs, of which there is none"
            expected = f"devices of this machine: {', '.join(known)}"
            raise ConfigError(
                [Problem("strategy.devices", given, expected, "strategy.logical_cpus=2")]
            )
        return list(chosen)

"""The interface of strategies."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from altitude.errors import Problem


class Strategy(ABC):
    """On which devices one run trains.

    Attributes:
        distributes: Whether there is more than one copy of the model, each on a device of its own
            and with its share of every batch.
        several_processes: Whether those copies are in processes that wait for each other.
    """

    distributes: ClassVar[bool] = True
    several_processes: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of the strategy in the config."""

    @property
    def is_chief(self) -> bool:
        """Whether this process is the one that tracks, saves and shows the run."""
        return True

    def problems(self) -> list[Problem]:
        """Returns what this process lacks to take part, as far as is known without TensorFlow."""
        return []

    def start(self) -> None:  # noqa: B027 - there may be nothing to set up
        """Sets up the devices, between TensorFlow's import and its first operation.

        Raises:
            ConfigError: If they are not there, or if it is too late.
        """

    @abstractmethod
    def scope(self) -> AbstractContextManager[Any]:
        """Returns a context manager in which a model is built and trained on these devices.

        Raises:
            ConfigError: If they are not there.
        """

"""One device: TensorFlow's default."""

from contextlib import AbstractContextManager, nullcontext

from pydantic.dataclasses import dataclass

from altitude.strategies.strategy import Strategy
from altitude.validation import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OneDevice(Strategy):
    """The first GPU or, where there is none, the CPU."""

    distributes = False

    @property
    def name(self) -> str:
        """The name of the strategy in the config."""
        return "one_device"

    def scope(self) -> AbstractContextManager[None]:
        """Returns a context manager that changes nothing."""
        return nullcontext()

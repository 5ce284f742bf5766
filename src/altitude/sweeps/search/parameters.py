"""What a search varies: Hydra's swept overrides as parameters that are suggested one value."""

from dataclasses import dataclass
from typing import Any, Protocol, cast

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from altitude.errors import Problem
from altitude.sweeps.plan.space import Space

LOG = "log"
"""The tag of an interval that is searched by orders of magnitude."""


class Trial(Protocol):
    """What suggests values: a trial of Optuna."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of several values."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number from `low` to `high`, both included."""

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """A whole number from `low` to `high`, both included."""


class Parameter(Protocol):
    """A swept override."""

    @property
    def is_number(self) -> bool:
        """Whether its values have an order and distances."""

    def suggest(self, trial: Trial) -> str:
        """Asks for a value, and returns it as a plain override."""

    def problems(self) -> list[Problem]:
        """What makes it impossible to search."""


@dataclass(frozen=True)
class Choice:
    """One of several values, or options of a group.

    Attributes:
        name: The config key or group.
        element: The same as it is written in an override, such as `+loop.extra`.
        texts: The values, as they are typed.
    """

    name: str
    element: str
    texts: tuple[str, ...]

    is_number = False

    def suggest(self, trial: Trial) -> str:
        """Asks for one of them."""
        return f"{self.element}={trial.suggest_categorical(self.name, self.texts)}"

    def problems(self) -> list[Problem]:
        """There must be one at least."""
        return [] if self.texts else [Problem(self.name, "nothing", "at least one value")]


@dataclass(frozen=True)
class Number:
    """A number from an interval or a range.

    Attributes:
        name: The config key.
        element: The same as it is written in an override.
        given: The space, as it was typed.
        low: The least value.
        high: The greatest value.
        step: The distance of two values; None if there is none.
        log: Whether orders of magnitude count alike.
    """

    name: str
    element: str
    given: str
    low: float
    high: float
    step: float | None
    log: bool

    is_number = True

    def suggest(self, trial: Trial) -> str:
        """Asks for one."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            step = int(self.step or 1)
            whole = trial.suggest_int(self.name, self.low, self.high, step=step, log=self.log)
            return f"{self.element}={whole}"
        value = trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)
        return f"{self.element}={value!r}"

    def problems(self) -> list[Problem]:
        """The ends must be in order, and above zero where orders of magnitude count."""
        if self.low > self.high:
            return [Problem(self.name, self.given, "the lower end first")]
        if self.log and self.step is not None:
            instead = f"{self.name}=tag(log, int(interval({self.low}, {self.high})))"
            return [Problem(self.name, self.given, "an interval: a range has equal steps", instead)]
        if self.log and self.low <= 0:
            instead = f"{self.name}=tag(log, interval(1e-4, {self.high}))"
            return [Problem(self.name, self.given, "ends above 0: its logarithm counts", instead)]
        return []


def parameters_of(space: Space) -> list[Parameter]:
    """The parameters of a space, in its order."""
    return [_parameter(override) for override in space.swept]


def _parameter(override: Override) -> Parameter:
    sweep: Any = override.value()
    name, element = str(override.key_or_group), override.get_key_element()
    given = str(override.input_line).partition("=")[2]
    if isinstance(sweep, IntervalSweep):
        low, high = cast("tuple[float, float]", (sweep.start, sweep.end))
        return Number(name, element, given, low, high, None, LOG in sweep.tags)
    if isinstance(sweep, RangeSweep) and len(values := list(sweep.range())) > 1:
        kind = int if isinstance(values[0], int) else float
        low, high, step = kind(min(values)), kind(max(values)), kind(abs(sweep.step))
        return Number(name, element, given, low, high, step, LOG in sweep.tags)
    texts = [str(text) for text in override.sweep_string_iterator()]
    # Shuffled values come in another order each time, which a search cannot go on with.
    return Choice(
        name, element, tuple(sorted(texts) if getattr(sweep, "shuffle", False) else texts)
    )

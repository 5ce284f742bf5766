"""The parameters of a search: Hydra's swept overrides as Optuna distributions."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, cast

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from altitude.errors import Problem
from altitude.sweeps.plan.space import Space

LOG = "log"
"""The tag of an interval that is searched by orders of magnitude."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A swept override.

    Attributes:
        element: The config key or group as it is written in an override, such as `+loop.extra`.
        suggested: Calls `suggest_int`, `suggest_float` or `suggest_categorical` of a trial.
        is_number: Whether its values have an order and distances.
        problem: The reason why it cannot be searched; None if it can.
    """

    element: str
    suggested: Callable[[Any], Any]
    is_number: bool
    problem: Problem | None

    def suggest(self, trial: Any) -> str:
        """Returns a value that a trial of Optuna suggests, as a plain override.

        Args:
            trial: The trial.
        """
        return f"{self.element}={self.suggested(trial)}"


def parameters_of(space: Space) -> list[Parameter]:
    """Returns the parameters of a space, in its order.

    Args:
        space: The space of the sweep.
    """
    return [_parameter(override) for override in space.swept]


def _parameter(override: Override) -> Parameter:
    sweep: Any = override.value()
    if isinstance(sweep, IntervalSweep):
        low, high = cast("tuple[float, float]", (sweep.start, sweep.end))
        return _number(override, low, high, None)
    if isinstance(sweep, RangeSweep) and len(values := list(sweep.range())) > 1:
        kind = int if isinstance(values[0], int) else float
        return _number(override, kind(min(values)), kind(max(values)), kind(abs(sweep.step)))
    return _choice(override, [str(text) for text in override.sweep_string_iterator()])


def _choice(override: Override, texts: list[str]) -> Parameter:
    sweep, name = override.value(), str(override.key_or_group)
    # Shuffled values come in another order each time, so the search could not be resumed.
    ordered = sorted(texts) if getattr(sweep, "shuffle", False) else texts
    return Parameter(
        element=override.get_key_element(),
        suggested=methodcaller("suggest_categorical", name, ordered),
        is_number=False,
        problem=None if texts else Problem(name, "nothing", "at least one value"),
    )


def _number(override: Override, low: float, high: float, step: float | None) -> Parameter:
    sweep: Any = override.value()
    name, log = str(override.key_or_group), LOG in sweep.tags
    is_whole = isinstance(low, int) and isinstance(high, int)
    method, least_step = ("suggest_int", 1) if is_whole else ("suggest_float", None)
    return Parameter(
        element=override.get_key_element(),
        suggested=methodcaller(method, name, low, high, step=step or least_step, log=log),
        is_number=True,
        problem=_problem(override, low, high, stepped=step is not None),
    )


def _problem(override: Override, low: float, high: float, *, stepped: bool) -> Problem | None:
    sweep: Any = override.value()
    name, given = str(override.key_or_group), str(override.input_line).partition("=")[2]
    if low > high:
        return Problem(name, given, "the lower end first")
    if LOG in sweep.tags and stepped:
        instead = f"{name}=tag(log, int(interval({low}, {high})))"
        return Problem(name, given, "an interval: a range has equal steps", instead)
    if LOG in sweep.tags and low <= 0:
        instead = f"{name}=tag(log, interval(1e-4, {high}))"
        return Problem(name, given, "ends above 0: its logarithm counts", instead)
    return None

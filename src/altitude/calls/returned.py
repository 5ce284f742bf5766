"""Checks the return values of configured functions."""

from hydra.utils import get_object

from altitude.calls.lazy_call import LazyCall
from altitude.errors import ConfigError, Problem
from altitude.failures.places import user_line_of_target


def check_returned(key: str, value: object, kind: type, builder: object) -> None:
    """Checks the type of what a configured function returned.

    Args:
        key: The config key of the function.
        value: The value that it has returned.
        kind: The Keras class that it should have returned.
        builder: The function, or the lazy call of it.

    Raises:
        ConfigError: If it has not; it names the function's file and line.
    """
    if isinstance(value, kind):
        return
    target = get_object(builder.target) if isinstance(builder, LazyCall) else builder
    place = user_line_of_target(target)
    name = getattr(target, "__qualname__", type(target).__name__)
    given = f"{'None' if value is None else type(value).__name__}, which `{name}` returned"
    instead = f"return it at the end of {place or name}"
    raise ConfigError([Problem(key, given, f"a Keras {kind.__name__.lower()}", instead)])

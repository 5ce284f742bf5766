"""Walking through nested values."""

from collections.abc import Iterator, Mapping
from typing import Any


def walk(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yields a value and all that mappings and lists in it hold, each with its dotted key.

    Args:
        key: The config key of the value; empty for a whole config.
        value: The value.
    """
    yield key, value
    items = value.items() if isinstance(value, Mapping) else ()
    for name, item in enumerate(value) if isinstance(value, list | tuple) else items:
        yield from walk(f"{key}.{name}" if key else str(name), item)

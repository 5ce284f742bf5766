"""An experiment's settings as MLflow's flat parameters."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from altitude.tracking.store import without_password

PLACES = ("output_dir", "tracking")
LONGEST_VALUE = 500
CUT_NOTE = "... (cut, see config.yaml)"


def flatten(settings: Mapping[str, Any]) -> dict[str, str]:
    """Turns nested settings into parameters such as `optimizer.learning_rate`.

    Args:
        settings: Plain values, as `Experiment.settings` returns them.

    Returns:
        Values by dotted key; long ones are cut, and say so. Where a run is written, and what it is
        called there, is left out: it would be all that pages that compare runs show.
    """
    pairs = leaves({k: v for k, v in settings.items() if k not in PLACES}, "")
    return {valid_name(key): _text(value) for key, value in pairs}


def logged_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings to log: without the run's tags, and without passwords in URLs.

    Args:
        settings: The settings of an experiment, by group.
    """
    shown = {k: v for k, v in settings["tracking"].items() if k not in ("tags", "watched")}
    return cast("dict[str, Any]", _without_passwords({**settings, "tracking": shown}))


def _without_passwords(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_passwords(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_passwords(item) for item in value]
    return without_password(value) if isinstance(value, str) else value


def valid_name(name: str) -> str:
    """Replaces the characters that MLflow refuses in a name.

    One such name would fail everything that is sent with it.

    Args:
        name: The name of a metric or parameter.

    Returns:
        The name that is logged.
    """
    return re.sub(r"[^\w\-./ :]", "_", name)


def leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the dotted key and the value of each leaf of nested settings.

    Args:
        node: Nested mappings; an empty one is a leaf.
        prefix: A prefix for each key.

    Yields:
        A dotted key and its value.
    """
    for name, value in node.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, list | Mapping) else str(value)
    if len(text) <= LONGEST_VALUE:
        return text
    return text[: LONGEST_VALUE - len(CUT_NOTE)] + CUT_NOTE

"""The result of a run as a file, from which it is read when the run is over."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from altitude.errors import DataError
from altitude.runs.result import RunResult

RESULT = "result.json"
"""The name of the file, in the run's folder and among its artifacts."""

PLACES = ("model_path", "output_dir")
"""Paths, which may be others where the file is read."""

LISTS = ("class_names", "notices")
"""Tuples, which JSON has as lists."""


def write_result(result: RunResult) -> Path:
    """Writes a result into its run's folder, in one step, so that no file is ever half written.

    Args:
        result: The result.

    Returns:
        The file. NaN and infinity stand in it as Python's `json` writes them.

    Raises:
        OSError: If the file cannot be written.
    """
    fields = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    known = {name: value for name, value in fields.items() if name not in PLACES}
    path = result.output_dir / RESULT
    unfinished = path.with_name(f"unfinished-{RESULT}")
    unfinished.write_text(json.dumps(known | {"model": result.model_path.name}, indent=1))
    unfinished.replace(path)
    return path


def read_result(path: Path, model: Path | None = None) -> RunResult:
    """Reads a result.

    Args:
        path: The file that `write_result` wrote, or a copy of it.
        model: Where the best model is; None for beside the file.

    Returns:
        The result; its `output_dir` is the folder of the file.

    Raises:
        DataError: If the file is damaged.
    """
    try:
        known: dict[str, Any] = json.loads(path.read_text())
        name = known.pop("model")
        texts: dict[str, Any] = {key: tuple(known.pop(key, ())) for key in LISTS}
        folder = path.parent
        return RunResult(**known, **texts, model_path=model or folder / name, output_dir=folder)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged: {error}") from error

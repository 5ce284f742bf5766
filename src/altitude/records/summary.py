"""What is known of a run, on one screen."""

from collections.abc import Iterator

from altitude.display.columns import aligned
from altitude.display.sparkline import BLOCKS, sparkline
from altitude.records.differences import ABSENT, from_defaults
from altitude.records.record import MODEL, RunRecord
from altitude.runs.notebook import CURVES, picture_html, table_html
from altitude.runs.result import RunResult
from altitude.runs.result_file import RESULT, read_result
from altitude.tracking.config_files import CONFIG
from altitude.tracking.store import without_password

NOT_CURVES = ("epoch_seconds",)
PLACES = ("model", "use it", "run", "open")
"""Rows of a result that say where things are, as they were when and where the run ended."""


def run_summary(record: RunRecord, levels: str = BLOCKS) -> str:
    """Summarises a run: the config that differs from the defaults, scores, curves and places.

    Args:
        record: The run.
        levels: Characters of the curves, from the lowest to the highest value.

    Returns:
        The lines of the summary.

    Raises:
        ConfigError: If the run has no config, or a damaged one.
        DataError: If its result is damaged.
        TrackingError: If the tracking store cannot be used.
    """
    sections = _sections(record, levels)
    parts = ["\n".join([name, *aligned(rows)]) for name, rows in sections.items() if rows]
    return "\n\n".join(parts)


def summary_html(record: RunRecord) -> str:
    """Returns the same for a notebook, with the picture of the curves; all text is escaped.

    Args:
        record: The run.

    Returns:
        HTML.

    Raises:
        ConfigError: If the run has no config, or a damaged one.
        DataError: If its result is damaged.
        TrackingError: If the tracking store cannot be used.
    """
    sections = _sections(record, BLOCKS)
    tables = [f"<b>{name}</b>{table_html(rows)}" for name, rows in sections.items() if rows]
    return "".join([*tables, picture_html(record.find_file(CURVES))])


def _sections(record: RunRecord, levels: str) -> dict[str, list[tuple[str, ...]]]:
    result = _result(record)
    return {
        "config, where it differs from the defaults": _changed(record),
        "scores": _scores(record, result),
        "curves": [] if result is None else list(_curves(result, levels)),
        "where": list(_places(record, result)),
    }


def _result(record: RunRecord) -> RunResult | None:
    path = record.find_file(RESULT)
    return None if path is None else read_result(path)


def _changed(record: RunRecord) -> list[tuple[str, ...]]:
    if record.find_file(CONFIG) is None and record.model is not None:
        return []  # a model's file that belongs to no run
    changed = from_defaults(record.settings)
    rows: list[tuple[str, ...]] = [
        (key, given, "" if default == ABSENT else f"(default {default})")
        for key, (given, default) in changed.items()
        if given != ABSENT  # a default of another class has keys that the run cannot have
    ]
    return rows or [("nothing", "")]


def _scores(record: RunRecord, result: RunResult | None) -> list[tuple[str, ...]]:
    if result is not None:
        return [row for row in result.rows() if row[0] not in PLACES]
    if record.model is not None:
        return []
    resume = f"altitude resume {record.run_id or record.name}"
    return [("none", f"the run has not finished; one that was killed goes on: {resume}")]


def _curves(result: RunResult, levels: str) -> Iterator[tuple[str, ...]]:
    for name, values in result.metrics_by_epoch.items():
        if values and name not in NOT_CURVES:
            ends = f"{values[0]:.4g} to {values[-1]:.4g}"
            yield name, sparkline(values, levels), ends


def _places(record: RunRecord, result: RunResult | None) -> Iterator[tuple[str, ...]]:
    if record.folder is not None:
        yield "files", str(record.folder)
    elif record.uri is not None:
        yield "files", "not on this machine, but among the artifacts of the run"
    model = record.model if record.folder is None else record.folder / _model_name(result)
    if model is not None and model.is_file():
        yield "model", str(model)
    if model is not None and model.suffix == ".keras":
        yield "use it", f'keras.models.load_model("{model}")'
    if record.uri is not None:
        yield "run", str(record.run_id)
        yield "store", without_password(record.uri)
    if result is not None and record.uri is not None:
        yield "open", result.how_to_open


def _model_name(result: RunResult | None) -> str:
    return MODEL if result is None else result.model_path.name

"""Finds a run by what a person calls it: the argument RUN of all commands."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from string import hexdigits
from typing import TYPE_CHECKING, Any

import yaml

from altitude.errors import ConfigError, Problem
from altitude.records.record import MODEL, RunRecord
from altitude.runs.find import LATEST, find_run_folder, local_runs
from altitude.runs.output_folder import CLAIM, RunFolder
from altitude.tracking.config_files import CONFIG
from altitude.tracking.store import resolve_uri

if TYPE_CHECKING:
    from altitude.tracking.logged_run import LoggedRun

BEST = "best"
SWEEP_FILE, LEADERBOARD = ".sweep", "leaderboard.csv"
SWEEPS = "multirun/*/*"
"""Where Hydra puts the folders of sweeps, in the folder where they are started."""

EXPECTED = (
    "`latest`, `best` of the latest sweep, SWEEP/best, the id of a run or its beginning, "
    "the folder of a run, or a .keras file"
)


def find_run(run: str) -> RunRecord:
    """Finds a run.

    Args:
        run: `latest` for the run that was begun last in the current folder; `best` for the best
            job of the latest sweep; `SWEEP/best` for that of a sweep, by its folder, its id or the
            beginning of that; the id of a run in MLflow or its beginning; the folder of a run; or
            a `.keras` file.

    Returns:
        The record of the run. A `.keras` file that lies in no run's folder has nothing else.

    Raises:
        ConfigError: If there is no such run, or several.
        TrackingError: If the tracking store, which is asked for ids, cannot be used.
    """
    path = Path(run)
    if not run:
        raise ConfigError([_problem("''")])
    if path.suffix == ".keras":
        return _of_model(path)
    if run == BEST:
        return _best_of(_latest_sweep())
    if path.name == BEST and run.count("/"):
        return _best_of(run.rpartition("/")[0])
    if (path / SWEEP_FILE).is_file():
        raise ConfigError([_problem(f"{run}, which is the folder of a sweep", f"{run}/{BEST}")])
    if run == LATEST or path.exists():
        return _in_folder(find_run_folder(run))
    return _by_id(run)


def _of_model(path: Path) -> RunRecord:
    if not path.is_file():
        raise ConfigError([_problem(f"{path}, which is not there")])
    folder = path.resolve().parent
    if path.name == MODEL and (folder / CLAIM).exists():
        return _in_folder(folder)
    return RunRecord(str(path), model=path.resolve())


def _in_folder(folder: Path) -> RunRecord:
    """The record of a run whose files are here; MLflow is asked when something is wanted of it."""
    run_id = RunFolder.read(folder).run_id
    return RunRecord(str(folder), folder, run_id, None if run_id is None else store_of(folder))


def store_of(folder: Path) -> str:
    """Returns the tracking URI of a run, from its config, relative to where it was begun.

    Args:
        folder: The folder of the run.
    """
    uri = _recorded_value(folder / CONFIG, "tracking.uri")
    begun_in = _recorded_value(folder / ".hydra" / "hydra.yaml", "hydra.runtime.cwd")
    return resolve_uri(uri, None if begun_in is None else Path(begun_in))


def _recorded_value(path: Path, key: str) -> str | None:
    """A value of a YAML file; None if it is not there, or if the file is damaged."""
    try:
        value: Any = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return None
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _by_id(run: str) -> RunRecord:
    local = local_runs(run)
    if len(local) == 1:
        return _in_folder(*local.values())
    found = {logged.run_id: logged for logged in _in_store(run)}
    many = sorted({*local, *found})
    if len(many) != 1:
        given = f"{run}, which is the beginning of {', '.join(many)}" if many else run
        raise ConfigError([_problem(given)])
    (run_id,) = many
    return _recorded(found[run_id])


def _in_store(run: str) -> Sequence[LoggedRun]:
    """The runs of the tracking store whose id begins so; ids are hexadecimal."""
    if not set(run) <= set(hexdigits):
        return []
    from altitude.tracking.logged_run import find_logged_runs

    return find_logged_runs(run)


def _recorded(logged: LoggedRun) -> RunRecord:
    folder = logged.folder
    here = folder is not None and RunFolder.read(folder).run_id == logged.run_id
    return RunRecord(logged.run_id, folder if here else None, logged.run_id, logged.uri)


def _latest_sweep() -> str:
    begun = sorted(Path().glob(f"{SWEEPS}/{SWEEP_FILE}"), key=lambda file: file.stat().st_mtime)
    if not begun:
        raise ConfigError([_problem(f"{BEST}, but no sweep was begun in {Path.cwd()}")])
    return str(begun[-1].parent)


def _best_of(sweep: str) -> RunRecord:
    """The best job of a sweep, by the sweep's own leaderboard."""
    table = _leaderboard_of(sweep)
    if table is None:
        given = f"{sweep}/{BEST}, but there is no such sweep with a {LEADERBOARD}"
        raise ConfigError([_problem(given)])
    with table.open(newline="") as lines:
        first = next(csv.DictReader(lines), None)
    if first is None:
        raise ConfigError([_problem(f"{sweep}/{BEST}, but no job of that sweep has finished")])
    best = (first.get("runs") or "").split(" ")[0]
    if not best:
        raise ConfigError([_problem(f"{sweep}/{BEST}, but the jobs of that sweep have no ids")])
    return _by_id(best)


def _leaderboard_of(sweep: str) -> Path | None:
    """The leaderboard of a sweep: from its folder or, if that is not here, from its own run."""
    folders = [Path(sweep), *(file.parent for file in Path().glob(f"{SWEEPS}/{SWEEP_FILE}"))]
    for folder in folders:
        is_it = folder == Path(sweep) or _id_of(folder).startswith(sweep)
        if is_it and (folder / LEADERBOARD).is_file():
            return folder / LEADERBOARD
    from altitude.tracking.logged_run import find_sweep_summaries

    summaries = find_sweep_summaries(sweep)
    if len(summaries) != 1:
        return None
    return _recorded(summaries[0]).find_file(LEADERBOARD)


def _id_of(folder: Path) -> str:
    return (folder / SWEEP_FILE).read_text()


def _problem(given: str, instead: str = "") -> Problem:
    return Problem("RUN", given, EXPECTED, instead)

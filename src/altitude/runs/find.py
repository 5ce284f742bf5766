"""Finds the folder of a run by its id, its folder, or `latest`."""

from collections.abc import Iterator
from pathlib import Path

from altitude.errors import ConfigError, Problem
from altitude.runs.output_folder import CLAIM, RunFolder

LATEST = "latest"

PLACES = ("outputs/*/*", "multirun/*/*/*")
"""Where Hydra puts the folders of runs, in the folder where they are started."""

EXPECTED = "`latest`, the id of a run or its beginning, or the folder of a run"


def find_run_folder(run: str) -> Path:
    """Finds the folder of a run.

    Args:
        run: `latest` for the run that was begun last in the current folder, the id of a run in
            MLflow or its beginning, or the run's folder.

    Returns:
        The output folder of the run.

    Raises:
        ConfigError: If there is no such run, or several.
        TrackingError: If the tracking store, which is asked for ids, cannot be used.
    """
    folder = Path(run)
    if (folder / CLAIM).exists():
        return folder.resolve()
    if run == LATEST:
        return _latest()
    if folder.exists():
        raise ConfigError([Problem("RUN", f"{run}, which is no run's folder", EXPECTED)])
    return _by_id(run)


def is_elsewhere(run: str) -> bool:
    """Returns whether a run is known to MLflow alone: its folder is not on this machine.

    Args:
        run: What `find_run_folder` takes.

    Raises:
        TrackingError: If the tracking store, which is asked for ids, cannot be used.
    """
    if run == LATEST or Path(run).exists() or local_runs(run):
        return False
    from altitude.tracking.folders import folders_of_runs

    found = folders_of_runs(run)
    return len(found) == 1 and not any(folder.is_dir() for folder in found.values())


def _latest() -> Path:
    claims = sorted(_claims(), key=lambda claim: claim.stat().st_mtime)
    if not claims:
        given = f"{LATEST}, but no run was begun in {Path.cwd()}"
        raise ConfigError([Problem("RUN", given, EXPECTED, "go to the folder where it was begun")])
    return claims[-1].parent.resolve()


def _claims() -> Iterator[Path]:
    for place in PLACES:
        yield from Path().glob(f"{place}/{CLAIM}")


def local_runs(beginning: str) -> dict[str, Path]:
    """Returns the folders of the runs that were begun in the current folder, by id.

    Args:
        beginning: The beginning of their ids in MLflow, or all of one.
    """
    ids = {claim.parent.resolve(): RunFolder.read(claim.parent).run_id for claim in _claims()}
    return {run_id: path for path, run_id in ids.items() if run_id and run_id.startswith(beginning)}


def _by_id(run: str) -> Path:
    found = local_runs(run)
    if not found:  # begun elsewhere
        from altitude.tracking.folders import folders_of_runs

        found = folders_of_runs(run)
    if len(found) == 1:
        (folder,) = found.values()
        if folder.is_dir():
            return folder
        given = f"{run}, whose folder {folder} is not on this machine"
        raise ConfigError([Problem("RUN", given, EXPECTED)])
    given = f"{run}, which is the beginning of {', '.join(sorted(found))}" if found else run
    raise ConfigError([Problem("RUN", given, EXPECTED, f"altitude resume {LATEST}")])

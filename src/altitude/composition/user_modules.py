"""Makes modules beside the user's config groups importable."""

import os
import sys
from pathlib import Path

VARIABLE = "PYTHONPATH"


def make_importable(config_dir: str | Path | None) -> None:
    """Appends the current folder, and the one that holds the config groups, to Python's path.

    They come last, so that they hide no installed package. Processes that are started from here,
    such as the workers of a sweep, find the modules too.

    Args:
        config_dir: The folder with the user's config groups; None if there is none.
    """
    folders = [Path.cwd(), *([] if config_dir is None else [Path(config_dir).resolve().parent])]
    inherited = [path for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path]
    for folder in map(str, folders):
        if folder not in sys.path:
            sys.path.append(folder)
        if folder not in inherited:
            inherited.append(folder)
    os.environ[VARIABLE] = os.pathsep.join(inherited)

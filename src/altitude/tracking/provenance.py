"""Where a run comes from: code, versions and machine, as tags."""

import platform
import socket
import subprocess
from importlib.metadata import version

from altitude.version import __version__

VERSIONS = {"tensorflow": "tensorflow", "keras": "keras", "hydra": "hydra-core"}


def provenance() -> dict[str, str]:
    """Returns the git commit and whether the tree is dirty, versions, Python and host."""
    versions = {f"version.{tag}": version(package) for tag, package in VERSIONS.items()}
    machine = {"host": socket.gethostname(), "version.python": platform.python_version()}
    return git_state() | versions | {"version.altitude": __version__} | machine


def git_state() -> dict[str, str]:
    """Returns commit and dirtiness of the working folder's repository, nothing outside of one."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {}
    status = _git("status", "--porcelain", "--untracked-files=no")
    dirty = "unknown" if status is None else str(bool(status)).lower()
    return {"git.commit": commit, "git.dirty": dirty, "mlflow.source.git.commit": commit}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None  # no git, no repository, or one too slow to wait for
    return done.stdout.strip()

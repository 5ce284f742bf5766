"""The folder of the config groups."""

from pathlib import Path


def config_directory() -> Path:
    """Returns the folder of the config groups: inside the installed package, or in the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "conf"
    return installed if installed.is_dir() else package.parents[1] / "conf"

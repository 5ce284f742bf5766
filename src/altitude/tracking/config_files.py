"""The files that record how a run was configured."""

from pathlib import Path

import yaml

from altitude.experiment.tracking import RunDescription
from altitude.tracking.params import logged_settings

CONFIG, OVERRIDES = "config.yaml", "overrides.yaml"
"""The resolved config, and how it differs from the defaults."""


def write_config(description: RunDescription) -> tuple[Path, Path]:
    """Writes the resolved config and the overrides into the folder of a run.

    Args:
        description: The run as it was configured.

    Returns:
        The two files.
    """
    folder = description.output_dir
    folder.mkdir(parents=True, exist_ok=True)
    config, overrides = folder / CONFIG, folder / OVERRIDES
    config.write_text(yaml.safe_dump(logged_settings(description.settings), sort_keys=False))
    overrides.write_text(yaml.safe_dump(list(description.overrides)))
    return config, overrides

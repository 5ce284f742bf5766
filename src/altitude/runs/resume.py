"""Checks that a run can be resumed: it must be the same training, on the same data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from altitude.errors import ConfigError, DataError, Problem
from altitude.experiment import Experiment
from altitude.tracking.params import leaves
from altitude.training.resume_points import ResumePoint

FREE_GROUPS = ("tracking", "output_dir")
"""Settings that decide nothing about the training."""

FREE_SETTINGS = ("epochs", "patience")
"""Settings that only say how far or for how long a training goes."""

FREE_PREFIXES = ("loop.checkpoint_", "loop.keep_checkpoint")


def describe(experiment: Experiment, fingerprint: str) -> dict[str, Any]:
    """Describes a run by the settings and data that must be the same when it is resumed.

    Args:
        experiment: The experiment that is run.
        fingerprint: The fingerprint of its data.

    Returns:
        Plain values by name.
    """
    return {"fingerprint": fingerprint, "settings": _deciding(experiment)}


def require_same_settings(
    point: ResumePoint, experiment: Experiment, allowed: Sequence[str] = ()
) -> None:
    """Refuses to go on with settings that make it another training.

    Args:
        point: The resume point of the run.
        experiment: The experiment to resume it with.
        allowed: Keys, or beginnings of keys, that may differ all the same.

    Raises:
        ConfigError: If other settings differ than those that say how far the training goes.
    """
    before, now = point.about["settings"], _deciding(experiment)
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    problems = [
        Problem(
            key,
            now.get(key, "nothing"),
            f"{before.get(key, 'nothing')}, as the run began: it would end as another training",
            f"--allow {key} to go on all the same",
        )
        for key in changed
        if not _is_free(key) and not any(_is_under(key, allow) for allow in allowed)
    ]
    if problems:
        raise ConfigError(problems)


def require_same_data(point: ResumePoint, fingerprint: str) -> None:
    """Checks that the data are the same as before.

    Args:
        point: The resume point.
        fingerprint: The fingerprint of the data now.

    Raises:
        DataError: If the data are not those that the run began with.
    """
    before = point.about["fingerprint"]
    if before != fingerprint:
        expected = f"{before}, the data that the run began with"
        instead = "the data as they were, or a new run"
        raise DataError(Problem("dataset", f"fingerprint {fingerprint}", expected, instead))


def goes_further(point: ResumePoint, experiment: Experiment) -> bool:
    """Returns whether training that a callback has stopped would continue with these settings.

    Args:
        point: The resume point.
        experiment: The experiment as it is configured now.
    """
    before, now = point.about["settings"], _deciding(experiment)
    return any(
        key.startswith("callbacks.") and before.get(key) != now.get(key)
        for key in {**before, **now}
    )


def _deciding(experiment: Experiment) -> dict[str, str]:
    settings = experiment.in_folder(Path()).settings()
    deciding = {name: value for name, value in settings.items() if name not in FREE_GROUPS}
    return {key: repr(value) for key, value in leaves(deciding)}


def _is_free(key: str) -> bool:
    return key.rsplit(".", 1)[-1] in FREE_SETTINGS or key.startswith(FREE_PREFIXES)


def _is_under(key: str, above: str) -> bool:
    return key == above or key.startswith(f"{above}.")

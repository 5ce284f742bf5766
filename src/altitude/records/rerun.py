"""What is not as it was when a run is trained again, and whether it came to the same."""

from __future__ import annotations

import hashlib
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from altitude.experiment import Experiment
from altitude.records.differences import SURROUNDINGS, differences
from altitude.records.record import RunRecord
from altitude.runs.result import RunResult
from altitude.tracking.provenance import provenance

FINGERPRINT = "dataset.fingerprint"

WEIGHTS = "model.weights.h5"
"""The entry of a `.keras` file with the weights."""

UNKNOWN = (
    "nothing that is known of: a layer, a callback or data of your own that are random without "
    "the seed, or another processor"
)


@dataclass(frozen=True)
class Change:
    """Something that is not as it was.

    Attributes:
        name: What it is: a config key, or a tag of the run.
        before: Its value when the run was begun.
        now: Its value now.
    """

    name: str
    before: str
    now: str

    def __str__(self) -> str:
        """The change in one line."""
        return f"{self.name}: {self.before} then, {self.now} now"


def changes_since(record: RunRecord, experiment: Experiment) -> list[Change]:
    """Returns what is not as it was when a run was begun, before it is trained again.

    Args:
        record: The record of the run.
        experiment: The experiment, composed again from the run's overrides.

    Raises:
        ConfigError: If the record has no config.
        TrackingError: If the tracking store cannot be used.
    """
    settings = differences([record.settings, experiment.settings()])
    changed = [Change(key, before, now) for key, (before, now) in settings.items()]
    before, now = record.tags, provenance()
    names = [name for name in {**before, **now} if before and name.startswith(SURROUNDINGS)]
    pairs = {name: (before.get(name, "unknown"), now.get(name, "unknown")) for name in names}
    changed += [Change(name, then, today) for name, (then, today) in pairs.items() if then != today]
    if now.get("git.dirty") == before.get("git.dirty") == "true":
        changed.append(Change("git.dirty", "uncommitted changes", "uncommitted changes"))
    return changed


def change_of_data(record: RunRecord, again: RunRecord) -> list[Change]:
    """Returns whether a run was trained again on other data; nothing if that is not known.

    Args:
        record: The record of the first run.
        again: The record of the second one.

    Raises:
        TrackingError: If the tracking store cannot be used.
    """
    before, now = (each.tags.get(FINGERPRINT) for each in (record, again))
    if before is None or now is None or before == now:
        return []
    return [Change(FINGERPRINT, before, now)]


def first_difference(before: RunResult, now: RunResult) -> str:
    """Returns the first epoch and metric in which two results differ; empty if none does.

    How long epochs took is not compared. Weights are compared if both models were saved whole.

    Args:
        before: The result of the first run.
        now: The result of the second one.
    """
    for epoch in range(max(len(before.history), len(now.history))):
        there, here = (_metrics_of(result, epoch) for result in (before, now))
        for name in {**there, **here}:
            if not _equal(there.get(name), here.get(name)):
                return f"from epoch {epoch + 1} on: {name} {_shown(there, name)} there, " + (
                    f"{_shown(here, name)} here"
                )
    for name in {**before.metrics, **now.metrics}:
        if not _equal(before.metrics.get(name), now.metrics.get(name)):
            shown = _shown(before.metrics, name), _shown(now.metrics, name)
            return f"in what it ended with: {name} {shown[0]} there, {shown[1]} here"
    if _weights(before.model_path) != _weights(now.model_path):
        return "in the weights of the best model"
    return ""


def _metrics_of(result: RunResult, epoch: int) -> dict[str, float]:
    known = {n: v for n, v in result.metrics_by_epoch.items() if n != "epoch_seconds"}
    return {name: values[epoch] for name, values in known.items() if epoch < len(values)}


def _equal(first: float | None, second: float | None) -> bool:
    both_nan = first is not None and second is not None and math.isnan(first) and math.isnan(second)
    return both_nan or first == second


def _shown(metrics: Mapping[str, float], name: str) -> str:
    return repr(metrics[name]) if name in metrics else "nothing"


def _weights(model: Path) -> str:
    """The hash of a model's weights; empty if the model was not saved whole."""
    if not zipfile.is_zipfile(model):
        return ""
    with zipfile.ZipFile(model) as archive:
        return hashlib.sha256(archive.read(WEIGHTS)).hexdigest()

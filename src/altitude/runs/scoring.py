"""Evaluates the best model after training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from altitude.runs.notices import Notices
from altitude.steps.overridden_methods import missing_for_evaluation

if TYPE_CHECKING:
    from altitude.training.training import Training

TOLERANCE = 1e-4
"""How far a reloaded model's validation metrics may be from those seen in training."""


def score(
    training: Training, seen: Mapping[str, float], path: Path, notices: Notices
) -> dict[str, float]:
    """Restores the best weights, checks the saved file, and evaluates on validation and test.

    Args:
        training: The training that has ended.
        seen: The metrics of the best epoch.
        path: The path that the best model was saved under.
        notices: Records what fails; the rest is still done.

    Returns:
        The results of the run, by name.
    """
    with notices.attempt("check of the saved model"):
        training.saved.restore(path)
    scores: dict[str, float] = {}
    with notices.attempt("validation"):
        scores = training.validate()
        _compare(training, seen, scores, path, notices)
    test: Mapping[str, float] = {}
    if not missing_for_evaluation(training.model):
        with notices.attempt("test"):
            test = training.evaluate(training.pipelines.test)
    if training.saved.kind == "untrusted":
        notices.add("untrusted", f"Do not use {path}: it is not the model that was trained")
    return {
        **{f"best_{name}": seen.get(name, value) for name, value in scores.items()},
        **{f"test_{name}": value for name, value in test.items()},
        "best_epoch": seen["best_epoch"],
    }


def _compare(
    training: Training,
    seen: Mapping[str, float],
    scores: Mapping[str, float],
    path: Path,
    notices: Notices,
) -> None:
    """Adds a notice if deterministic scores differ from those of the best epoch."""
    different = _different(seen, scores)
    if not different or _different(scores, training.validate()):
        return
    training.saved.kind = "untrusted"
    name = different[0]
    notices.add(
        "mismatch",
        f"{path} is not the model that was seen in training: {name} was {seen[name]} and is now "
        f"{scores[name]}. Something of the model is not in its weights, such as a Python attribute "
        "that changes in training",
    )


def _different(first: Mapping[str, float], second: Mapping[str, float]) -> list[str]:
    return [name for name in first.keys() & second.keys() if not _close(first[name], second[name])]


def _close(first: float, second: float) -> bool:
    both_missing = math.isnan(first) and math.isnan(second)
    return both_missing or math.isclose(first, second, rel_tol=TOLERANCE, abs_tol=TOLERANCE)

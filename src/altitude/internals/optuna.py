"""Private names of Optuna."""

from __future__ import annotations

from typing import TYPE_CHECKING

from altitude.lazy import optuna

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial


def reopened(study: Study, known: FrozenTrial) -> Trial:
    """Returns a trial to go on with, of which only the record is there.

    Args:
        study: The study that it belongs to.
        known: Its record.
    """
    return optuna.trial.Trial(study, known._trial_id)

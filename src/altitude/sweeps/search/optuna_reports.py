"""Reports the values of a job to its Optuna trial while it trains."""

from __future__ import annotations

from altitude.internals.optuna import reopened
from altitude.lazy import optuna
from altitude.sweeps.search.optuna_storage import open_storage, trial_numbered, wrap_store_errors

PRUNED = "pruned"
"""The attribute of a trial that says after which epoch its job was stopped."""


class Reports:
    """Reports values to a trial, from whichever process runs its job.

    A job that was interrupted and runs again follows the same path: values that it reported before,
    and decisions of the pruner, are kept.

    Args:
        study: The name of the study.
        url: The URL of the study's database, as SQLAlchemy takes it.
        number: The number of the trial.
        pruner: Optuna's pruner, which decides whether the trial is hopeless.

    Raises:
        TrackingError: If the study cannot be loaded.
    """

    def __init__(
        self, study: str, url: str, number: int, pruner: optuna.pruners.BasePruner
    ) -> None:
        self._url = url
        with wrap_store_errors(url):
            loaded = optuna.load_study(study_name=study, storage=open_storage(url), pruner=pruner)
            known = trial_numbered(loaded, number)
            self._trial = reopened(loaded, known)
            self._reported = set(known.intermediate_values)
            self._pruned: int | None = known.user_attrs.get(PRUNED)

    def is_hopeless(self, epoch: int, value: float, ends_anyway: bool) -> bool:
        """Reports a value, and asks the pruner whether to stop.

        Args:
            epoch: The epoch that has ended, counted from 1.
            value: The value of the metric.
            ends_anyway: Whether the job ends here by itself, so that it is complete.

        Returns:
            Whether the pruner stops the job.

        Raises:
            TrackingError: If the storage fails.
        """
        if epoch in self._reported:
            return epoch == self._pruned
        with wrap_store_errors(self._url):
            self._trial.report(value, epoch)
            # Asked in any case: the pruner keeps the value for the trials to come.
            if not self._trial.should_prune() or ends_anyway:
                return False
            self._trial.set_user_attr(PRUNED, epoch)  # before the job ends, which takes a while
        return True

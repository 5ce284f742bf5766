"""A search as an Optuna study, which suggests jobs and is given their results."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from altitude.internals.optuna import reopened
from altitude.lazy import optuna
from altitude.sweeps.job_record import Goal, JobRecord
from altitude.sweeps.plan.space import Space
from altitude.sweeps.search.optuna_reports import PRUNED
from altitude.sweeps.search.optuna_storage import open_storage, trial_numbered, wrap_store_errors
from altitude.sweeps.search.parameters import parameters_of
from altitude.sweeps.search.proposals import Proposal, Search, SweepContext
from altitude.tracking.store import sqlite_path

JOB, RETRIES = "job", "retries"
"""Attributes of a trial: how its job ended; which trial it repeats."""

RECIPE = "recipe"
"""The parameter that chooses among several spaces."""


class StudySettings(Protocol):
    """The settings of a search by Optuna."""

    @property
    def n_trials(self) -> int:
        """The number of jobs that are to finish."""

    @property
    def goals(self) -> Sequence[Goal]:
        """The objectives."""

    @property
    def storage(self) -> str | None:
        """The configured URL of the study's database; None for the default."""

    @property
    def monitored(self) -> str:
        """The metric that is reported each epoch."""

    @property
    def pruner_node(self) -> Mapping[str, Any] | None:
        """The config of Optuna's pruner; None without one."""

    def new_sampler(self, number: int) -> optuna.samplers.BaseSampler:
        """Returns a sampler for one trial.

        Args:
            number: The number of the trial, counted from 0, which its seed depends on.
        """


def begin_search(
    settings: StudySettings, spaces: Sequence[Space], study: SweepContext, url: str | None
) -> Search:
    """Begins a search, or continues that of an earlier launch.

    Args:
        settings: The settings of the search.
        spaces: The spaces to search; the choice of one of several is a parameter, too.
        study: The sweep as the search needs to know it.
        url: The URL of the study's database; None keeps it in memory.

    Returns:
        What proposes jobs and is given their results.

    Raises:
        TrackingError: If the database cannot be used.
    """
    with wrap_store_errors(url):
        opened = _opened(settings, study, url)
        search = StudySearch(settings, spaces, opened, study.parallel, url)
    on_server = study.tracking_uri is not None and sqlite_path(study.tracking_uri) is None
    if on_server and settings.storage is None:
        search.notice = f"the search is kept here, in {url}: sweep.storage=... keeps it elsewhere"
    return search


def _opened(settings: StudySettings, study: SweepContext, url: str | None) -> optuna.Study:
    storage = open_storage(url)
    names = optuna.get_all_study_names(storage)
    if study.sweep_id in names and not study.begun:  # of a store of runs that is gone
        optuna.delete_study(study_name=study.sweep_id, storage=storage)
    return optuna.create_study(
        study_name=study.sweep_id,
        storage=storage,
        directions=[goal.direction for goal in settings.goals],
        pruner=optuna.pruners.NopPruner(),  # jobs prune themselves; sampling learns from them all
        load_if_exists=True,
    )


class StudySearch(Search):
    """Asks a study for jobs until enough have finished.

    A trial whose job was interrupted is proposed again, as the same trial; the parameters of one
    that has failed in an earlier launch are, too, as a new trial.

    Args:
        settings: The settings of the search.
        spaces: The spaces to search.
        study: The study, with the trials of earlier launches.
        parallel: The number of jobs that run at a time.
        url: The database of the study; None for memory.
    """

    def __init__(
        self,
        settings: StudySettings,
        spaces: Sequence[Space],
        study: optuna.Study,
        parallel: int,
        url: str | None,
    ) -> None:
        self._settings = settings
        self._spaces = [(space.fixed, parameters_of(space)) for space in spaces]
        self._study = study
        self._parallel = parallel
        self._url = url
        self._interrupted = [
            t.number for t in self._trials() if t.state is optuna.trial.TrialState.RUNNING
        ]
        self._left = max(0, settings.n_trials - sum(map(_is_finished, self._trials())))
        self._open: dict[int, optuna.Trial] = {}
        self._proposed: set[int] = set()
        for trial in _to_be_repeated(self._trials()):
            study.enqueue_trial(trial.params, user_attrs={RETRIES: trial.number})

    @property
    def total(self) -> int:
        """The expected number of jobs; trials that repeat one another are one job."""
        counted = (t for t in self._trials() if _is_finished(t) or t.number in self._proposed)
        return len({tuple(sorted(trial.params.items())) for trial in counted}) + self._left

    def propose(self) -> Sequence[Proposal]:
        """Returns as many jobs as run at a time, while some are left."""
        count = min(self._parallel, self._left)
        self._left -= count
        with wrap_store_errors(self._url):
            return [self._proposal_of(self._next()) for _ in range(count)]

    def proposal(self, number: int) -> Proposal | None:
        """Returns the job of a trial that has been suggested before."""
        trials = self._trials()
        if number >= len(trials):
            return None
        return self._proposal_of(optuna.trial.FixedTrial(trials[number].params, number))

    def tell(self, number: int, record: JobRecord | None) -> None:
        """Records the result of a job: a value, a job that was stopped early, or a failure."""
        with wrap_store_errors(self._url):
            trial = self._open.pop(number)
            trial.set_user_attr(JOB, "" if record is None else record.status)
            values = None if record is None else self._values(record)
            if record is None or values is None:
                self._study.tell(number, state=optuna.trial.TrialState.FAIL)
            elif self._was_pruned(number, record):
                self._tell_pruned(trial, record)
            else:
                self._study.tell(number, values)

    def _trials(self) -> list[optuna.trial.FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _next(self) -> optuna.Trial:
        """The trial that comes next; what it suggests is decided by its number and by history."""
        if self._interrupted:
            number = self._interrupted.pop(0)
            self._study.sampler = self._settings.new_sampler(number)
            trial = reopened(self._study, trial_numbered(self._study, number))
        else:
            self._study.sampler = self._settings.new_sampler(len(self._trials()))
            trial = self._study.ask()
        self._open[trial.number] = trial
        self._proposed.add(trial.number)
        return trial

    def _proposal_of(self, trial: Any) -> Proposal:
        fixed, parameters = self._spaces[0]
        if len(self._spaces) > 1:
            chosen = trial.suggest_categorical(RECIPE, list(range(len(self._spaces))))
            fixed, parameters = self._spaces[chosen]
        return Proposal(
            number=trial.number,
            overrides=(*fixed, *(parameter.suggest(trial) for parameter in parameters)),
            callbacks=dict(self._callbacks(trial.number)),
        )

    def _callbacks(self, number: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
        pruner = self._settings.pruner_node
        if pruner is not None:
            yield (
                "pruning",
                {
                    "_target_": "altitude.sweeps.search.pruning.Pruning",
                    "monitor": self._settings.monitored,
                    "study": self._study.study_name,
                    "storage": self._url,
                    "trial": number,
                    "pruner": dict(pruner),
                },
            )

    def _values(self, record: JobRecord) -> list[float] | None:
        """The objectives; None if the job has not finished with all of them."""
        if record.status != "FINISHED":
            return None
        values = [goal.value(record.metrics) for goal in self._settings.goals]
        return None if any(map(math.isnan, values)) else values

    def _was_pruned(self, number: int, record: JobRecord) -> bool:
        return record.pruned or PRUNED in trial_numbered(self._study, number).user_attrs

    def _tell_pruned(self, trial: optuna.Trial, record: JobRecord) -> None:
        """Tells a trial's last value; that of the job itself, if another trial has run it."""
        last = record.metrics.get(self._settings.monitored)
        if not trial_numbered(self._study, trial.number).intermediate_values and last is not None:
            trial.report(last, max(1, record.epochs))
        self._study.tell(trial.number, state=optuna.trial.TrialState.PRUNED)


def _is_finished(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether its job has finished, with whatever value."""
    return trial.state.is_finished() and trial.user_attrs.get(JOB) == "FINISHED"


def _to_be_repeated(trials: Sequence[optuna.trial.FrozenTrial]) -> list[optuna.trial.FrozenTrial]:
    """Trials whose jobs have failed, and that no other trial repeats."""
    repeated = {trial.user_attrs.get(RETRIES) for trial in trials}
    failed = (t for t in trials if t.state is optuna.trial.TrialState.FAIL and not _is_finished(t))
    return [trial for trial in failed if trial.number not in repeated]

"""The settings of a search by Optuna, which is imported when the search is used."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.calls.lazy_call import argument_problems
from altitude.errors import ConfigError, Problem
from altitude.lazy import np, optuna
from altitude.sweeps.plan.space import Space
from altitude.sweeps.search.optuna_storage import storage_url
from altitude.sweeps.search.optuna_study import begin_search
from altitude.sweeps.search.parameters import parameters_of
from altitude.sweeps.search.proposals import Search, SweepContext
from altitude.sweeps.settings import Sweep
from altitude.validation import STRICT, Count, NonNegativeCount, refuse

SAMPLERS = {
    "tpe": "TPESampler",
    "random": "RandomSampler",
    "cmaes": "CmaEsSampler",
    "nsga2": "NSGAIISampler",
}
"""Classes in `optuna.samplers`, by what they are called here."""

QUIET = {"cmaes": {"warn_independent_sampling": False}}
"""Arguments that keep a sampler from talking."""

PACKAGES = {"cmaes": ("optuna", "cmaes")}
"""What a sampler needs besides Optuna."""

SINGLE_OBJECTIVE = ("cmaes",)
NEEDS_NUMBERS = ("cmaes",)
EXTRA = "pip install 'keras-altitude[optuna]'"

NOT_BY_EPOCH = ("best_epoch", "epoch_seconds", "learning_rate")
"""Results that a job does not report by epoch while it trains."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Optuna(Sweep):
    """A search that learns from the jobs that have ended.

    Attributes:
        n_trials: The number of jobs that are to finish, those of earlier launches included.
        sampler: The algorithm that chooses the next job: TPE, random, CMA-ES or NSGA-II.
        sampler_arguments: Arguments of the sampler's class in Optuna.
        seed: The seed of the sampler. Choices are the same again, also after an interruption.
        pruner: The algorithm that stops unpromising jobs early.
        min_resource: The number of epochs that every job trains before it may be stopped.
        reduction_factor: Hyperband keeps one job in so many at each check.
        storage: SQLAlchemy's URL of the study; None for `optuna.db` beside the store of the runs.
    """

    n_trials: Count = 20
    sampler: Literal["tpe", "random", "cmaes", "nsga2"] = "tpe"
    sampler_arguments: dict[str, Any] = Field(default_factory=dict)
    seed: NonNegativeCount = 42
    pruner: Literal["none", "median", "hyperband"] = "none"
    min_resource: Count = 1
    reduction_factor: int = Field(default=3, ge=2)
    storage: str | None = None

    def __post_init__(self) -> None:
        """Refuses pruning by what is not known while a job trains."""
        if self.pruner == "none":
            return
        if len(self.metrics) > 1:
            refuse("one objective where jobs are pruned", "sweep.pruner=none")
        for metric in self.metrics:
            if metric.startswith("test_") or metric in NOT_BY_EPOCH:
                refuse(
                    f"an objective that is measured each epoch where jobs are pruned, not {metric}",
                    "sweep.objective=null, or sweep.pruner=none",
                )

    def problems_with(self, space: Space) -> list[Problem]:
        """Finds missing packages, spaces that are empty, and what the sampler does not support."""
        missing = [name for name in self._packages() if importlib.util.find_spec(name) is None]
        if missing:
            expected = f"the package {' and '.join(missing)}, which is not installed"
            return [Problem("sweep", f"a search by Optuna ({self.sampler})", expected, EXTRA)]
        parameters = parameters_of(space)
        problems = [p.problem for p in parameters if p.problem is not None]
        if not parameters:
            instead = "optimizer.learning_rate='tag(log, interval(1e-4, 1e-2))'"
            problems.append(Problem("sweep", "no space", "something to search over", instead))
        elif self.sampler in NEEDS_NUMBERS and not any(p.is_number for p in parameters):
            expected = "a sampler of choices: this one moves along numbers, and there are none"
            problems.append(Problem("sweep.sampler", self.sampler, expected, "sweep.sampler=tpe"))
        return [*problems, *self._sampler_problems()]

    def combinations(self, space: Space) -> Iterator[tuple[str, ...]]:
        """Returns samples with every choice, and the ends of every interval."""
        return space.samples()

    def number_of_jobs(self, combinations: int) -> int:  # noqa: ARG002
        """Returns the number of trials that are to finish."""
        return self.n_trials

    def search_settings(self, spaces: Sequence[Space]) -> Mapping[str, Any]:
        """Returns what determines the proposals, but not how many, so a search can be extended."""
        return {
            "space": [sorted(str(o.input_line) for o in space.swept) for space in spaces],
            "goals": [(goal.metric, goal.direction) for goal in self.goals],
            "sampler": [self.sampler, self.sampler_arguments, self.seed],
            "pruner": [self.pruner, self.min_resource, self.reduction_factor],
        }

    def begin(self, spaces: Sequence[Space], study: SweepContext) -> Search:
        """Begins a search, or continues the one in the storage.

        Returns:
            What proposes jobs and is given their results.

        Raises:
            ConfigError: If jobs are to be pruned, and there is no storage to report to.
            TrackingError: If the storage cannot be used.
        """
        url = storage_url(self.storage, study.tracking_uri)
        if url is None and self.pruner != "none":
            expected = "a storage that the jobs can report to: this sweep is not tracked"
            raise ConfigError(
                [Problem("sweep.storage", "null", expected, "sweep.storage=sqlite:///optuna.db")]
            )
        return begin_search(self, spaces, study, url)

    def new_sampler(self, number: int) -> Any:
        """Returns a sampler for one trial, seeded by the seed of the search and the trial's number.

        Args:
            number: The number of the trial, counted from 0.
        """
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        arguments = QUIET.get(self.sampler, {}) | self.sampler_arguments
        return getattr(optuna.samplers, SAMPLERS[self.sampler])(seed=seed, **arguments)

    @property
    def pruner_node(self) -> Mapping[str, Any] | None:
        """The config of Optuna's pruner, for the callback of a job; None without one."""
        median = {
            "_target_": "optuna.pruners.MedianPruner",
            "n_warmup_steps": self.min_resource,
        }
        hyperband = {
            "_target_": "optuna.pruners.HyperbandPruner",
            "min_resource": self.min_resource,
            "max_resource": "${loop.epochs}",
            "reduction_factor": self.reduction_factor,
        }
        return {"none": None, "median": median, "hyperband": hyperband}[self.pruner]

    @property
    def monitored(self) -> str:
        """The metric that is reported each epoch."""
        return self.goals[0].metric.removeprefix("best_")

    def _packages(self) -> Sequence[str]:
        return PACKAGES.get(self.sampler, ("optuna",))

    def _sampler_problems(self) -> list[Problem]:
        if self.sampler in SINGLE_OBJECTIVE and len(self.metrics) > 1:
            expected = "a sampler for several objectives: nsga2, tpe or random"
            return [Problem("sweep.sampler", self.sampler, expected, "sweep.sampler=nsga2")]
        key, cls = "sweep.sampler_arguments", getattr(optuna.samplers, SAMPLERS[self.sampler])
        problems = argument_problems(cls, self.sampler_arguments, key)
        if "seed" in self.sampler_arguments:
            given = f"seed={self.sampler_arguments['seed']}"
            problems.append(Problem(key, given, "no seed here", "sweep.seed=..."))
        return problems or self._refused(key)

    def _refused(self, key: str) -> list[Problem]:
        """What the sampler itself says to the values."""
        try:
            self.new_sampler(0)
        except (TypeError, ValueError) as error:
            return [Problem(key, repr(self.sampler_arguments), str(error))]
        return []

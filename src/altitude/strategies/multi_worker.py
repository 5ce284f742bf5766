"""Several processes, most often on several machines, that train one model."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from pydantic.dataclasses import dataclass

from altitude.errors import ConfigError, Problem
from altitude.lazy import tf
from altitude.strategies.strategy import Strategy
from altitude.validation import STRICT

VARIABLE = "TF_CONFIG"
"""Where TensorFlow looks for the addresses of all workers, and for the place of this one."""

EXAMPLE = (
    f'{VARIABLE}=\'{{"cluster": {{"worker": ["host1:12345", "host2:12345"]}}, '
    '"task": {"type": "worker", "index": 0}}\', with index 1 on host2'
)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MultiWorker(Strategy):
    """A copy of the model in each process: `tf.distribute.MultiWorkerMirroredStrategy`.

    Every worker runs the same command, with `TF_CONFIG` in its environment. All of them train and
    evaluate; the chief, the first of them, also tracks, saves and shows the run.
    """

    several_processes = True

    @property
    def name(self) -> str:
        """The name of the strategy in the config."""
        return "multi_worker"

    @property
    def is_chief(self) -> bool:
        """Whether this is the task `chief` or, in a cluster without one, the first worker."""
        cluster, task = _cluster_and_task()
        first = "chief" if "chief" in cluster else "worker"
        return task.get("type") == first and int(task.get("index", 0)) == 0

    def problems(self) -> list[Problem]:
        """Returns a problem if `TF_CONFIG` does not describe the workers."""
        text = os.environ.get(VARIABLE)
        if text is None:
            return [_problem("not set")]
        try:
            cluster, task = _cluster_and_task()
        except (TypeError, ValueError):
            return [_problem(text)]
        workers = cluster.get(str(task.get("type")), [])
        if task.get("index") not in range(len(workers)):
            return [_problem(text)]
        return []

    def start(self) -> None:
        """Waits for the other workers and connects to them.

        Raises:
            ConfigError: If `TF_CONFIG` does not say who they are.
        """
        if problems := self.problems():
            raise ConfigError(problems)
        _connected()

    def scope(self) -> AbstractContextManager[Any]:
        """Returns the scope of the strategy, in which variables have a copy in each process."""
        return _connected().scope()  # type: ignore[no-any-return]


@functools.cache
def _connected() -> Any:
    """TensorFlow's strategy; a process can connect only once."""
    tf.get_logger().setLevel("WARNING")
    return tf.distribute.MultiWorkerMirroredStrategy()


def _cluster_and_task() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Reads `TF_CONFIG`.

    Returns:
        The two parts of `TF_CONFIG`.

    Raises:
        TypeError: If it is no JSON object.
        ValueError: If it is no JSON, or lacks one of these parts.
    """
    settings = json.loads(os.environ.get(VARIABLE, "{}"))
    cluster, task = (dict(settings).get(name) for name in ("cluster", "task"))
    if not isinstance(cluster, dict) or not isinstance(task, dict):
        raise ValueError(f"{VARIABLE} has no cluster and task")
    return cluster, task


def _problem(given: str) -> Problem:
    expected = "in the environment: the addresses of all workers, and which of them this is"
    return Problem(VARIABLE, given, expected, EXAMPLE)

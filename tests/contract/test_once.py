"""A right command line is composed once, read once and checked once."""

import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

import altitude.config.reading
import altitude.experiment.devices
import altitude.experiment.rules
from altitude.cli import main
from altitude.experiment.devices import device_problems
from altitude.experiment.rules import RULES
from altitude.internals.hydra_loading import CachingLoader

SMALL = ("dataset=digits", "dataset.limit=100", "loop.epochs=1", "callbacks=none", "tracking=none")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counter[str]:
    """Counts compositions, readings of a whole config, and checks of the devices."""
    counted: Counter[str] = Counter()

    def count(owner: Any, name: str) -> Callable[..., Any]:
        function = getattr(owner, name)

        def counting(*arguments: Any, **options: Any) -> Any:
            counted[name.strip("_")] += 1
            return function(*arguments, **options)

        return counting

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # which the command sets
    monkeypatch.setitem(os.environ, "HYDRA_FULL_ERROR", "1")
    composition = "_load_configuration_impl"
    monkeypatch.setattr(CachingLoader, composition, count(CachingLoader, composition))
    reading = count(altitude.config.reading, "_plain_settings")
    monkeypatch.setattr(altitude.config.reading, "_plain_settings", reading)
    others = tuple(rule for rule in RULES if rule is not device_problems)
    checking = wraps(device_problems)(count(altitude.experiment.devices, "device_problems"))
    monkeypatch.setattr(altitude.experiment.rules, "RULES", (*others, checking))
    return counted


def test_a_plain_run(calls: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["altitude", *SMALL])
    main()
    assert calls == {"load_configuration_impl": 1, "plain_settings": 1, "device_problems": 1}


@pytest.mark.slow
def test_a_sweep_of_two_jobs(calls: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["altitude", "-m", *SMALL, "seed=1,2", "hydra/launcher=basic"]
    monkeypatch.setattr(sys, "argv", words)
    main()
    # The first job, to see that it can be; what jobs share; the jobs from that; the best's recipe.
    assert calls["load_configuration_impl"] <= 4
    # Each job when the sweep is planned, and where it runs.
    assert (calls["plain_settings"], calls["device_problems"]) == (4, 4)

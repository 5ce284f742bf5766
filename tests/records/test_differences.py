from pathlib import Path

import altitude
from altitude.records.differences import differences, from_defaults


def test_the_defaults_do_not_differ_wherever_they_are_written() -> None:
    settings = altitude.Experiment(output_dir=Path("/somewhere/else")).settings()
    assert from_defaults(settings) == {}


def test_what_was_overridden_differs() -> None:
    experiment = altitude.compose(["loop.epochs=3", "dataset.limit=100", "loop.clip_norm=null"])
    assert from_defaults(experiment.settings()) == {
        "dataset.limit": ("100", "null"),
        "loop.epochs": ("3", "30"),
    }


def test_a_key_that_a_run_does_not_have_is_a_dash() -> None:
    settings = ({"model": {"a": True, "b": 1}}, {"model": {"b": 1, "c": None}})
    assert differences(settings) == {"model.a": ("true", "-"), "model.c": ("-", "null")}

"""Checking a config calls nothing that it names, and takes nothing of the wrong kind."""

from pathlib import Path

import pytest

from altitude import ConfigError, Objective, Problem, compose
from altitude.calls.lazy_call import lazy_calls
from altitude.calls.nodes import read_builder
from altitude.config.composing import compose_config
from altitude.config.reading import read_sweep
from altitude.experiment.model_checks import check_signatures
from altitude.experiment.parts import READERS

DATASET = "a class that extends altitude.data.dataset.Dataset"


def problems_of(*overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        compose(["dataset=digits", *overrides])
    return caught.value.problems


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("dataset._target_=5", "dataset._target_", "a text"),
        ("loop._target_=nodots", "loop._target_", "the import path of a class or function"),
        ("tracking._target_=''", "tracking._target_", "the import path of a class or function"),
        ("tracking._target_=a..b", "tracking._target_", "the import path"),
        ("strategy={_target_:os.getcwd}", "strategy._target_", "altitude.strategies"),
        ("objective._target_=keras.Model", "objective._target_", "altitude.objective.Objective"),
        ("tracking={_target_:builtins.exit}", "tracking._target_", "the import path"),
        ("dataset={_target_:altitude.data.ArrayDataset}", "dataset._target_", "not abstract"),
        ("dataset={_target_:altitude.loops.Fit}", "dataset._target_", DATASET),
        ("dataset={_target_:altitude.data}", "dataset._target_", "the import path"),
        ("model={_target_:os.getcwd}", "model._target_", "not of Python itself"),
        ("optimizer={_target_:sys.exit}", "optimizer._target_", "not of Python itself"),
        ("objective.loss={_target_:sys.exit}", "objective.loss._target_", "Keras or your own"),
        ("+callbacks.x._target_=sys.exit", "callbacks.x._target_", "Keras or your own"),
        ("+callbacks.x._target_=os.getcwd", "callbacks.x._target_", "Keras or your own"),
        ("loop.clip_norm={_target_:sys.exit}", "loop.clip_norm", ""),
        ("callbacks=[1.5]", "callbacks", "one of default, none"),
        ("+loop=[1,2]", "loop", ""),
        ("strategy=[[1]]", "strategy", ""),
    ],
)
def test_what_is_no_target_for_its_group(override: str, key: str, expected: str) -> None:
    problems = problems_of(override)
    assert any(p.key == key and expected in p.expected for p in problems), problems


@pytest.mark.parametrize(
    "place",
    [
        "+dataset.transforms.x",
        "loop=tape ++loop.step",
        "++tracking.tags.x",
        "++model.dropout",
        "++model.hidden_units",
    ],
)
def test_nothing_is_called_while_a_config_is_checked(place: str, tmp_path: Path) -> None:
    file = tmp_path / "made"
    *before, last = place.split()
    for call in (
        f"{{_target_:subprocess.run,args:[touch,{file}]}}",
        f"{{_target_:os.mkdir,path:{file}}}",
        f"{{_target_:os.makedirs,name:{file}}}",
        f"{{_target_:tempfile.TemporaryDirectory,dir:{tmp_path}}}",
    ):
        problems_of(*before, f"{last}={call}", "loop.epochs=-1")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("partial", [{}, {"_partial_": True}])
def test_a_setting_that_is_to_be_called_is_not_called_by_the_check(
    partial: dict[str, bool], tmp_path: Path
) -> None:
    call = {"_target_": f"{__name__}.touch", "path": str(tmp_path / "made"), **partial}
    node = {"_target_": "altitude.models.Subclassed", "model_class": call}
    model, problems = read_builder("model", node)
    assert problems == []
    (found,) = [each for _, each in lazy_calls("model", model)]
    assert found.problems("model.model_class") == []
    assert list(tmp_path.iterdir()) == []
    assert model.model_class() is None
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def touch(path: str) -> None:
    """What a model class of the user's own may do when it is called."""
    Path(path).touch()


def test_a_partial_loss_keeps_its_arguments_for_each_batch() -> None:
    loss = ["++objective.loss._partial_=true", "++objective.loss.delta=0.0"]
    experiment = compose(
        ["objective=regression", "objective.loss._target_=keras.losses.huber", *loss]
    )
    check_signatures(experiment)
    assert experiment.objective.loss is not None
    assert float(experiment.objective.loss()([[1.0]], [[3.0]])[0]) == 0.0


def test_settings_are_no_builder() -> None:
    _, (problem,) = read_builder("model", {"_target_": "altitude.data.Digits"})
    assert (problem.key, "can be called" in problem.expected) == ("model._target_", True)


def test_a_sweep_is_one() -> None:
    config, _ = compose_config(["sweep._target_=altitude.loops.Fit"])
    _, (problem, *_) = read_sweep(config)
    assert (problem.key, problem.given) == ("sweep._target_", "altitude.loops.Fit")


@pytest.mark.parametrize("value", ["3", "maybe"])
def test_partial_is_true_or_false(value: str) -> None:
    (problem,) = problems_of(f"++optimizer._partial_={value}")
    assert (problem.key, problem.expected) == ("optimizer._partial_", "true or false")


def test_a_refused_target_in_an_argument_is_found_before_the_run() -> None:
    experiment = compose(["+optimizer.name={_target_:subprocess.run,args:[ls]}"])
    with pytest.raises(ConfigError) as caught:
        check_signatures(experiment)
    (problem,) = caught.value.problems
    assert problem.key == "optimizer.name._target_"
    assert "subprocess.run" in problem.instead
    assert "execution-capable" in problem.instead  # Hydra's words


def test_a_compile_of_its_own_takes_plain_values_lists_and_names() -> None:
    loss = {"_target_": "builtins_of_mine.Loss"}
    node = {"weight": 0.0, "loss": "mse", "losses": [loss, "mae"], "by_name": {"a": loss}}
    objective, problems = READERS["objective"]("objective", node)
    assert problems == []
    assert [key for key, _ in lazy_calls("objective.own", objective.own)] == [
        "objective.own.losses.0",
        "objective.own.by_name.a",
    ]
    plain = Objective(loss=None, metrics={}, own={"weight": 0.0, "loss": "mse", "d": [dict]})
    assert plain.compile_arguments() == {"weight": 0.0, "loss": "mse", "d": [{}]}

"""The direction belongs to the metric, and what is monitored to the objective."""

from typing import Any

import pytest

from altitude import ConfigError, LazyCall, Objective, Problem, compose
from altitude.experiment.monitoring import default_monitor
from altitude.loops import Fit, TrainStep
from altitude.steps import Gan, OwnMetrics

CHECKPOINT = "callbacks.model_checkpoint"


def watched(*overrides: str, callback: str = "model_checkpoint") -> tuple[Any, Any]:
    call = compose(["dataset=digits", *overrides]).callbacks[callback]
    assert isinstance(call, LazyCall)
    return call.arguments["monitor"], call.arguments["mode"]


def problem_of(*overrides: str) -> Problem:
    with pytest.raises(ConfigError) as refused:
        compose(["dataset=digits", *overrides])
    (problem,) = refused.value.problems
    return problem


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], ("val_accuracy", "max")),
        (["objective=regression"], ("val_mae", "min")),
        (["objective.monitor=val_loss"], ("val_loss", "min")),
        ([f"{CHECKPOINT}.monitor=val_loss"], ("val_loss", "min")),
        (["experiment=own_metrics"], ("val_accuracy", "max")),
        (["debug=overfit"], ("loss", "min")),
    ],
)
def test_the_checkpoint_follows_the_objective(
    overrides: list[str], expected: tuple[str, str]
) -> None:
    assert watched(*overrides) == expected


@pytest.mark.parametrize("callback", ["early_stopping", "reduce_lr_on_plateau"])
def test_every_callback_takes_the_direction_of_its_metric(callback: str) -> None:
    assert watched(callback=callback) == ("val_loss", "min")
    assert watched(f"callbacks.{callback}.monitor=val_accuracy", callback=callback)[1] == "max"


def test_a_metric_of_a_class_is_judged_by_its_class() -> None:
    top = "+objective.metrics.top_3._target_=keras.metrics.SparseTopKCategoricalAccuracy"
    assert watched(top, "objective.monitor=val_top_3") == ("val_top_3", "max")


def test_a_mode_against_the_metric_is_refused() -> None:
    problem = problem_of(f"{CHECKPOINT}.monitor=val_loss", f"{CHECKPOINT}.mode=max")
    assert (problem.key, problem.given) == (f"{CHECKPOINT}.mode", "max")
    assert problem.instead == f"{CHECKPOINT}.mode=min"
    problem = problem_of("objective.mode=min")
    assert (problem.key, problem.instead) == ("objective.mode", "objective.mode=max")


OWN = (
    "+objective.metrics.mine._target_=keras.metrics.Mean",
    "objective.monitor=val_mine",
)


def test_of_a_metric_that_nothing_is_known_of_the_user_says_the_direction() -> None:
    problem = problem_of(*OWN)
    assert (problem.key, problem.instead) == (f"{CHECKPOINT}.mode", f"{CHECKPOINT}.mode=max")
    assert watched(*OWN, "objective.mode=min") == ("val_mine", "min")
    assert watched(*OWN, f"{CHECKPOINT}.mode=max") == ("val_mine", "max")


@pytest.mark.parametrize(
    "overrides",
    [
        ["objective=regression", f"{CHECKPOINT}.monitor=val_accuracy"],
        ["objective=regression", "callbacks.early_stopping.monitor=val_maee"],
        [
            "dataset.validation_size=0",
            "~callbacks.early_stopping",
            "~callbacks.reduce_lr_on_plateau",
        ],
    ],
)
def test_what_is_proposed_is_complete(overrides: list[str]) -> None:
    problem = problem_of(*overrides)
    assert problem.key.removesuffix("monitor") + "mode=" in problem.instead
    for proposed in problem.instead.split(", or "):
        compose(["dataset=digits", *overrides, *proposed.split()])


@pytest.mark.parametrize(
    "overrides",
    [
        ["dataset.validation_size=0"],
        ["experiment=gan", "callbacks=default", "model.filters=4", "callbacks.sample_images=null"],
    ],
)
def test_several_monitors_that_do_not_exist_have_one_proposal(overrides: list[str]) -> None:
    problem = problem_of(*overrides)
    assert problem.key == "callbacks"
    assert problem.instead.count(".monitor=") == problem.instead.count(".mode=") == 3
    for proposed in problem.instead.split(", or "):
        compose(["dataset=digits", *overrides, *proposed.split()])


def test_objectives_of_users_without_these_keys(tmp_path: Any) -> None:
    group = tmp_path / "objective"
    group.mkdir()
    own = "_target_: altitude.objective.Objective\n"
    loss = "loss: {_target_: keras.losses.MeanSquaredError}\n"
    metrics = "metrics: {rmse: {_target_: keras.metrics.RootMeanSquaredError}}\n"
    (group / "mine.yaml").write_text(own + loss + metrics)
    (group / "theirs.yaml").write_text("loss_fn: {_target_: keras.losses.MeanSquaredError}\n")
    (group / "said.yaml").write_text(
        "monitor: val_kl\nmode: min\nd: {_target_: keras.losses.KLD}\n"
    )
    (tmp_path / "model").mkdir()
    model = "_target_: altitude.models.Subclassed\nmodel_class: {_target_: a.B}\n"
    (tmp_path / "model" / "theirs.yaml").write_text(model)
    found = {}
    for name in ("mine", "theirs", "said"):
        experiment = compose(
            ["loop=train_step", f"objective={name}", "model=theirs"], config_dir=tmp_path
        )
        call = experiment.callbacks["model_checkpoint"]
        assert isinstance(call, LazyCall)
        found[name] = (call.arguments["monitor"], call.arguments["mode"])
    assert found == {
        "mine": ("val_rmse", "min"),
        "theirs": ("val_loss", "min"),
        "said": ("val_kl", "min"),
    }
    assert set(experiment.objective.own) == {"d"}


def test_what_is_monitored_by_default() -> None:
    nothing = Objective(loss=None, metrics={})
    assert default_monitor(Objective(), Fit()) == "val_accuracy"
    assert default_monitor(nothing, TrainStep(step=OwnMetrics())) == "val_accuracy"
    assert default_monitor(nothing, TrainStep(step=Gan())) == "val_loss"
    assert default_monitor(nothing) == "val_loss"


def test_an_objective_of_a_sweep_that_does_not_exist_is_refused_without_one_too() -> None:
    from altitude.config.command_line import command_problems

    overrides = ["dataset=digits", "sweep.objective=nope"]
    (problem,) = command_problems(overrides, multirun=False)
    assert (problem.key, problem.given) == ("sweep.objective", "nope")
    assert command_problems(["experiment=gan"], multirun=False) == []

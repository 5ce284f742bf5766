"""Rules that an experiment must satisfy. Does not import TensorFlow.

A rule is a function whose parameters name the groups that it reads; those with a default it can do
without. It returns problems.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from altitude.calls.lazy_call import LazyCall, lazy_calls
from altitude.data import ArrayDataset, CartPole, Dataset, LabelSpec
from altitude.errors import Problem
from altitude.experiment.arguments import invalid_arguments
from altitude.experiment.devices import device_problems
from altitude.experiment.labels_and_loss import label_problems, logits_problems
from altitude.experiment.metrics import (
    modes_agree,
    monitored_metrics_exist,
    objective_has_one_source,
    objective_mode_agrees,
)
from altitude.experiment.monitoring import Callbacks
from altitude.loops import Fit, Loop, Reinforce, SteppingLoop
from altitude.objective import Objective


def logits_agree(model: Any, objective: Objective) -> list[Problem]:
    """Checks that the activation of the last layer agrees with `from_logits` of the loss.

    Args:
        model: The model builder.
        objective: The compiled loss and metrics.

    Returns:
        The problems; none if the activation or the loss is not known.
    """
    activation = getattr(model, "output_activation", None)
    if activation is None or not isinstance(objective.loss, LazyCall):
        return []
    from_logits = bool(objective.loss.arguments.get("from_logits", False))
    return logits_problems(activation, from_logits, objective.loss.class_name)


RATE_SETTERS = ("LearningRateScheduler",)
"""Classes of callbacks that set the learning rate as a function of the epoch."""


def labels_agree(dataset: Dataset, objective: Objective) -> list[Problem]:
    """Checks that the labels have the form that the loss expects.

    Args:
        dataset: The dataset.
        objective: The compiled loss and metrics.

    Returns:
        The problems; none if the dataset does not declare its labels.
    """
    labels = dataset.declared.labels
    if labels is None or not isinstance(objective.loss, LazyCall):
        return []
    arrays = dataset if isinstance(dataset, ArrayDataset) else None
    if arrays and any(transform.soft_labels for transform in arrays.transforms.values()):
        return []  # the objective follows the labels
    if arrays and arrays.one_hot:
        labels = LabelSpec("one_hot", labels.num_classes)
    return label_problems(labels, objective.loss.class_name, outputs=None)


def validation_leaves_training(dataset: Dataset) -> list[Problem]:
    """Checks that the validation split is smaller than the data.

    Args:
        dataset: The dataset.

    Returns:
        At most one problem; none if the number of examples is not known.
    """
    available = dataset.declared.num_examples
    if available is None or not isinstance(dataset, ArrayDataset) or dataset.fold is not None:
        return []
    if dataset.declared.has_validation or (dataset.validation_size or 0) < available:
        return []
    expected = f"less than {available}, the number of training examples"
    return [Problem("dataset.validation_size", str(dataset.validation_size), expected)]


def fold_is_one_of_them(dataset: Dataset) -> list[Problem]:
    """Checks that the fold for validation is one of the folds, and that the data can have folds.

    Args:
        dataset: The dataset.

    Returns:
        At most one problem.
    """
    if not isinstance(dataset, ArrayDataset) or dataset.fold is None:
        return []
    if dataset.declared.has_validation:
        expected = "null: these data have a validation split of their own"
        return [Problem("dataset.fold", str(dataset.fold), expected, "dataset.fold=null")]
    if dataset.fold < dataset.num_folds:
        return []
    expected = f"a fold from 0 to {dataset.num_folds - 1}, since dataset.num_folds is so many"
    instead = f"dataset.num_folds={dataset.fold + 1}"
    return [Problem("dataset.fold", str(dataset.fold), expected, instead)]


def one_learning_rate_controller(optimizer: Any, callbacks: Callbacks) -> list[Problem]:
    """Checks that a learning rate schedule and ReduceLROnPlateau are not combined.

    Args:
        optimizer: The optimizer's call, or several by group of variables.
        callbacks: The callbacks, by name.

    Returns:
        One problem for each optimizer with a schedule.
    """
    setters = [n for n, c in callbacks.items() if _class_name(c) == "ReduceLROnPlateau"]
    problems = []
    for key, call in lazy_calls("optimizer", optimizer):
        rate = call.arguments.get("learning_rate")
        if isinstance(rate, Mapping) and setters:
            expected = f"a number: callbacks.{setters[0]} cuts it, which a schedule does not allow"
            instead = f"~callbacks.{setters[0]}, or {key}.learning_rate=1e-3"
            schedule = str(rate.get("_target_", rate)).rpartition(".")[2]
            problems.append(Problem(f"{key}.learning_rate", schedule, expected, instead))
    return problems


def rollback_sets_the_rate(optimizer: Any, callbacks: Callbacks, loop: Loop) -> list[Problem]:
    """Checks that a rollback, which halves the learning rate, is not undone by a schedule.

    Args:
        optimizer: The optimizer's call, or several by group of variables.
        callbacks: The callbacks, by name.
        loop: The loop.

    Returns:
        At most one problem.
    """
    if loop.on_nan != "rollback":
        return []
    setters = [f"callbacks.{n}" for n, c in callbacks.items() if _class_name(c) in RATE_SETTERS]
    for key, call in lazy_calls("optimizer", optimizer):
        if isinstance(call.arguments.get("learning_rate"), Mapping):
            setters.append(f"{key}.learning_rate")
    if isinstance(loop, Reinforce):
        expected = "fail or skip: episodes cannot be played again from the middle"
        return [Problem("loop.on_nan", "rollback", expected, "loop.on_nan=skip")]
    if not setters:
        return []
    expected = f"fail or skip: {setters[0]} sets the learning rate anew, which a rollback halves"
    return [Problem("loop.on_nan", "rollback", expected, "loop.on_nan=skip")]


def episodes_need_reinforce(dataset: Dataset, loop: Loop) -> list[Problem]:
    """Checks that a reinforcement learning environment has a loop that plays episodes.

    Args:
        dataset: The dataset.
        loop: The loop.

    Returns:
        At most one problem.
    """
    if isinstance(dataset, CartPole) and isinstance(loop, Fit | SteppingLoop):
        expected = "a loop that plays episodes: this environment has no batches"
        return [Problem("loop", loop.name, expected, "experiment=reinforce")]
    return []


def policies_put_out_logits(model: Any, loop: Loop) -> list[Problem]:
    """Checks that a model outputs logits, from which the REINFORCE loop samples actions.

    Args:
        model: The model builder.
        loop: The loop.

    Returns:
        At most one problem.
    """
    activation = getattr(model, "output_activation", "linear")
    if not isinstance(loop, Reinforce) or activation == "linear":
        return []
    expected = "linear: this loop takes the model's outputs for logits"
    return [Problem("model.output_activation", activation, expected, "model=mlp")]


def files_are_readable(dataset: Dataset) -> list[Problem]:
    """Checks that the files of the dataset exist and have valid headers.

    Args:
        dataset: The dataset.

    Returns:
        The problems that the dataset finds.
    """
    return dataset.problems()


def seed_is_in_range(seed: Any) -> list[Problem]:
    """Checks that the seed is one that Keras and NumPy accept.

    Args:
        seed: The value given, of any type.

    Returns:
        At most one problem.
    """
    if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**32:
        return []
    return [Problem("seed", repr(seed), "a whole number from 0 to 4294967295")]


RULES: tuple[Callable[..., list[Problem]], ...] = (
    seed_is_in_range,
    files_are_readable,
    logits_agree,
    labels_agree,
    validation_leaves_training,
    fold_is_one_of_them,
    monitored_metrics_exist,
    modes_agree,
    objective_mode_agrees,
    one_learning_rate_controller,
    rollback_sets_the_rate,
    objective_has_one_source,
    episodes_need_reinforce,
    policies_put_out_logits,
    device_problems,
)


def broken_rules(parts: Mapping[str, Any]) -> list[Problem]:
    """Checks the arguments of all calls, and applies every rule whose groups are there.

    Args:
        parts: The parts of an experiment that could be read, by config group.

    Returns:
        All problems that the rules find.
    """
    problems = invalid_arguments(parts)
    sound = _without(parts, problems)
    for rule in RULES:
        groups = inspect.signature(rule).parameters.values()
        if all(group.name in sound for group in groups if group.default is group.empty):
            problems += rule(**{g.name: sound[g.name] for g in groups if g.name in sound})
    return problems


def _without(parts: Mapping[str, Any], problems: Sequence[Problem]) -> dict[str, Any]:
    """Returns the parts without problems; of the callbacks, those without problems."""
    keys = {problem.key for problem in problems}
    bad = {key.partition(".")[0] for key in keys}
    sound = {group: part for group, part in parts.items() if group not in bad - {"callbacks"}}
    if "callbacks" in bad:
        names = {key.split(".")[1] for key in keys if key.startswith("callbacks.")}
        sound["callbacks"] = {n: c for n, c in parts["callbacks"].items() if n not in names}
    return sound


def plateau_after_stopping(callbacks: Callbacks) -> str | None:
    """Returns a warning if early stopping comes before ReduceLROnPlateau; None if not.

    Args:
        callbacks: The callbacks, by name.
    """
    patience = {_class_name(c): _patience(c) for c in callbacks.values()}
    cut, stop = patience.get("ReduceLROnPlateau"), patience.get("EarlyStopping")
    if cut is None or stop is None or cut < stop:
        return None
    return (
        f"ReduceLROnPlateau's patience ({cut}) is not smaller than EarlyStopping's ({stop}): "
        "training stops before a cut of the learning rate can help. "
        f"Try callbacks.reduce_lr_on_plateau.patience={max(stop - 1, 0)}"
    )


def _class_name(callback: Callable[[], Any]) -> str:
    return callback.class_name if isinstance(callback, LazyCall) else ""


def _patience(callback: Callable[[], Any]) -> int | None:
    return callback.arguments.get("patience") if isinstance(callback, LazyCall) else None

"""What must hold between the groups of a config. Imports no TensorFlow.

A rule is a function whose parameters name the groups that it reads; those with a default it can do
without. It returns problems.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from altitude.checks.agreement import label_problems, logits_problems
from altitude.checks.devices import device_problems
from altitude.data import ArrayDataset, CartPole, Dataset, LabelSpec
from altitude.deferred import Deferred, deferred_calls
from altitude.errors import Problem
from altitude.loops import Fit, Loop, Reinforce, SteppingLoop
from altitude.models import Subclassed
from altitude.monitoring import (
    OF_EVERY_RUN,
    Callbacks,
    default_monitor,
    monitor_overrides,
    monitored,
    objective_overrides,
)
from altitude.objective import Objective

if TYPE_CHECKING:
    from altitude.experiment import Experiment


def logits_agree(model: Any, objective: Objective) -> list[Problem]:
    """The last layer puts out what the loss takes it for."""
    activation = getattr(model, "output_activation", None)
    if activation is None or not isinstance(objective.loss, Deferred):
        return []
    from_logits = bool(objective.loss.arguments.get("from_logits", False))
    return logits_problems(activation, from_logits, objective.loss.class_name)


def labels_agree(dataset: Dataset, objective: Objective) -> list[Problem]:
    """The labels are written as the loss reads them."""
    labels = dataset.declared.labels
    if labels is None or not isinstance(objective.loss, Deferred):
        return []
    arrays = dataset if isinstance(dataset, ArrayDataset) else None
    if arrays and any(transform.soft_labels for transform in arrays.transforms.values()):
        return []  # the objective follows the labels
    if arrays and arrays.one_hot:
        labels = LabelSpec("one_hot", labels.num_classes)
    return label_problems(labels, objective.loss.class_name, outputs=None)


def validation_leaves_training(dataset: Dataset) -> list[Problem]:
    """The validation split is smaller than the data."""
    available = dataset.declared.num_examples
    if available is None or not isinstance(dataset, ArrayDataset):
        return []
    if (dataset.validation_size or 0) < available:
        return []
    expected = f"less than {available}, the number of training examples"
    return [Problem("dataset.validation_size", str(dataset.validation_size), expected)]


def monitors_exist(
    callbacks: Callbacks,
    objective: Objective,
    loop: Loop | None = None,
    dataset: Dataset | None = None,
    model: Any = None,
) -> list[Problem]:
    """Each callback monitors a metric that the run will have. A loop may add training metrics."""
    validated = _is_validated(dataset)
    if not isinstance(model, Subclassed) and loop and objective_has_an_owner(objective, loop):
        return []  # first things first
    known = known_metrics(objective, loop, validated=validated)
    problems = []
    for name, callback, monitor in monitored(callbacks):
        if monitor in known or _may_be_reported(monitor, model, loop, validated=validated):
            continue
        expected = f"a metric that this run has: {', '.join(known)}"
        if monitor.startswith("val_") and not validated:
            expected = f"a metric of training, {', '.join(known)}: there is no validation data"
        near = _nearest(monitor, known, default_monitor(objective, loop))
        instead = near and monitor_overrides(
            name, near, objective.mode_of(near), with_mode="mode" in callback.arguments
        )
        problems.append(Problem(f"callbacks.{name}.monitor", monitor, expected, instead))
    return problems


def modes_agree(
    callbacks: Callbacks,
    objective: Objective,
    loop: Loop | None = None,
    dataset: Dataset | None = None,
    model: Any = None,
) -> list[Problem]:
    """Each callback follows its metric in the direction that is the better one."""
    unknown = {p.key for p in monitors_exist(callbacks, objective, loop, dataset, model)}
    problems = []
    for name, callback, monitor in monitored(callbacks):
        mode, own = callback.arguments.get("mode", "auto"), objective.mode_of(monitor)
        key = f"callbacks.{name}.mode"
        if f"callbacks.{name}.monitor" in unknown:
            continue
        if mode is None:  # it would have been filled in, were it known
            expected = f"min or max: it is not known whether less or more of {monitor} is better"
            problems.append(Problem(key, "null", expected, f"{key}=max"))
        elif mode in ("min", "max") and own not in (None, mode):
            better = "more" if own == "max" else "less"
            expected = f"{own}: {better} of {monitor} is better"
            problems.append(Problem(key, mode, expected, f"{key}={own}"))
    return problems


def objective_mode_agrees(objective: Objective) -> list[Problem]:
    """The direction of what decides about the best model is the metric's own, if it has one."""
    own = objective.monitor and objective.own_mode_of(objective.monitor)
    if not own or objective.mode in (None, own):
        return []
    expected = f"{own}: the direction of {objective.monitor}, or null"
    return [Problem("objective.mode", str(objective.mode), expected, f"objective.mode={own}")]


def one_hand_on_the_learning_rate(optimizer: Any, callbacks: Callbacks) -> list[Problem]:
    """A schedule and ReduceLROnPlateau do not both set the learning rate."""
    setters = [n for n, c in callbacks.items() if _class_name(c) == "ReduceLROnPlateau"]
    problems = []
    for key, call in deferred_calls("optimizer", optimizer):
        rate = call.arguments.get("learning_rate")
        if isinstance(rate, Mapping) and setters:
            expected = f"a number: callbacks.{setters[0]} cuts it, which a schedule does not allow"
            instead = f"~callbacks.{setters[0]}, or {key}.learning_rate=1e-3"
            schedule = str(rate.get("_target_", rate)).rpartition(".")[2]
            problems.append(Problem(f"{key}.learning_rate", schedule, expected, instead))
    return problems


def objective_has_an_owner(objective: Objective, loop: Loop, model: Any = None) -> list[Problem]:
    """Loss and metrics are the compiled ones or the step's own; one of the two, not both."""
    if isinstance(model, Subclassed):
        return []
    if loop.owns_objective and objective.metric_names:
        given = ", ".join(objective.metric_names)
        expected = "nothing: this step computes a loss and metrics of its own"
        return [Problem("objective", given, expected, "objective=none")]
    if not loop.owns_objective and objective.loss is None:
        expected = "a loss: this step takes the one that the model is compiled with"
        return [Problem("objective.loss", "null", expected, "objective=sparse_categorical")]
    return []


def episodes_need_their_loop(dataset: Dataset, loop: Loop) -> list[Problem]:
    """An environment is played, which loops over batches cannot do."""
    if isinstance(dataset, CartPole) and isinstance(loop, Fit | SteppingLoop):
        expected = "a loop that plays episodes: this environment has no batches"
        return [Problem("loop", loop.name, expected, "experiment=reinforce")]
    return []


def policies_put_out_logits(model: Any, loop: Loop) -> list[Problem]:
    """The loop that plays episodes draws actions from logits."""
    activation = getattr(model, "output_activation", "linear")
    if not isinstance(loop, Reinforce) or activation == "linear":
        return []
    expected = "linear: this loop takes the model's outputs for logits"
    return [Problem("model.output_activation", activation, expected, "model=mlp")]


RULES: tuple[Callable[..., list[Problem]], ...] = (
    logits_agree,
    labels_agree,
    validation_leaves_training,
    monitors_exist,
    modes_agree,
    objective_mode_agrees,
    one_hand_on_the_learning_rate,
    objective_has_an_owner,
    episodes_need_their_loop,
    policies_put_out_logits,
    device_problems,
)


def broken_rules(parts: Mapping[str, Any]) -> list[Problem]:
    """Applies every rule whose groups are there.

    Args:
        parts: The groups of a config that could be read, by name.
    """
    problems = []
    for rule in RULES:
        groups = inspect.signature(rule).parameters.values()
        if all(group.name in parts for group in groups if group.default is group.empty):
            problems += rule(**{g.name: parts[g.name] for g in groups if g.name in parts})
    return problems


def known_metrics(objective: Objective, loop: Loop | None, *, validated: bool) -> list[str]:
    """Names of all metrics that callbacks will see in the logs of an epoch."""
    trained = [*objective.metric_names, *(loop.reported_metrics if loop else ())]
    evaluated = [*objective.metric_names, *(loop.evaluated_metrics if loop else ())]
    return trained + [f"val_{name}" for name in evaluated if validated]


def objectives_exist(metrics: Sequence[str], experiment: "Experiment") -> list[Problem]:
    """What ranks the jobs of a sweep is among the results that a job will have."""
    if isinstance(experiment.model, Subclassed) or isinstance(experiment.optimizer, Mapping):
        return []  # its class may report whatever it likes
    validated = _is_validated(experiment.dataset)
    seen = known_metrics(experiment.objective, experiment.loop, validated=validated)
    best = [f"best_{name}" for name in seen if name.startswith("val_")]
    evaluated = [*experiment.objective.metric_names, *experiment.loop.evaluated_metrics]
    known = [*best, *(f"test_{name}" for name in evaluated), *seen, *OF_EVERY_RUN]
    expected = f"a result that the jobs will have: {', '.join(known)}"
    instead = _known_objectives(metrics, known, experiment)
    return [
        Problem("sweep.objective", metric, expected, instead)
        for metric in metrics
        if metric not in known
    ]


def _known_objectives(
    metrics: Sequence[str], known: Sequence[str], experiment: "Experiment"
) -> str:
    """Objectives of a sweep, with their directions, in place of those that are not known."""
    objective = experiment.objective
    default = f"best_{default_monitor(objective, experiment.loop)}"
    # What is chosen by its test score has no test score any more: that is never proposed.
    proposed = [name for name in known if not name.startswith("test_")]
    nearest = [m if m in known else _nearest(m, proposed, default) for m in metrics]
    return objective_overrides(nearest, [objective.mode_of(metric) for metric in nearest])


def useless_plateau(callbacks: Callbacks) -> str | None:
    """A warning, if the learning rate would be cut only after training has stopped."""
    patience = {_class_name(c): _patience(c) for c in callbacks.values()}
    cut, stop = patience.get("ReduceLROnPlateau"), patience.get("EarlyStopping")
    if cut is None or stop is None or cut < stop:
        return None
    return (
        f"ReduceLROnPlateau's patience ({cut}) is not smaller than EarlyStopping's ({stop}): "
        "training stops before a cut of the learning rate can help. "
        f"Try callbacks.reduce_lr_on_plateau.patience={max(stop - 1, 0)}"
    )


def _may_be_reported(monitor: str, model: Any, loop: Loop | None, *, validated: bool) -> bool:
    """Whether a metric may come from a model's class, or from a loop that could not be read."""
    if isinstance(model, Subclassed):
        return validated or not monitor.startswith("val_")
    return loop is None and not monitor.startswith("val_")


def _nearest(monitor: str, known: Sequence[str], default: str) -> str:
    """What may have been meant; empty if nothing is known."""
    of_training = monitor.removeprefix("val_")
    if of_training != monitor and of_training in known:
        return of_training
    close = get_close_matches(monitor, known, n=1)
    return [*close, *(name for name in (default, *known) if name in known), ""][0]


def _is_validated(dataset: Dataset | None) -> bool:
    # A dataset that says nothing about itself may bring a validation split of its own.
    if not isinstance(dataset, ArrayDataset):
        return True
    return dataset.validation_size != 0 or dataset.declared.num_examples is None


def _class_name(callback: Callable[[], Any]) -> str:
    return callback.class_name if isinstance(callback, Deferred) else ""


def _patience(callback: Callable[[], Any]) -> int | None:
    return callback.arguments.get("patience") if isinstance(callback, Deferred) else None

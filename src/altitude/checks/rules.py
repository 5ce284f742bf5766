"""What must hold between the groups of a config. Imports no TensorFlow.

A rule is a function whose parameters name the groups that it reads; those with a default it can do
without. It returns problems.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from altitude.checks.agreement import label_problems, logits_problems
from altitude.checks.devices import device_problems
from altitude.data import ArrayDataset, CartPole, Dataset, LabelSpec
from altitude.deferred import Deferred, deferred_calls
from altitude.errors import Problem, did_you_mean
from altitude.loops import Fit, Loop, Reinforce, SteppingLoop
from altitude.models import Subclassed
from altitude.objective import Objective

if TYPE_CHECKING:
    from altitude.experiment import Experiment
    from altitude.sweeps.outcome import Goal

Callbacks = Mapping[str, Callable[[], Any]]

OF_EVERY_RUN = ("best_epoch", "epoch_seconds", "learning_rate")
"""What every run reports besides the metrics of its loss and its step."""


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
    if dataset.validation_size < available:
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
    if isinstance(model, Subclassed) or (loop and objective_has_an_owner(objective, loop)):
        return []  # its class may report whatever it likes; or first things first
    known = known_metrics(objective, loop, validated=_is_validated(dataset))
    problems = []
    for name, callback in callbacks.items():
        monitor = callback.arguments.get("monitor") if isinstance(callback, Deferred) else None
        unknowable = loop is None and not str(monitor).startswith("val_")
        if monitor is not None and monitor not in known and not unknowable:
            expected = f"a metric that this run has: {', '.join(known)}"
            key = f"callbacks.{name}.monitor"
            problems.append(Problem(key, monitor, expected, did_you_mean(monitor, known)))
    return problems


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


def objectives_exist(goals: Sequence["Goal"], experiment: "Experiment") -> list[Problem]:
    """What ranks the jobs of a sweep is among the results that a job will have."""
    if isinstance(experiment.model, Subclassed) or isinstance(experiment.optimizer, Mapping):
        return []  # its class may report whatever it likes
    validated = _is_validated(experiment.dataset)
    seen = known_metrics(experiment.objective, experiment.loop, validated=validated)
    best = [f"best_{name}" for name in seen if name.startswith("val_")]
    evaluated = [*experiment.objective.metric_names, *experiment.loop.evaluated_metrics]
    known = [*best, *(f"test_{name}" for name in evaluated), *seen, *OF_EVERY_RUN]
    return [
        Problem(
            "sweep.objective",
            goal.metric,
            f"a result that the jobs will have: {', '.join(known)}",
            did_you_mean(goal.metric, known),
        )
        for goal in goals
        if goal.metric not in known
    ]


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


def _is_validated(dataset: Dataset | None) -> bool:
    # A dataset that says nothing about itself may bring a validation split of its own.
    if not isinstance(dataset, ArrayDataset):
        return True
    return dataset.validation_size > 0 or dataset.declared.num_examples is None


def _class_name(callback: Callable[[], Any]) -> str:
    return callback.class_name if isinstance(callback, Deferred) else ""


def _patience(callback: Callable[[], Any]) -> int | None:
    return callback.arguments.get("patience") if isinstance(callback, Deferred) else None

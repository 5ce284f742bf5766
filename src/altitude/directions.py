"""The direction of a metric, derived from its Keras class or its name."""

import re
from collections.abc import Sequence
from typing import Literal

Mode = Literal["min", "max"]
"""What Keras' callbacks call the direction of a metric that they monitor."""

Direction = Literal["minimize", "maximize"]
"""What Optuna, and with it a sweep, calls the direction of a metric."""

DIRECTIONS: dict[Mode, Direction] = {"min": "minimize", "max": "maximize"}

OF_EVERY_RUN = ("best_epoch", "epoch_seconds", "learning_rate")
"""What every run reports besides the metrics of its loss and its step."""

PREFIXES = re.compile(r"^(best_|test_|val_)+")
"""What is put before a metric's name to say on which data it was computed."""

MORE_IS_BETTER = re.compile(
    r"(^|_)(accuracy|acc|auc|precision|recall|sensitivity|specificity|f1|f1_score|fbeta_score|iou|"
    r"dice|r2|r2_score|return|reward)$"
)
LESS_IS_BETTER = re.compile(
    r"(loss|error|(^|_)(mae|mse|rmse|mape|msle|crossentropy|cross_entropy|nll|perplexity|hinge|"
    r"divergence|seconds))$"
)

KERAS_METRICS = ("keras.metrics.", "keras.src.metrics.")
KERAS_LOSSES = ("keras.losses.", "keras.src.losses.")
MORE_IS_BETTER_CLASS = re.compile(
    r"(Accuracy|AUC|Precision|Recall|PrecisionAtRecall|RecallAtPrecision|Score|IoU|Correlation|"
    r"SensitivityAtSpecificity|SpecificityAtSensitivity|TruePositives|TrueNegatives|"
    r"CosineSimilarity)$"
)
LESS_IS_BETTER_CLASS = re.compile(
    r"(Error|Crossentropy|Hinge|KLDivergence|Poisson|FalsePositives|FalseNegatives)$"
)


def mode_of_class(target: str) -> Mode | None:
    """Returns the direction of a Keras metric or loss.

    Args:
        target: The import path of its class, such as `keras.metrics.AUC`.

    Returns:
        `min` or `max`; None if it has no direction, or is not a class of Keras.
    """
    if target.startswith(KERAS_LOSSES):
        return "min"
    if not target.startswith(KERAS_METRICS):
        return None
    return _matching(target.rpartition(".")[2], MORE_IS_BETTER_CLASS, LESS_IS_BETTER_CLASS)


def mode_of_name(metric: str) -> Mode | None:
    """Returns the direction that the name of a metric implies.

    Args:
        metric: The metric's name, such as `val_accuracy` or `best_val_loss`.

    Returns:
        `min` or `max`; None if the name implies none.
    """
    return _matching(plain_name(metric), MORE_IS_BETTER, LESS_IS_BETTER)


def plain_name(metric: str) -> str:
    """Returns the name of a metric without its prefixes: `mae` for `best_val_mae`.

    Args:
        metric: The name of a result.
    """
    return PREFIXES.sub("", metric)


def monitor_overrides(name: str, monitor: str, mode: str | None, *, with_mode: bool = True) -> str:
    """Returns the overrides that make a callback monitor a metric, with its direction.

    Args:
        name: The name of the callback in the config.
        monitor: The metric.
        mode: Its direction; None derives it from the name.
        with_mode: Whether the callback has a `mode` in the config.
    """
    mode = mode or mode_of_name(monitor) or "min"
    direction = f" callbacks.{name}.mode={mode}" if with_mode else ""
    return f"callbacks.{name}.monitor={monitor}{direction}"


def objective_overrides(metrics: Sequence[str], modes: Sequence[Mode | None]) -> str:
    """Returns the overrides that make metrics the objectives of a sweep, with their directions.

    Args:
        metrics: The names of the metrics.
        modes: Their directions, in the same order; None is taken for `max`.
    """
    directions = [DIRECTIONS[mode or "max"] for mode in modes]
    return f"sweep.objective={listed(metrics)} sweep.direction={listed(directions)}"


def listed(values: Sequence[str]) -> str:
    """Returns one value, or a list of several, as written on a command line.

    Args:
        values: At least one value.
    """
    return values[0] if len(values) == 1 else f"[{','.join(values)}]"


def _matching(name: str, more: re.Pattern[str], less: re.Pattern[str]) -> Mode | None:
    if less.search(name):
        return "min"
    return "max" if more.search(name) else None

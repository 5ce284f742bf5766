"""Ends a training whose loss, gradient norm or weights are no longer finite."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from altitude.errors import NonFiniteError
from altitude.models.variables import SKIPPED_UPDATES

CHECKED_BATCHES = 32
"""Weights are checked after so many batches, which costs less than a percent of their time."""


class RequireFinite(keras.callbacks.Callback):
    """Raises as soon as a loss, `grad_norm` or a weight is NaN or infinite.

    Comes before all other callbacks, so that nothing of such an epoch is saved. Other metrics may
    be infinite. A gradient that is not finite makes weights that are not: these are checked after
    each call of the step, but not more often than every 32 batches, and at the end of each epoch.

    Args:
        remedies: Suggestions, one line each.
        every_call: Check after each call of the compiled step, or only at the end of an epoch, when
            all processes of a distributed training see the same values.
    """

    def __init__(self, remedies: Sequence[str] = (), *, every_call: bool = True) -> None:
        super().__init__()
        self._remedies = remedies
        self._every_call = every_call
        self._epoch = 1
        self._first_step = 1
        self._unchecked = self._skipped = 0
        self._weights: WeightCheck | None = None
        self._last_finite = "no loss was finite before"

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._epoch = epoch + 1
        self._unchecked = 0
        self._skipped = self._skipped_updates()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._first_step = batch + 1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: D102
        self._unchecked += batch + 2 - self._first_step
        if not self._every_call:
            return
        self._require_finite(logs or {}, f"in epoch {self._epoch}, {self._steps(batch + 1)}")
        if self._unchecked >= CHECKED_BATCHES:
            self._first_step = batch + 2 - self._unchecked
            self._require_finite_weights(f"in epoch {self._epoch}, {self._steps(batch + 1)}")
            self._unchecked = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: D102
        self._require_updates(epoch + 1)
        self._require_finite(logs or {}, f"at the end of epoch {epoch + 1}")
        self._require_finite_weights(f"after epoch {epoch + 1}")

    def _require_updates(self, epoch: int) -> None:
        updates = self.params.get("steps") or 0
        if updates and self._skipped_updates() - self._skipped >= updates:
            left_out = f"and all {updates} were left out"
            self._fail(f"no update of epoch {epoch} was finite, {left_out}")

    def _skipped_updates(self) -> int:
        return int(getattr(self.model, SKIPPED_UPDATES, 0))

    def _require_finite_weights(self, when: str) -> None:
        variables = [v for v in self.model.trainable_variables if is_float(v)]
        if self._weights is None or not self._weights.is_of(variables):
            self._weights = WeightCheck(variables)
        if not self._weights.are_finite():
            found = next(v for v in variables if not _is_finite(v))
            self._fail(f"the weight {found.path} is not finite {when}")

    def _require_finite(self, logs: Mapping[str, Any], when: str) -> None:
        for name, value in logs.items():
            if self._is_checked(name) and not np.all(np.isfinite(value)):
                self._fail(f"{name} is {value} {when}")
        losses = [name for name in logs if name.endswith("loss")]
        if losses:
            name = "loss" if "loss" in losses else losses[0]
            self._last_finite = f"the last finite {name} was {float(logs[name]):.4g}, {when}"

    def _is_checked(self, name: str) -> bool:
        # Dynamic loss scaling skips steps whose gradients overflow.
        scaled = isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer)
        return name.endswith("loss") or (name == "grad_norm" and not scaled)

    def _steps(self, last: int) -> str:
        last = min(last, self.params.get("steps") or last)
        first = min(self._first_step, last)
        return f"step {last}" if first == last else f"steps {first} to {last}"

    def _fail(self, what: str) -> None:
        lines = [f"{what}; {self._last_finite}", *(f"    {line}" for line in self._remedies)]
        raise NonFiniteError("\n".join(lines))


class WeightCheck:
    """Checks all weights in one call of a graph.

    Args:
        variables: The weights, of floating-point dtypes.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self._variables = variables
        self._check = tf.function(lambda: tf.reduce_all([_all_finite(v) for v in variables]))

    def is_of(self, variables: Sequence[Any]) -> bool:
        """Returns whether these are the weights that it checks.

        Args:
            variables: The weights to check; others may have been frozen meanwhile.
        """
        return [*map(id, variables)] == [*map(id, self._variables)]

    def are_finite(self) -> bool:
        """Returns whether all weights are finite."""
        return not self._variables or bool(self._check())


def is_float(variable: Any) -> bool:
    """Returns whether a variable holds floating-point numbers.

    Args:
        variable: The variable, of Keras.
    """
    return bool(keras.backend.is_float_dtype(variable.dtype))


def _all_finite(variable: Any) -> tf.Tensor:
    return keras.ops.all(keras.ops.isfinite(keras.ops.convert_to_tensor(variable)))


def _is_finite(variable: Any) -> bool:
    return bool(_all_finite(variable))

"""Ends a training whose loss, gradient norm or weights are no longer finite."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from altitude.errors import NonFiniteError


class RequireFinite(keras.callbacks.Callback):
    """Raises as soon as a loss, `grad_norm` or a weight is NaN or infinite.

    Comes before all other callbacks, so that nothing of such an epoch is saved. Other metrics may
    be infinite. Weights are checked once an epoch: a loss is computed before the gradient that
    makes them infinite.

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
        self._last_finite = "no loss was finite before"

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._epoch = epoch + 1

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002, D102
        self._first_step = batch + 1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: D102
        if self._every_call:
            self._require_finite(logs or {}, f"in epoch {self._epoch}, {self._steps(batch + 1)}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: D102
        self._require_finite(logs or {}, f"at the end of epoch {epoch + 1}")
        for variable in self.model.trainable_variables:
            if not _is_finite(variable):
                self._fail(f"the weight {variable.path} is not finite after epoch {epoch + 1}")

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


def _is_finite(variable: Any) -> bool:
    if not keras.backend.is_float_dtype(variable.dtype):
        return True
    return bool(keras.ops.all(keras.ops.isfinite(keras.ops.convert_to_tensor(variable))))

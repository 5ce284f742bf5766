"""A Keras optimizer that updates each variable with the optimizer of its group."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import keras

from altitude.errors import ConfigError, Problem
from altitude.internals.keras_optimizers import DividedOptimizer

KEY = "optimizer.groups"
"""The config key of the groups."""


class GroupOptimizer(DividedOptimizer):
    """A `MultiOptimizer` with named groups and a learning rate that callbacks can set.

    Args:
        groups: An optimizer for each group, by the group's name.
        layers: For each group, patterns of layer names or of variable paths.
    """

    def __init__(
        self,
        groups: Mapping[str, keras.optimizers.Optimizer],
        layers: Mapping[str, Sequence[str]],
    ) -> None:
        super().__init__(self._optimizer_of)
        self.groups = dict(groups)
        self._layers = layers
        self._layers_of: Callable[[Any], list[str]] = lambda _variable: []
        rates = [_number(optimizer.learning_rate) for optimizer in groups.values()]
        self._ratios = [rate / (rates[0] or 1.0) for rate in rates]
        # Keras' callbacks look for the optimizers here, also before there are variables.
        self.show_optimizers(groups.values())

    @property
    def learning_rate(self) -> Any:
        """Learning rate of the first group. Setting it keeps the ratios between groups."""
        return next(iter(self.groups.values())).learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        for optimizer, ratio in zip(self.groups.values(), self._ratios, strict=True):
            optimizer.learning_rate = _number(value) * ratio

    def match_layers_of(self, model: keras.Model) -> None:
        """Matches patterns against names of the model's layers, and not only variable paths.

        Args:
            model: The model whose variables will be optimized.
        """

        def layers_of(variable: Any) -> list[str]:
            return [x.name for x in model.layers if any(variable is v for v in x.variables)]

        self._layers_of = layers_of

    def build(self, variables: Sequence[Any]) -> None:
        """Assigns each variable to its group.

        Raises:
            ConfigError: If a variable is in no group or in two; the error lists all of them.
        """
        problems = [self._assignment_problem(variable) for variable in variables]
        if any(problems):
            raise ConfigError([problem for problem in problems if problem])
        self.loss_scale_factor = (
            None  # loss scaling wraps this optimizer; the groups must not scale again
        )
        super().build(variables)

    def get_config(self) -> dict[str, Any]:
        """Returns the optimizers and their layers, which only this package can read."""
        serialize = keras.saving.serialize_keras_object
        return {"groups": serialize(dict(self.groups)), "layers": dict(self._layers)}

    def _optimizer_of(self, variable: Any) -> keras.optimizers.Optimizer:
        return self.groups[self._groups_of(variable)[0]]

    def _groups_of(self, variable: Any) -> list[str]:
        names = [variable.path, *self._layers_of(variable)]
        return [group for group, patterns in self._layers.items() if _any_match(names, patterns)]

    def _assignment_problem(self, variable: Any) -> Problem | None:
        found = self._groups_of(variable)
        if len(found) == 1:
            return None
        path = variable.path
        if found:
            first, second = found[:2]
            given = f"{path} is in {' and in '.join(found)}"
            return Problem(KEY, given, "one group", f"a narrower pattern for {first} or {second}")
        given = f"{path} is in none of {', '.join(self.groups)}"
        layer = next(iter(self._layers_of(variable)), path.partition("/")[0])
        return Problem(KEY, given, "a group for each variable", f"add {layer} to one of them")


class OptimizerProxy(GroupOptimizer):
    """Presents to callbacks the optimizers that a model class applies itself.

    Args:
        groups: Those optimizers, by the names that the class has for them.
        own: The optimizer that the class was compiled with, as which this one poses.
    """

    def __init__(
        self,
        groups: Mapping[str, keras.optimizers.Optimizer],
        own: keras.optimizers.Optimizer,
    ) -> None:
        super().__init__(groups, layers={})
        self._own = own

    def build(self, variables: Sequence[Any]) -> None:
        """No-op: the optimizers are built when the class first applies them."""

    def apply(self, gradients: Sequence[Any], variables: Sequence[Any] | None = None) -> None:
        """Delegates the update to the optimizer that the class was compiled with."""
        self._own.apply(gradients, variables)

    def scale_loss(self, loss: Any) -> Any:
        """Delegates loss scaling to the optimizer that the class was compiled with."""
        return self._own.scale_loss(loss)

    def finalize_variable_values(self, variables: Sequence[Any]) -> None:
        """Delegates the end of training to the optimizer that the class was compiled with."""
        self._own.finalize_variable_values(variables)


def learning_rates(optimizer: Any) -> dict[str, float]:
    """Returns the learning rate of an optimizer and of each of its groups.

    Args:
        optimizer: A Keras optimizer, also one inside Keras' loss scaling; or None.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    rate = getattr(inner, "learning_rate", None)
    rates = {} if rate is None else {"learning_rate": _number(rate)}
    for name, member in getattr(inner, "groups", {}).items():
        rates[f"learning_rate/{name}"] = _number(member.learning_rate)
    return rates


def _any_match(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(
        fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}/*")
        for pattern in patterns
        for name in names
    )


def _number(value: Any) -> float:
    return float(keras.ops.convert_to_numpy(value))

"""A Keras optimizer that hands each variable to the optimizer of its group."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import keras

from altitude.errors import ConfigError, Problem


class GroupOptimizer(keras.optimizers.MultiOptimizer):
    """Keras' MultiOptimizer, with names, and a learning rate that callbacks can set.

    Args:
        groups: An optimizer for each group, by the group's name.
        layers: For each group patterns of the paths of its variables; None if a model applies the
            optimizers itself, and this one stands for them before callbacks.
    """

    def __init__(
        self,
        groups: Mapping[str, keras.optimizers.Optimizer],
        layers: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(lambda variable: self.groups[self._group_of(variable.path)])
        self.groups = dict(groups)
        self._layers = layers

    @property
    def learning_rate(self) -> Any:
        """The rate of the first group. Setting it scales all rates by the same factor."""
        return next(iter(self.groups.values())).learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        before = _number(self.learning_rate)
        factor = _number(value) / before if before else 1.0
        for optimizer in self.groups.values():
            optimizer.learning_rate = _number(optimizer.learning_rate) * factor

    def build(self, variables: Sequence[Any]) -> None:
        """Gives each variable to its group.

        Raises:
            ConfigError: If variables are in no group or in two; it names them all.
        """
        if self._layers is None:
            return
        problems = [self._misfit(variable.path) for variable in variables]
        if any(problems):
            raise ConfigError([problem for problem in problems if problem])
        super().build(variables)

    def apply(self, gradients: Sequence[Any], variables: Sequence[Any] | None = None) -> None:
        """Updates variables, all of them or some, each by the optimizer of its group."""
        variables = self._trainable_variables if variables is None else variables
        if not self.built:
            self.build(variables)
        for name, optimizer in self.groups.items():
            pairs = [
                (gradient, variable)
                for gradient, variable in zip(gradients, variables, strict=True)
                if self._group_of(variable.path) == name
            ]
            if pairs:
                optimizer.apply(*map(list, zip(*pairs, strict=True)))
        self._iterations.assign_add(1)

    def finalize_variable_values(self, variables: Sequence[Any]) -> None:
        """Lets each optimizer write its averages back; those of a model's own have none."""
        if self._layers is not None:
            super().finalize_variable_values(variables)

    def get_config(self) -> dict[str, Any]:
        """The groups, as Keras writes optimizers down."""
        groups = {n: keras.saving.serialize_keras_object(o) for n, o in self.groups.items()}
        return {"groups": groups, "layers": self._layers}

    def _group_of(self, path: str) -> str:
        return self._groups_with(path)[0]

    def _groups_with(self, path: str) -> list[str]:
        layers = self._layers or {}
        return [name for name, patterns in layers.items() if _matches(path, patterns)]

    def _misfit(self, path: str) -> Problem | None:
        found = self._groups_with(path)
        if len(found) == 1:
            return None
        key = "optimizer.groups"
        if found:
            first, second = found[:2]
            given = f"{path} is in {' and in '.join(found)}"
            return Problem(key, given, "one group", f"a narrower pattern for {first} or {second}")
        given = f"{path} is in none of {', '.join(self.groups)}"
        return Problem(key, given, "a group for each variable", f"add {path.partition('/')[0]}")


def learning_rates(optimizer: Any) -> dict[str, float]:
    """The learning rate of an optimizer and, where it has groups, that of each group.

    Args:
        optimizer: A Keras optimizer, also one inside Keras' loss scaling; or None.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    rate = getattr(inner, "learning_rate", None)
    rates = {} if rate is None else {"learning_rate": _number(rate)}
    for name, member in getattr(inner, "groups", {}).items():
        rates[f"learning_rate/{name}"] = _number(member.learning_rate)
    return rates


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(
        fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}/*") for pattern in patterns
    )


def _number(value: Any) -> float:
    return float(keras.ops.convert_to_numpy(value))

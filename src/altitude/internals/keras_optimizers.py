"""Private names of Keras' optimizers."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras


class DividedOptimizer(keras.optimizers.MultiOptimizer):
    """Keras' MultiOptimizer, which may also be applied to some of its variables alone."""

    def show_optimizers(self, optimizers: Iterable[keras.optimizers.Optimizer]) -> None:
        """Lets Keras' callbacks find its optimizers before there are variables.

        Args:
            optimizers: The optimizers of the groups.
        """
        self._inner_optimizers.extend(optimizers)

    def apply(self, gradients: Sequence[Any], variables: Sequence[Any] | None = None) -> None:
        """Updates variables, all of them or some, each by its optimizer.

        Raises:
            ValueError: If the optimizer was built without one of them.
        """
        variables = self._trainable_variables if variables is None else variables
        if not self.built:
            self.build(variables)
        self._check_variables_are_known(variables)
        indices = [self._var_to_optimizer_idx[self._var_key(variable)] for variable in variables]
        for index, optimizer in enumerate(self._inner_optimizers):
            mine = [position for position, found in enumerate(indices) if found == index]
            optimizer.apply([gradients[i] for i in mine], [variables[i] for i in mine])
        self._iterations.assign_add(1)

"""Parameter groups: an optimizer for each group of layers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from altitude.validation import STRICT

if TYPE_CHECKING:
    from altitude.optimizers.group_optimizer import GroupOptimizer


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Group:
    """A group of layers with an optimizer of its own.

    Attributes:
        layers: Names or patterns of layers, such as `conv_*`; a layer that contains others
            includes them.
        optimizer: Returns the optimizer of these layers when called.
    """

    layers: tuple[str, ...] = Field(min_length=1)
    optimizer: Callable[[], Any]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Grouped:
    """Builds an optimizer that is made of one optimizer for each group of layers.

    Attributes:
        groups: The groups, by name. Each reports its learning rate as `learning_rate/<name>`. The
            rate of the first is the rate of the whole: setting it scales the others.

    Example:
        >>> from altitude import LazyCall
        >>> from altitude.optimizers import Group, Grouped
        >>> optimizer = Grouped(
        ...     groups={
        ...         "backbone": Group(
        ...             layers=("backbone",),
        ...             optimizer=LazyCall("keras.optimizers.Adam", {"learning_rate": 1e-4}),
        ...         ),
        ...         "head": Group(layers=("head",), optimizer=LazyCall("keras.optimizers.SGD")),
        ...     }
        ... )()
        >>> list(optimizer.groups)
        ['backbone', 'head']
    """

    groups: dict[str, Group] = Field(min_length=1)

    def __call__(self) -> "GroupOptimizer":
        """Builds the optimizer, which finds its variables once the model is built.

        Returns:
            The optimizer, not built.

        Raises:
            ConfigError: Later, if a variable is in no group or in two.
        """
        from altitude.optimizers.group_optimizer import GroupOptimizer

        optimizers = {name: group.optimizer() for name, group in self.groups.items()}
        return GroupOptimizer(optimizers, {n: group.layers for n, group in self.groups.items()})

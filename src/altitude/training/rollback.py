"""Going back to an earlier state with half the learning rate."""

import dataclasses
import re

from altitude.training.state import TrainingState

LEARNING_RATE = re.compile(r"(^|[ /:])learning_rate(:0)?$")
"""How the paths of optimizers' learning rates end."""


def with_half_the_rate(state: TrainingState) -> TrainingState:
    """Returns a state with half the learning rate, and one more rollback on its count.

    Args:
        state: The state to go back to.
    """
    values = {
        name: value / value.dtype.type(2) if LEARNING_RATE.search(name) else value
        for name, value in state.variables.items()
    }
    return dataclasses.replace(state, variables=values, rollbacks=state.rollbacks + 1)

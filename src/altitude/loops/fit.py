"""Altitude 1: `compile()` and `fit()`, Keras' own loop and Keras' own step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from altitude.loops.loop import Loop
from altitude.validation import STRICT, refuse

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from altitude.data.pipeline import Pipelines
    from altitude.loops.traces import Traces

NO_STEP = (
    "nothing: at altitude 1 the step is Keras' own",
    "go down to altitude 2, where steps can be swapped: loop=train_step",
)
"""What is expected of a step at this altitude, and what to write instead."""


def _no_clip_norm(value: Any) -> None:
    if value is not None:
        refuse(
            "nothing: at altitude 1 the step is Keras' own, which does not clip",
            f"optimizer.global_clipnorm={value}, or go down to altitude 2: loop=train_step",
        )


def _no_step(value: Any) -> None:
    if value is not None:
        refuse(*NO_STEP)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Fit(Loop):
    """Keras' `fit`. Standard supervised training, and nothing that needs maths of its own.

    Attributes:
        clip_norm: Not at this altitude: `optimizer.global_clipnorm` clips here.
        step: Not at this altitude: it is Keras' own.
    """

    clip_norm: Annotated[None, BeforeValidator(_no_clip_norm)] = None
    step: Annotated[None, BeforeValidator(_no_step)] = None

    def prepare(self, model: "keras.Model", traces: "Traces") -> None:
        """Leaves the step to Keras, on several devices with each one's share weighed."""
        from altitude.strategies.replicas import weigh_loss_by_share

        weigh_loss_by_share(model)
        super().prepare(model, traces)

    def run(
        self,
        model: "keras.Model",
        pipelines: "Pipelines",
        callbacks: Sequence["keras.callbacks.Callback"],
    ) -> "keras.callbacks.History":
        """Trains with `model.fit`."""
        return fit(model, pipelines, callbacks, self.epochs)

    def evaluate(self, model: "keras.Model", dataset: "tf.data.Dataset") -> dict[str, float]:
        """Evaluates with `model.evaluate`."""
        return model.evaluate(dataset, verbose=0, return_dict=True)  # type: ignore[no-any-return]


def fit(
    model: "keras.Model",
    pipelines: "Pipelines",
    callbacks: Sequence["keras.callbacks.Callback"],
    epochs: int,
) -> "keras.callbacks.History":
    """Calls Keras' `fit` on pipelines whose order depends on the epoch."""
    from altitude.callbacks.epoch_order import EpochOrder

    return model.fit(
        pipelines.train,
        epochs=epochs,
        validation_data=pipelines.validation,
        callbacks=[EpochOrder(pipelines.epoch), *callbacks],
        shuffle=False,
        verbose=0,
    )

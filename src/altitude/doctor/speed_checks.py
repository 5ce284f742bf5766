"""Compares the time that a batch takes to be loaded with the time that it takes to train."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from altitude.data.pipeline import Pipelines
from altitude.doctor.descent import descend, takes_gradients
from altitude.doctor.report import Finding, Measurement, Verdict
from altitude.lazy import keras, tf

BATCHES = 30
NOTICEABLE = 0.005
"""Seconds; an input that takes less a batch is not worth a verdict."""


def check_speed(model: keras.Model, pipelines: Pipelines) -> Iterator[Finding]:
    """Measures the input alone, and a step alone on a batch that is in memory.

    Args:
        model: The compiled model, which is trained on the way.
        pipelines: The data.

    Yields:
        Both, in milliseconds, and a verdict if the input takes longer than the step.
    """
    if not (model.trainable_variables and takes_gradients(model.optimizer)):
        return
    batch = next(iter(pipelines.train))
    step = _compiled(model, batch)
    step()
    times = [_seconds(step) for _ in range(BATCHES)]
    arithmetic, waiting = statistics.median(times), _seconds_a_batch(pipelines.train)
    text = f"input {waiting * 1000:.3g} ms a batch, forward, backward and update "
    yield Measurement(subject="speed", text=f"{text}{arithmetic * 1000:.3g} ms")
    if waiting > max(arithmetic, NOTICEABLE):
        yield Verdict(
            name="bound by input",
            subject="speed",
            seen=f"a batch takes {waiting * 1000:.3g} ms to be loaded, and "
            f"{arithmetic * 1000:.3g} ms to be trained on",
            reason="the model waits for data most of the time",
            instead="cheaper dataset.transforms, with TensorFlow's operations in place of Python",
        )


def _compiled(model: keras.Model, batch: Any) -> Callable[[], Any]:
    @tf.function
    def step() -> tf.Tensor:
        return descend(model, batch, model.optimizer)

    return lambda: float(step())


def _seconds_a_batch(dataset: tf.data.Dataset) -> float:
    batches = iter(dataset.repeat())
    for _ in range(BATCHES // 3):  # what was prefetched while nobody waited
        next(batches)
    started = time.perf_counter()
    count = sum(1 for _ in itertools.islice(batches, BATCHES))
    return (time.perf_counter() - started) / count


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started

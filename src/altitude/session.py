"""The process of a run: TensorFlow's start, seeds, precision and signals."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from altitude.errors import Preempted, Terminated
from altitude.internals.tensorflow import custom_gradients, forget_traces
from altitude.lazy import keras, np, tf

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

REQUEUING_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)
"""Where an engine such as submitit handles one of these, it requeues the job that receives it."""

Handler = Callable[[int, FrameType | None], Any]


def start_tensorflow(set_up: Callable[[], None] = lambda: None) -> None:
    """Imports TensorFlow and Keras and hides what they print, unless they fail.

    Args:
        set_up: Called once TensorFlow is imported, and before its devices are started.
    """
    import_tensorflow()

    with _quiet_stderr():
        set_up()
        # The first operation starts the devices, which prints too.
        tf.constant(0)


def import_tensorflow() -> None:
    """Imports TensorFlow and Keras without their output; devices are not started."""
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        # How Ray and others tell a process its share of the cores; TensorFlow does not read it.
        if "OMP_NUM_THREADS" in os.environ:
            os.environ.setdefault("TF_NUM_INTRAOP_THREADS", os.environ["OMP_NUM_THREADS"])
    with _quiet_stderr():
        import keras  # noqa: F401
        import tensorflow as tf  # noqa: F401


@contextmanager
def fresh_session(seed: int, precision: str) -> Iterator[None]:
    """Runs a block in a fresh Keras session, and clears it afterwards.

    Args:
        seed: Seeds Python, NumPy and TensorFlow, and with them initial weights and dropout.
        precision: Keras' dtype policy for all that is built inside.
    """
    before = keras.config.dtype_policy()
    registered = set(custom_gradients())
    keras.utils.clear_session()
    forget_traces()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
        for name in custom_gradients().keys() - registered:
            del custom_gradients()[name]


def random_state() -> str:
    """Returns a description of the state of Python's and NumPy's random number generators."""
    name, keys, *rest = np.random.get_state()
    return repr((random.getstate(), name, np.asarray(keys).tobytes(), rest))


class EndRequest:
    """A request to end the process, by a signal or by Ctrl-C."""

    def __init__(self) -> None:
        self._asked: list[KeyboardInterrupt] = []
        self._is_deferred = False

    @property
    def is_waiting(self) -> bool:
        """Whether a request was made and is deferred to `raise_if_asked`."""
        return bool(self._asked)

    def raise_if_asked(self) -> None:
        """Raises the exception that a request stands for, if there was one.

        Also where it has been raised before: Python drops an exception that is raised while it
        clears up objects.

        Raises:
            KeyboardInterrupt: If the process was asked to end; `Terminated` for a signal.
        """
        if self._asked:
            raise self._asked[0]

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Defers the first request in the block to `raise_if_asked`; a second raises at once."""
        self._is_deferred = True
        try:
            yield
        finally:
            self._is_deferred = False
        self.raise_if_asked()

    def receive(self, request: KeyboardInterrupt) -> None:
        """Records a request, and raises it unless it is deferred.

        Args:
            request: The interrupt that a signal stands for.

        Raises:
            KeyboardInterrupt: If requests are not deferred, or at the second one.
        """
        self._asked.append(request)
        if not self._is_deferred or len(self._asked) > 1:
            raise self._asked[0]


@contextmanager
def ending_on_signals() -> Iterator[EndRequest]:
    """Turns the signals that end a process into an exception, so that runs are closed.

    Yields:
        The request, which can be deferred to the end of a batch.

    Raises:
        Terminated: Inside the block, when such a signal arrives.
        KeyboardInterrupt: At Ctrl-C.
    """
    request = EndRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may handle signals
        return

    def end(number: int, _frame: FrameType | None) -> None:
        request.receive(Terminated(signal.Signals(number).name))

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        request.receive(KeyboardInterrupt())

    def requeue(number: int, _frame: FrameType | None) -> None:
        request.receive(Preempted(signal.Signals(number).name, number))

    handlers: dict[int, Handler] = dict.fromkeys(ENDING_SIGNALS, end)
    handlers |= dict.fromkeys(_requeuing_handlers(), requeue)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        handlers[signal.SIGINT] = interrupt
    with _handling(handlers):
        yield request


@contextmanager
def requeued_when_preempted() -> Iterator[None]:
    """Leaves a job time to end in order before the engine that runs it requeues it.

    Engines such as submitit send a signal before a job's time is over, and handle it by putting the
    job back into the queue and exiting at once. Inside, that handler is called only when the block
    has ended.

    Raises:
        SystemExit: As the engine's handler does, if the job was preempted.
        Preempted: If that handler leaves it to another task of the job to requeue it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return

    def preempt(number: int, _frame: FrameType | None) -> None:
        raise Preempted(signal.Signals(number).name, number)

    handlers = _requeuing_handlers()
    try:
        with _handling(dict.fromkeys(handlers, preempt)):
            yield
    except Preempted as preempted:
        handlers[preempted.number](preempted.number, None)
        raise


def _requeuing_handlers() -> dict[int, Handler]:
    """The handlers, in Python, of the signals with which an engine requeues its jobs."""
    found = {number: signal.getsignal(number) for number in REQUEUING_SIGNALS}
    return {number: handler for number, handler in found.items() if callable(handler)}


@contextmanager
def _handling(handlers: Mapping[int, Handler]) -> Iterator[None]:
    """Handles signals inside, and leaves them to those who handled them before."""
    before: dict[int, Any] = {n: signal.signal(n, handler) for n, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Captures what libraries write to stderr, and prints it if there is an error."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)

import contextlib
import logging
import os
import signal
import sys
import threading

import keras
import numpy as np
import pytest
from rich.console import Console

from altitude import run, session
from altitude.errors import Preempted, Terminated
from altitude.loops import Fit
from altitude.session import (
    ENDING_SIGNALS,
    EndRequest,
    ending_on_signals,
    fresh_session,
    requeued_when_preempted,
    start_tensorflow,
)
from tests.conftest import ExperimentFactory


def weights() -> np.ndarray:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    return np.asarray(model.get_weights()[0])


def test_a_session_gives_the_same_weights_for_the_same_seed() -> None:
    drawn = []
    for seed in (1, 1, 2):
        with fresh_session(seed, "float32"):
            drawn.append(weights())
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_a_session_knows_no_names_of_the_one_before() -> None:
    names = []
    for _ in range(2):
        with fresh_session(1, "float32"):
            names.append(keras.layers.Dense(1).name)
    assert names[0] == names[1]


def test_precision_holds_inside_and_is_put_back() -> None:
    before = keras.config.dtype_policy()
    with fresh_session(1, "mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert keras.config.dtype_policy() == before


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_becomes_an_exception_that_names_it(number: signal.Signals) -> None:
    with pytest.raises(Terminated, match=number.name), ending_on_signals():
        os.kill(os.getpid(), number)


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in ENDING_SIGNALS]
    with ending_on_signals():
        assert [signal.getsignal(number) for number in ENDING_SIGNALS] != before
    assert [signal.getsignal(number) for number in ENDING_SIGNALS] == before


def test_a_thread_leaves_signals_alone() -> None:
    seen = []

    def look() -> None:
        with ending_on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_chatter_is_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    with session._quiet_stderr():
        os.write(2, b"chatter")
    os.write(2, b"news")
    assert capfd.readouterr().err == "news"


def complain_and_fail() -> None:
    os.write(2, b"libcuda.so is missing")
    raise ImportError


def test_chatter_is_shown_with_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), session._quiet_stderr():
        complain_and_fail()
    assert capfd.readouterr().err == "libcuda.so is missing"


def test_a_tensorflow_that_runs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    assert "tensorflow" in sys.modules
    start_tensorflow()
    assert "TF_CPP_MIN_LOG_LEVEL" not in os.environ


@pytest.mark.parametrize("number", [*ENDING_SIGNALS, signal.SIGINT])
def test_a_signal_whose_exception_is_lost_is_raised_again(number: signal.Signals) -> None:
    with ending_on_signals() as request:
        request.raise_if_asked()  # nothing has been asked yet
        with contextlib.suppress(KeyboardInterrupt):  # as Python does while it clears up objects
            os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            request.raise_if_asked()


def end_twice(request: EndRequest, number: signal.Signals) -> list[str]:
    """Is asked to end twice in a block that defers it; returns how far it came."""
    reached = []
    with contextlib.suppress(KeyboardInterrupt), request.deferred():
        os.kill(os.getpid(), number)
        reached.append("first")
        os.kill(os.getpid(), number)
        reached.append("second")
    return reached


@pytest.mark.parametrize("number", [*ENDING_SIGNALS, signal.SIGINT])
def test_a_signal_can_wait_for_the_end_of_a_batch_and_a_second_one_does_not(
    number: signal.Signals,
) -> None:
    with ending_on_signals() as request:
        assert end_twice(request, number) == ["first"]
        assert request.is_waiting


def test_a_signal_that_waits_is_raised_at_the_end_of_the_block() -> None:
    with ending_on_signals() as request:
        deferred = request.deferred()
        deferred.__enter__()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Terminated):
            deferred.__exit__(None, None, None)


@pytest.mark.slow
def test_many_runs_are_not_taken_for_one_function_traced_again(
    small_experiment: ExperimentFactory, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    for seed in range(6):
        run(small_experiment(loop=Fit(epochs=1), seed=seed), console=Console(quiet=True))
    logger.removeHandler(caplog.handler)
    assert "retracing" not in caplog.text


def test_an_engine_requeues_a_job_only_when_the_job_has_ended() -> None:
    happened = []

    def requeue(number: int, _frame: object) -> None:
        happened.append(signal.Signals(number).name)
        sys.exit(144)

    def job() -> None:
        with requeued_when_preempted(), ending_on_signals() as request, request.deferred():
            os.kill(os.getpid(), signal.SIGUSR2)
            happened.append("the batch ended")

    before = signal.signal(signal.SIGUSR2, requeue)
    try:
        with pytest.raises(SystemExit, match="144"):
            job()
        assert signal.getsignal(signal.SIGUSR2) is requeue
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert happened == ["the batch ended", "SIGUSR2"]


def test_a_signal_that_no_engine_handles_preempts_no_job() -> None:
    before = signal.getsignal(signal.SIGUSR2)
    with requeued_when_preempted(), ending_on_signals():
        assert signal.getsignal(signal.SIGUSR2) is before


def test_a_preempted_job_says_which_signal_came() -> None:
    assert str(Preempted("SIGUSR2", 12)) == "SIGUSR2: the job is requeued"

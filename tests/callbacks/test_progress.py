import io

from rich.console import Console

from altitude import run
from altitude.callbacks.progress import ProgressDisplay, format_metrics
from altitude.loops import Fit
from tests.conftest import ExperimentFactory


def terminal(shown: io.StringIO, width: int = 160, term: str = "xterm-256color") -> Console:
    """A console in a terminal of this kind, whatever kind the tests run in."""
    return Console(file=shown, force_terminal=True, width=width, _environ={"TERM": term})


def test_metrics_come_training_first_and_loss_first() -> None:
    logs = {"val_loss": 0.5, "accuracy": 0.87654, "val_accuracy": 1.0, "loss": 0.25}
    assert format_metrics(logs) == "loss 0.25  accuracy 0.8765  val_loss 0.5  val_accuracy 1"


def test_outside_a_terminal_there_is_a_plain_line_an_epoch(
    small_experiment: ExperimentFactory,
) -> None:
    shown = io.StringIO()
    run(small_experiment(loop=Fit(epochs=2)), console=Console(file=shown, width=160))
    lines = shown.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "\x1b" not in shown.getvalue()


def test_in_a_terminal_there_is_a_live_line(small_experiment: ExperimentFactory) -> None:
    shown = io.StringIO()
    console = terminal(shown)
    run(small_experiment(loop=Fit(epochs=2, steps_per_execution=1)), console=console)
    assert "5/5" in shown.getvalue()  # steps of the epoch
    assert "\x1b[2K" in shown.getvalue()  # the live line is wiped


def test_the_live_line_goes_when_training_fails(small_experiment: ExperimentFactory) -> None:
    import keras
    import pytest

    class Break(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
            raise RuntimeError("broken on purpose")

    shown = io.StringIO()
    console = terminal(shown)
    with pytest.raises(RuntimeError, match="broken on purpose"):
        run(small_experiment(callbacks={"break": Break}), console=console)
    assert shown.getvalue().rstrip().endswith("\x1b[2K")  # hidden cursor shown, line wiped


def test_a_dumb_terminal_gets_plain_lines(small_experiment: ExperimentFactory) -> None:
    shown = io.StringIO()
    run(small_experiment(loop=Fit(epochs=1)), console=terminal(shown, term="dumb"))
    assert "\x1b" not in shown.getvalue()


def test_sixty_columns_break_between_words() -> None:
    shown = io.StringIO()
    progress = ProgressDisplay(terminal(shown, width=60))
    progress.params = {"epochs": 30, "steps": 5}
    logs = {"loss": 0.3514, "accuracy": 0.8731, "val_loss": 0.3123, "val_accuracy": 0.8765}
    progress.on_epoch_end(0, logs)
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert (
        " ".join(shown.getvalue().split()) == f"epoch 1/30 {' '.join(format_metrics(logs).split())}"
    )

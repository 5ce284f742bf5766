import pytest

from altitude.cli.doctor import main


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    main(["dataset=digits"])
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing looks ill."


def test_the_command_on_an_ill_experiment(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["dataset=digits", "dataset.divisor=0.01"])
    assert exit_.value.code == 1
    shown = capsys.readouterr().out
    assert "1. model: loss at the start\n    seen:    the loss begins at " in shown


@pytest.mark.parametrize(
    "typed", [["dataset=digit"], ["-m", "seed=1,2"], ["train"], ["loop.epochs=0"], ["--epochs=3"]]
)
def test_mistakes(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(typed)
    assert exit_.value.code == 2
    assert "expected:" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    assert capsys.readouterr().out.startswith("usage: altitude doctor")

from pathlib import Path

import pytest

from altitude.cli.arguments import read_arguments, to_arguments


def test_flags_and_overrides_may_be_mixed() -> None:
    typed = ["seed=1,2", "-m", "dataset=digits", "--config-dir", "conf", "~callbacks.tensorboard"]
    arguments, unknown = read_arguments(typed)
    assert unknown == []
    assert to_arguments(arguments) == [
        "--multirun",
        "--config-dir=conf",
        "seed=1,2",
        "dataset=digits",
        "~callbacks.tensorboard",
    ]


def test_what_hydra_is_given_means_the_same_again() -> None:
    arguments, _ = read_arguments(["loop=tape", "--info", "config", "-cn", "mine", "--resolve"])
    again, unknown = read_arguments(to_arguments(arguments))
    assert (again, unknown) == (arguments, [])


def test_a_config_path_is_meant_from_the_working_folder(working_folder: Path) -> None:
    arguments, _ = read_arguments(["--config-path", "conf"])
    assert arguments.config_path == str(working_folder / "conf")


def test_a_config_path_in_a_package_stays_as_it_is() -> None:
    assert read_arguments(["-cp", "pkg://mine.conf"])[0].config_path == "pkg://mine.conf"


def test_of_a_sweep_the_config_of_its_first_job_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, _ = read_arguments(["-m", "--cfg", "job", "seed=1,2", "loop=fit,tape"])
    assert to_arguments(arguments) == ["--cfg=job", "seed=1", "loop=fit"]
    assert "first job" in capsys.readouterr().err


def test_flags_that_nobody_knows_are_kept_apart() -> None:
    arguments, unknown = read_arguments(["--epochs=3", "seed=1"])
    assert (arguments.overrides, unknown) == (["seed=1"], ["--epochs=3"])

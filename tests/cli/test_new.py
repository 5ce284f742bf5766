import zipfile
from pathlib import Path

import pytest

from altitude.cli.new import main
from tests.processes import Finished, run_altitude, run_python

REPOSITORY = Path(__file__).parents[2]
FILES = ("mine/focal.py", "conf/loop/focal.yaml", "tests/test_focal.py")

# Runs the command line in this process' place, then says which heavy packages it imported.
IMPORTS = """
import sys
from altitude.cli import main
sys.argv[0] = "altitude"
main()
print("imported:", *sorted({"tensorflow", "keras", "mlflow"} & set(sys.modules)))
"""


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def refusal(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """The exit status and what was said on standard error."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    return exit_.value.code, capsys.readouterr().err


def test_a_new_step_is_a_module_a_config_and_a_test(working_folder: Path) -> None:
    main(["step", "focal"])
    assert files_in(working_folder) == set(FILES)
    assert "class Focal(ClippingStep)" in Path("mine/focal.py").read_text()
    assert "_target_: mine.focal.Focal\n" in Path("conf/loop/focal.yaml").read_text()


def test_the_class_is_named_in_capitals(working_folder: Path) -> None:
    main(["step", "hard_negatives_2"])
    assert "class HardNegatives2(" in (working_folder / "mine/hard_negatives_2.py").read_text()


def test_it_says_what_it_wrote_and_how_to_go_on(working_folder: Path) -> None:
    process = run_python("-c", IMPORTS, "new", "step", "focal", folder=working_folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == [
        "Written, for you to change:",
        *(f"  {path}" for path in FILES),
        "To go on:",
        "  altitude --config-dir conf loop=focal",
        "  python -m pytest tests/test_focal.py",
        "imported:",
    ]


def test_steps_can_live_side_by_side(working_folder: Path) -> None:
    main(["step", "focal"])
    main(["step", "other"])
    assert len(files_in(working_folder)) == 6


@pytest.mark.parametrize("present", FILES)
def test_files_that_are_there_are_never_overwritten(
    present: str, working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = working_folder / present
    path.parent.mkdir(parents=True)
    path.write_text("precious")
    status, message = refusal("step", "focal", capsys=capsys)
    assert status == 1
    assert message.splitlines()[1:-1] == [f"  {present}"]
    assert files_in(working_folder) == {present}
    assert path.read_text() == "precious"


def test_all_files_that_are_there_are_listed(
    working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["step", "focal"])
    (working_folder / FILES[1]).unlink()
    message = refusal("step", "focal", capsys=capsys)[1]
    assert message.splitlines()[1:-1] == [f"  {FILES[0]}", f"  {FILES[2]}"]


def test_a_file_where_a_folder_belongs_is_an_error_and_nothing_is_written(
    working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (working_folder / "tests").touch()
    status, message = refusal("step", "focal", capsys=capsys)
    assert status == 1
    assert message.startswith("altitude: ")
    assert files_in(working_folder) == {"tests"}


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("FocalLoss", "focal_loss"),
        ("focal-loss", "focal_loss"),
        ("focal.loss", "focal_loss"),
        ("../focal", "focal"),
        ("_focal", "focal"),
        ("2focal", "my_2focal"),
        ("", "step"),
        ("été", "ete"),
        ("lambda", "my_lambda"),
        ("none", "my_none"),
        ("null", "my_null"),
        ("tape", "my_tape"),
        ("train_step", "my_train_step"),
        ("clipping_step", "my_clipping_step"),
        ("batch", "my_batch"),
    ],
)
def test_a_bad_name_is_refused_with_a_good_one(
    typed: str, suggested: str, working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, message = refusal("step", typed, capsys=capsys)
    assert status == 2
    assert message.endswith(f"try `{suggested}`\n")
    assert files_in(working_folder) == set()
    main(["step", suggested])


@pytest.mark.parametrize("arguments", [(), ("stepp", "x"), ("step",), ("step", "a", "b")])
def test_a_mistake_in_the_command_is_a_usage_error(
    arguments: tuple[str, ...], working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, message = refusal(*arguments, capsys=capsys)
    assert status == 2
    assert message.startswith("usage: altitude new step NAME, such as: altitude new step focal\n")
    assert files_in(working_folder) == set()


def test_the_exit_status_reaches_the_shell(working_folder: Path) -> None:
    assert run_altitude("new", folder=working_folder).returncode == 2


@pytest.mark.parametrize("arguments", [["--help"], ["step", "--help"]])
def test_it_has_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 0
    assert "a training step" in capsys.readouterr().out


DEFAULTS = ("--isolated", "--line-length", "100")
OURS = ("--config", str(REPOSITORY / "pyproject.toml"))


@pytest.mark.parametrize("rules", [DEFAULTS, OURS])
@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_what_is_written_passes_ruff(
    command: list[str], rules: tuple[str, ...], working_folder: Path
) -> None:
    main(["step", "focal"])
    main(["step", "a_step_with_a_name_that_is_rather_long"])
    process = run_python("-m", "ruff", *command, "--no-cache", *rules, folder=working_folder)
    assert process.returncode == 0, process.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages of somebody who has installed the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    built = ("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    assert run_python(*built, folder=REPOSITORY).returncode == 0
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder)
    return folder


def new_focal(folder: Path, installed: Path) -> Finished:
    return run_altitude("new", "step", "focal", folder=folder, PYTHONPATH=str(installed))


def test_the_templates_are_in_the_wheel(working_folder: Path, installed: Path) -> None:
    process = new_focal(working_folder, installed)
    assert process.returncode == 0, process.stderr
    assert files_in(working_folder) == set(FILES)


def test_altitudes_own_folder_stays_as_it_is(installed: Path) -> None:
    process = new_focal(installed / "altitude", installed)
    assert process.returncode == 1
    assert "Go to a folder of your own" in process.stderr
    assert not (installed / "altitude/mine").exists()


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A user's folder after `altitude new step focal`, and the lines that it printed."""
    folder = tmp_path_factory.mktemp("own")
    return folder, run_altitude("new", "step", "focal", folder=folder).stdout.splitlines()


@pytest.mark.slow
def test_the_command_that_trains_runs_as_printed(own_folder: tuple[Path, list[str]]) -> None:
    folder, printed = own_folder
    command, *overrides = printed[-2].split()
    assert command == "altitude"
    quick = ("dataset=digits", "debug=quick")
    process = run_altitude(*overrides, *quick, folder=folder)
    assert process.returncode == 0, process.stderr
    assert "noise_size" in process.stdout


@pytest.mark.slow
def test_the_command_that_tests_runs_as_printed(own_folder: tuple[Path, list[str]]) -> None:
    folder, printed = own_folder
    python, *arguments = printed[-1].split()
    assert python == "python"
    process = run_python(*arguments, folder=folder)
    assert process.returncode == 0, process.stdout
    assert "3 passed" in process.stdout

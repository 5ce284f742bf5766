from pathlib import Path

import hydra
import pytest

from altitude.composition.directory import config_directory
from altitude.version import __version__
from tests.processes import Finished, run_altitude, run_python

GROUPS = (
    "callbacks",
    "dataset",
    "debug",
    "experiment",
    "loop",
    "model",
    "objective",
    "optimizer",
    "strategy",
    "sweep",
    "tracking",
)
OF_HYDRA = "hydra"
"""Options for Hydra itself, which its own help shows."""


# Runs the command line in this process' place, then says which heavy packages it imported.
IMPORTS = """
import sys
from altitude.cli import main
sys.argv[0] = "altitude"
try:
    main()
finally:
    heavy = {"tensorflow", "keras", "mlflow"} & set(sys.modules)
    print("imported:", *sorted(heavy))
"""


def imported(process: Finished) -> str:
    return process.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def help_page(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run_python("-c", IMPORTS, "--help", folder=tmp_path_factory.mktemp("help"))


def test_help_succeeds_and_imports_nothing_heavy(help_page: Finished) -> None:
    assert help_page.returncode == 0
    assert help_page.stderr == ""
    assert imported(help_page) == "imported:"


@pytest.mark.parametrize("group", GROUPS)
def test_help_lists_each_group_and_its_options(group: str, help_page: Finished) -> None:
    folder = Path(__file__).parents[2] / "conf" / group
    options = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
    assert f"{group}: {options}" in help_page.stdout.splitlines()


def test_every_group_is_known_here() -> None:
    conf = Path(__file__).parents[2] / "conf"
    assert {path.name for path in conf.iterdir() if path.is_dir()} == {*GROUPS, OF_HYDRA}


def test_help_has_five_commands(help_page: Finished) -> None:
    page = help_page.stdout.partition("Five commands to start from\n")[2]
    assert len([line for line in page.splitlines() if line.startswith("  altitude")]) == 5


@pytest.mark.parametrize(
    "word", ["--config-dir", "sweep.dry_run", "hydra/launcher", "altitude resume"]
)
def test_help_mentions_what_people_look_for(word: str, help_page: Finished) -> None:
    assert word in help_page.stdout


@pytest.mark.parametrize("columns", [60, 80])
def test_help_fits_the_terminal(columns: int, help_page: Finished, working_folder: Path) -> None:
    narrow = run_altitude("--help", folder=working_folder, COLUMNS=str(columns)).stdout
    assert narrow.split() == help_page.stdout.removesuffix("imported:\n").split()
    assert max(map(len, narrow.splitlines())) <= columns


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("altitude optimizer=ada", {"optimizer=adam", "optimizer=adamw"}),
        ("altitude loop.ep", {"loop.epochs="}),
        ("altitude loop=train_step loop.cl", {"loop.clip_norm="}),
    ],
)
def test_tab_completes_and_imports_nothing_heavy(
    typed: str, expected: set[str], working_folder: Path
) -> None:
    process = run_python("-c", IMPORTS, "-sc", "query=bash", folder=working_folder, COMP_LINE=typed)
    assert process.returncode == 0, process.stderr
    completions, _, modules = process.stdout.partition("imported:")
    assert set(completions.split()) == expected
    assert modules.strip() == ""


def test_every_problem_is_reported_at_once(working_folder: Path) -> None:
    overrides = ("model=mpl", "optimizer.learning_rat=1e-3", "loop.epochs=abc")
    process = run_python("-c", IMPORTS, *overrides, folder=working_folder)
    assert process.returncode == 2
    assert process.stderr.startswith("altitude: 3 problems in this configuration\n")
    assert "did you mean `mlp`?" in process.stderr
    assert "did you mean `optimizer.learning_rate`?" in process.stderr
    assert "given:    'abc'" in process.stderr
    assert "Traceback" not in process.stderr
    assert imported(process) == "imported:"
    assert list(working_folder.iterdir()) == []


def test_the_traceback_is_there_for_who_asks(working_folder: Path) -> None:
    process = run_altitude("loop.epochs=0", folder=working_folder, HYDRA_FULL_ERROR="1")
    assert process.returncode != 0
    assert process.stderr.startswith("Traceback (most recent call last):")
    assert "greater than or equal to 1" in process.stderr


def test_a_sweep_without_its_flag_is_explained(working_folder: Path) -> None:
    process = run_altitude("optimizer.learning_rate=1e-3,1e-4", folder=working_folder)
    assert process.returncode == 2
    assert "altitude -m optimizer.learning_rate=1e-3,1e-4" in process.stderr
    assert "Traceback" not in process.stderr


def test_all_jobs_are_checked_before_the_first(working_folder: Path) -> None:
    sweep = ("-m", "dataset=digits", "optimizer.learning_rate=1e-3,-1", "loop.epochs=1,0")
    process = run_altitude(*sweep, folder=working_folder)
    assert process.returncode == 2
    assert process.stderr.startswith("altitude: 2 problems in this configuration\n")
    assert list(working_folder.iterdir()) == []


def test_a_recipe_that_is_a_sweep_lists_its_jobs_and_starts_nothing(working_folder: Path) -> None:
    overrides = ("experiment=lr_patience_clip", "sweep.dry_run=true", "loop.clip_norm=1.0")
    process = run_python("-c", IMPORTS, *overrides, folder=working_folder)
    assert process.returncode == 0, process.stderr
    *jobs, last, modules = process.stdout.splitlines()
    assert len(jobs) == 9
    assert jobs[4].split() == ["4", "learning_rate=0.001", "patience=3"]
    shared = "3 trajectories (jobs that differ in patience or epochs alone share one)"
    assert last == f"9 jobs, {shared}; none was started (sweep.dry_run=true)"
    assert modules == "imported:"
    assert list(working_folder.iterdir()) == []


# Lists the jobs of a sweep, then says how much memory that took, in MiB.
PLANNING = """
import resource, sys
from altitude.cli import main
seeds = f"seed=range(0,{sys.argv[1]})"
sys.argv = ["altitude", "-m", "dataset=digits", seeds, "sweep.dry_run=true"]
main()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_planning_many_jobs_takes_little_memory(working_folder: Path) -> None:
    few, many = (
        int(run_python("-c", PLANNING, count, folder=working_folder).stdout.split()[-1])
        for count in ("10", "310")
    )
    assert many < few + 30  # a composed config takes half a MiB, and there are 300 more


def test_bad_jobs_of_a_sweep_are_named(working_folder: Path) -> None:
    sweep = ("-m", "optimizer.learning_rate=1e-3,-1", "sweep.objective=best_val_acuracy")
    process = run_altitude(*sweep, folder=working_folder)
    assert process.returncode == 2
    assert "given:    -1, in job 1 (learning_rate=-1)" in process.stderr
    assert "sweep.objective=best_val_accuracy sweep.direction=maximize" in process.stderr
    assert list(working_folder.iterdir()) == []


def test_a_missing_value_is_named(working_folder: Path) -> None:
    process = run_altitude("dataset=npz", folder=working_folder)
    assert process.returncode == 2
    assert "dataset.path=..." in process.stderr


def test_the_config_is_shown_without_a_run(working_folder: Path) -> None:
    process = run_python("-c", IMPORTS, "loop=tape", "--cfg", "job", folder=working_folder)
    assert process.returncode == 0
    assert "_target_: altitude.loops.Tape" in process.stdout
    assert imported(process) == "imported:"


def test_a_choice_that_a_primary_config_leaves_open_can_be_swept(working_folder: Path) -> None:
    folder = working_folder / "conf"
    folder.mkdir()
    (folder / "open.yaml").write_text("defaults: [config, {override dataset: '???'}, _self_]\n")
    flags = ("--config-dir", "conf", "--config-name", "open", "sweep.dry_run=true")
    process = run_altitude("-m", *flags, "dataset=digits,fashion_mnist", folder=working_folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1].startswith("2 jobs")


def test_the_version_is_ours_first(working_folder: Path) -> None:
    process = run_altitude("--version", folder=working_folder)
    assert process.stdout.splitlines() == [
        f"altitude {__version__}",
        f"Hydra {hydra.__version__}",
    ]


def test_the_whole_config_can_be_resolved(working_folder: Path) -> None:
    process = run_altitude("--cfg", "all", "--resolve", folder=working_folder)
    assert process.returncode == 0, process.stderr


def test_flags_that_nobody_knows_are_taken_for_keys(working_folder: Path) -> None:
    process = run_altitude("--lr=1e-3", "--dataset=digits", folder=working_folder)
    assert process.returncode == 2
    assert "did you mean `optimizer.learning_rate`?" in process.stderr
    assert "instead:  dataset=digits" in process.stderr


@pytest.mark.parametrize(("typed", "expected"), [("new ", ["step"]), ("new step ", [])])
def test_tab_completes_what_can_be_written(
    typed: str, expected: list[str], working_folder: Path
) -> None:
    arguments = ("-sc", "query=bash")
    process = run_altitude(*arguments, folder=working_folder, COMP_LINE=f"altitude {typed}")
    assert process.stdout.split() == expected


def test_a_primary_config_of_the_users_is_checked(working_folder: Path) -> None:
    folder = working_folder / "whole"
    folder.mkdir()
    text = (config_directory() / "config.yaml").read_text()
    search = f"hydra:\n  searchpath: ['file://{config_directory()}']\n"
    (folder / "mine.yaml").write_text(text.replace("hydra:\n", search, 1))
    flags = ("--config-path", "whole", "--config-name", "mine")
    process = run_altitude(*flags, "loop.epochs=0", "lr=1", folder=working_folder)
    assert process.stderr.startswith("altitude: 2 problems in this configuration"), process.stderr


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, Path]:
    folder = tmp_path_factory.mktemp("quick")
    return run_altitude("debug=quick", "dataset=digits", folder=folder), folder


@pytest.mark.slow
def test_a_run_keeps_tensorflows_chatter_off_the_screen(quick: tuple[Finished, Path]) -> None:
    assert quick[0].returncode == 0
    assert quick[0].stderr == ""


@pytest.mark.slow
def test_a_run_shows_what_was_composed_and_how_it_ended(quick: tuple[Finished, Path]) -> None:
    lines = quick[0].stdout.splitlines()
    assert lines[0].startswith("altitude  seed 42")
    assert len([line for line in lines if line.startswith("epoch 1/1  loss ")]) == 1
    rows = {line[:20].rstrip(): line[20:] for line in lines[-9:]}
    assert list(rows) == [
        "best epoch",
        "stopped",
        "time",
        "validation",
        "test",
        "model",
        "takes",
        "use it",
        "run",
    ]
    assert rows["best epoch"] == "1 of 1"
    assert Path(rows["model"]).is_file()
    assert rows["stopped"] == "all 1 epochs trained (loop.epochs)"


@pytest.mark.slow
def test_a_run_that_is_not_tracked_makes_no_store(quick: tuple[Finished, Path]) -> None:
    assert [path.name for path in quick[1].iterdir()] == ["outputs"]


@pytest.mark.slow
def test_a_patience_that_cannot_help_is_a_warning_in_one_line(working_folder: Path) -> None:
    process = run_altitude(
        "debug=quick",
        "dataset=digits",
        "~callbacks.tensorboard",
        "callbacks.reduce_lr_on_plateau.patience=3",
        folder=working_folder,
    )
    assert process.returncode == 0
    (line,) = process.stderr.splitlines()
    assert line.startswith("warning: ReduceLROnPlateau's patience (3) is not smaller than")
    assert line.endswith("Try callbacks.reduce_lr_on_plateau.patience=2")

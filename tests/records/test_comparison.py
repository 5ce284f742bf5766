import dataclasses
import re
from pathlib import Path

import pytest

from altitude.cli.compare import main
from altitude.errors import ConfigError
from altitude.records.comparison import compare_runs
from altitude.records.find import find_run
from altitude.records.record import RunRecord
from altitude.runs.result_file import read_result, write_result
from tests.finished_runs import Finished


def compared(*runs: RunRecord) -> list[str]:
    """The lines of a comparison, with a single space between columns."""
    return [re.sub(" +", " ", line).strip() for line in compare_runs(runs).splitlines()]


def test_what_differs_comes_first(finished: Finished) -> None:
    jobs = [find_run(str(finished.sweep / number)) for number in ("0", "1")]
    lines = compared(*jobs)
    first, second = (f"{job.settings['optimizer']['learning_rate']}" for job in jobs)
    assert f"optimizer.learning_rate {first} {second}" in lines
    assert not [line for line in lines if line.startswith("loop.")]
    assert "the same in all of them" in lines  # code, versions, data and machine
    assert lines.index("scores") < lines.index("curves")


def test_scores_have_their_differences_and_their_noise(finished: Finished, tmp_path: Path) -> None:
    record = find_run(str(finished.run))
    known = record.result
    score = known.metrics["best_val_accuracy"]
    for number, distance in enumerate((0.001, 0.3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        changed = {**known.metrics, "best_val_accuracy": score + distance}
        write_result(dataclasses.replace(known, metrics=changed, output_dir=folder))
        (folder / "config.yaml").write_bytes((finished.run / "config.yaml").read_bytes())
        assert read_result(folder / "result.json").metrics == changed
    others = [dataclasses.replace(record, folder=tmp_path / number) for number in ("0", "1")]
    (line,) = (row for row in compared(record, *others) if row.startswith("best_val_accuracy"))
    assert "(+0.001, within the noise)" in line
    assert line.endswith("(+0.3)")
    (equal,) = (row for row in compared(record, record) if row.startswith("test_loss"))
    assert equal.endswith("(equal)")


def test_a_model_without_a_run_has_nothing_to_compare(finished: Finished) -> None:
    with pytest.raises(ConfigError, match="result"):
        compare_runs([find_run(str(finished.run)), RunRecord("a model", model=Path("a.keras"))])


def test_one_run_is_no_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["latest"])
    assert exit_.value.code == 2
    assert "altitude show RUN shows one" in capsys.readouterr().err


def test_runs_are_shown_side_by_side(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(finished.run), str(finished.untracked)])
    shown = capsys.readouterr().out
    assert str(finished.untracked) in shown
    assert "val_loss" in shown

from pathlib import Path

import pytest

from altitude.errors import ConfigError, DataError
from altitude.records.find import find_run
from altitude.records.record import RunRecord
from altitude.runs.output_folder import run_folder
from tests.finished_runs import SMALL, Finished


def test_a_run_leaves_its_config_its_overrides_and_its_result(finished: Finished) -> None:
    for folder in (finished.run, finished.untracked):
        record = find_run(str(folder))
        assert record.settings["loop"]["epochs"] == 2
        assert record.overrides[: len(SMALL)] == SMALL
        assert len(record.result.metrics_by_epoch["loss"]) == 2
        assert record.result.model_path == folder / "best.keras"
        assert record.result.output_dir == folder


def test_the_store_has_the_result_that_the_folder_has(finished: Finished) -> None:
    here = find_run(str(finished.run))
    stored = RunRecord("stored", None, here.run_id, here.uri)
    assert stored.result.metrics == here.result.metrics
    assert stored.result.metrics_by_epoch == here.result.metrics_by_epoch
    assert stored.settings == here.settings
    assert stored.overrides == here.overrides


def test_a_file_that_is_nowhere_is_named_with_the_places(finished: Finished) -> None:
    record = find_run(str(finished.run))
    said = rf"{finished.run}, which has no a.txt in {finished.run} or in the artifacts in sqlite"
    with pytest.raises(ConfigError, match=said):
        record.file("a.txt")
    assert record.find_file("folder/a.txt") is None


def test_a_run_without_a_result_may_go_on(working_folder: Path) -> None:
    with run_folder(working_folder / "killed") as folder:
        folder.note(None)
    with pytest.raises(ConfigError, match=r"instead:  altitude resume .*killed"):
        _ = find_run("killed").result


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"model": 1}', b"\xff\xfe", b"null"])
def test_a_damaged_result_is_refused(content: bytes, working_folder: Path) -> None:
    with run_folder(working_folder / "run"):
        (working_folder / "run" / "result.json").write_bytes(content)
    with pytest.raises(DataError, match=r"result.json is damaged"):
        _ = find_run("run").result


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"a: b: c", b"\xff\xfe", b"tracking: 3"])
def test_a_damaged_config_is_refused(content: bytes, working_folder: Path) -> None:
    with run_folder(working_folder / "run") as folder:
        folder.note("abc")
    (working_folder / "run" / "config.yaml").write_bytes(content)
    record = find_run("run")
    if content == b"tracking: 3":
        assert record.settings == {"tracking": 3}
        return
    with pytest.raises(ConfigError, match=r"config.yaml"):
        _ = record.settings

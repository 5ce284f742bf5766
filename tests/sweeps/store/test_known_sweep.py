import shutil
from pathlib import Path

from mlflow.tracking import MlflowClient

from altitude.sweeps.store.known_sweep import may_be_known
from altitude.tracking.tags import IDENTITY


def test_a_sweep_is_known_once_a_run_has_its_identity(
    working_folder: Path, empty_store: Path
) -> None:
    uri = f"sqlite:///{working_folder}/mlflow.db"
    assert not may_be_known(uri, "abc")  # and no store is made
    assert not Path("mlflow.db").exists()
    shutil.copy(empty_store, "mlflow.db")
    assert not may_be_known(uri, "abc")
    MlflowClient(uri).create_run("0", tags={IDENTITY: "abc"})
    assert may_be_known(uri, "abc")
    assert not may_be_known(uri, "def")


def test_what_cannot_be_asked_quickly_may_know_it(working_folder: Path) -> None:
    assert may_be_known("http://localhost:1", "abc")
    (working_folder / "mlflow.db").write_text("no database")
    assert may_be_known("sqlite:///mlflow.db", "abc")

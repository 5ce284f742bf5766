from pathlib import Path

import keras
import mlflow
import numpy as np
import optuna
import pytest
from mlflow.tracking import MlflowClient
from optuna.pruners import NopPruner, ThresholdPruner

from altitude import ConfigError
from altitude.sweeps.search.optuna_storage import open_storage
from altitude.sweeps.search.pruning import Pruning

EPOCHS = 4


@pytest.fixture
def url(working_folder: Path) -> str:
    return f"sqlite:///{working_folder}/optuna.db"


@pytest.fixture
def study(url: str) -> optuna.Study:
    study = optuna.create_study(study_name="s", storage=open_storage(url))
    study.ask()
    return study


def epochs_trained(callback: Pruning) -> int:
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(np.zeros((4, 2)), np.ones(4), epochs=EPOCHS, verbose=0, callbacks=callback)
    return len(history.epoch)


def pruning(url: str, pruner: optuna.pruners.BasePruner, monitor: str = "loss") -> Pruning:
    return Pruning(monitor=monitor, study="s", storage=url, trial=0, pruner=pruner)


def test_a_hopeless_job_stops_and_its_run_says_so(
    study: optuna.Study, url: str, default_store: MlflowClient
) -> None:
    mlflow.set_tracking_uri(default_store.tracking_uri)
    try:
        with mlflow.start_run() as run:
            assert epochs_trained(pruning(url, ThresholdPruner(upper=0.0, n_warmup_steps=2))) == 2
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # None unsets it
    tags = default_store.get_run(run.info.run_id).data.tags
    assert (tags["pruned"], tags["pruned_epoch"]) == ("true", "2")
    assert list(study.trials[0].intermediate_values) == [1, 2]


def test_any_other_job_reports_every_epoch(study: optuna.Study, url: str) -> None:
    assert epochs_trained(pruning(url, NopPruner())) == EPOCHS
    assert list(study.trials[0].intermediate_values) == [1, 2, 3, 4]


def test_what_would_stop_after_the_last_epoch_is_complete(study: optuna.Study, url: str) -> None:
    assert epochs_trained(pruning(url, ThresholdPruner(upper=0.0, n_warmup_steps=EPOCHS))) == EPOCHS
    assert study.trials[0].user_attrs == {}


def test_a_storage_that_fails_costs_the_pruning_and_not_the_run(working_folder: Path) -> None:
    (working_folder / "no.db").write_text("this is no database")
    callback = pruning(f"sqlite:///{working_folder}/no.db", ThresholdPruner(upper=0.0))
    with pytest.warns(UserWarning, match=r"not pruned.*no\.db") as warned:
        assert epochs_trained(callback) == EPOCHS
    assert len(warned) == 1


def test_a_trial_that_has_ended_meanwhile_costs_no_run(study: optuna.Study, url: str) -> None:
    study.tell(0, 1.0)
    with pytest.warns(UserWarning, match="not pruned") as warned:
        assert epochs_trained(pruning(url, ThresholdPruner(upper=0.0))) == EPOCHS
    assert len(warned) == 1


@pytest.mark.usefixtures("study")
def test_a_metric_that_no_epoch_has(url: str) -> None:
    with pytest.raises(ConfigError, match="val_auc"):
        epochs_trained(pruning(url, NopPruner(), monitor="val_auc"))

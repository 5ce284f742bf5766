from altitude.result import History
from tests.conftest import ExperimentFactory


def test_a_history_is_a_table_with_a_row_for_each_epoch() -> None:
    frame = History(loss=[0.5, 0.25], val_loss=[0.75]).to_pandas()
    assert list(frame.index) == [1, 2]
    assert list(frame["loss"]) == [0.5, 0.25]
    assert frame["val_loss"].isna().tolist() == [True, False]


def test_a_notebook_shows_a_history_as_a_table() -> None:
    assert "<table" in History(loss=[0.5, 0.25])._repr_html_()


def test_the_best_model_is_loaded_once(small_experiment: ExperimentFactory) -> None:
    from altitude import run

    result = run(small_experiment())
    assert result.model.count_params() > 0
    assert result.model is result.model
    assert len(result.history.to_pandas()) == len(result.history["loss"])

import numpy as np
import pytest

from altitude.records.evaluation.bootstrap import bootstrap_interval, headline_interval


def test_an_interval_is_that_of_the_binomial_distribution() -> None:
    right = np.array([1.0] * 80 + [0.0] * 20)
    low, high = bootstrap_interval(right)
    assert low == pytest.approx(0.80 - 1.96 * 0.04, abs=0.015)
    assert high == pytest.approx(0.80 + 1.96 * 0.04, abs=0.015)
    assert bootstrap_interval(right) == (low, high)


def test_the_interval_is_that_of_the_monitored_metric() -> None:
    values = {"mean_absolute_error": np.arange(11.0), "mean_squared_error": np.arange(11.0) ** 2}
    metrics = {"loss": 35.0, "mae": 5.0}
    for monitor, expected in (("val_mae", "mae"), ("loss", "loss"), (None, "loss")):
        interval = headline_interval(metrics, values, monitor)
        assert interval is not None
        assert interval.metric == expected
        assert interval.low < metrics[expected] < interval.high


def test_what_is_no_mean_over_examples_has_no_interval() -> None:
    assert headline_interval({"auc": 0.7}, {"accuracy": np.ones(9)}, "val_auc") is None

import io

import numpy as np
import pytest

from altitude.records.evaluation.predictions import Regressed
from altitude.records.evaluation.regression import regression_report


def test_residuals_have_quantiles() -> None:
    labels = np.zeros((101, 1))
    report = regression_report(Regressed(labels, np.arange(101.0)[:, None]))
    assert [row[1] for row in report.tables[0].rows] == ["0", "5", "25", "50", "75", "95", "100"]
    assert report.scores["mean_absolute_error"] == 50
    assert report.tables[1].rows[0] == ("100", "0", "100")
    report.pictures["residuals"].savefig(io.BytesIO(), format="png")


def test_several_values_have_a_column_each() -> None:
    report = regression_report(Regressed(np.zeros((3, 2)), np.ones((3, 2))))
    assert report.tables[0].columns == ("quantile", "residual 0", "residual 1")
    assert report.scores["root_mean_squared_error"] == pytest.approx(1.0)

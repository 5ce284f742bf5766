"""Pages of MLflow's UI: where they are, and how to open them."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from altitude.tracking.store import without_password

TRAINING = "workflowType=machine_learning"
"""Shows the side for training; where nothing was chosen before, MLflow shows that for GenAI."""

SHARED_VIEW = "mlflow.sharedViewState."
"""Begins the name of an experiment's tag that holds a view of its runs, as "Share" writes it."""

SWEEP, OTHERS = "sweep", "others"  # the sections of charts

LINE = {
    "lineSmoothness": 0,
    "range": {},
    "scaleType": "linear",
    "selectedXAxisMetricKey": "",
    "useGlobalLineSmoothing": True,
    "useGlobalXaxisKey": True,
    "xAxisKey": "step",
    "xAxisScaleType": "linear",
    "yAxisExpressions": [],
    "yAxisKey": "metric",
}
"""What the UI itself sets for a new chart of lines."""


def run_page(experiment_id: str, run_id: str) -> str:
    """Returns the address of one run's page, relative to the server.

    Args:
        experiment_id: The id of the MLflow experiment.
        run_id: The id of the run.
    """
    return f"#/experiments/{experiment_id}/runs/{run_id}?{TRAINING}"


def runs_page(experiment_id: str, view: str) -> str:
    """Returns the address of the page that charts an experiment's runs.

    MLflow ignores a view as soon as the address has a filter or an order too.

    Args:
        experiment_id: The id of the MLflow experiment.
        view: The key of a view, as `runs_view` returns it.
    """
    charts = f"compareRunsMode=CHART&viewStateShareKey={quote(view, safe='')}"
    return f"#/experiments/{experiment_id}/runs?{TRAINING}&{charts}"


def runs_view(
    view: str,
    *,
    filter_string: str,
    order_by_metric: str,
    ascending: bool,
    curves: Sequence[str] = (),
    params: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> tuple[str, str]:
    """Returns a view of an experiment's runs: the experiment's tag that holds it.

    An address alone shows the curves of ten runs; a view shows those of all.

    Args:
        view: The name of the view; letters, digits, `-`, `_` and `.`.
        filter_string: The filter of runs, as `MlflowClient.search_runs` takes it.
        order_by_metric: The metric that ranks the runs.
        ascending: Whether the lowest comes first.
        curves: Metrics by epoch that come before all others.
        params: Parameters that are set against the metric, and are columns of the table beside it.
        tags: Tags that are columns of the table, too.

    Returns:
        The tag's name and its value.
    """
    state = {
        "searchFilter": filter_string,
        "orderByKey": f"metrics.`{order_by_metric}`",
        "orderByAsc": ascending,
        "runsHiddenMode": "SHOW_ALL",
        "selectedColumns": [*_columns(order_by_metric, params, tags)],
        "compareRunSections": [_section(SWEEP, "Sweep"), _section(OTHERS, "Model metrics")],
        "compareRunCharts": [*_charts(curves, order_by_metric, params)],
    }
    return SHARED_VIEW + view, json.dumps(state)


def open_instructions(uri: str, page: str) -> str:
    """Returns how to open a page of a store's UI: the command that starts it, and the address.

    Args:
        uri: The URI of the store, as `resolve_uri` returns it.
        page: The address of a page, relative to the server.
    """
    if urlsplit(uri).scheme in ("http", "https"):
        return f"{without_password(uri).rstrip('/')}/{page}"
    program = "mlflow" if shutil.which("mlflow") else f"{Path(sys.executable).parent}/mlflow"
    command = [program, "ui"]
    if uri != f"sqlite:///{Path.cwd() / 'mlflow.db'}" or "MLFLOW_BACKEND_STORE_URI" in os.environ:
        command += ["--backend-store-uri", without_password(uri)]
    return f"{shlex.join(command)}, then http://localhost:5000/{page}"


def _section(uuid: str, name: str) -> dict[str, Any]:
    """A section of charts; the UI adds to "Model metrics" what the runs have besides."""
    return {"uuid": uuid, "name": name, "display": True, "isReordered": False, "deleted": False}


def _charts(curves: Sequence[str], metric: str, params: Sequence[str]) -> Iterator[dict[str, Any]]:
    for name in curves:
        yield _chart("LINE", name, metricKey=name, **LINE)
    for name in params:
        yield _scatter(name, metric)
    if params:
        selected = {"selectedParams": [*params], "selectedMetrics": [metric]}
        yield _chart("PARALLEL", "Parallel Coordinates", **selected, showAllRuns=False)
    else:
        yield _chart("BAR", metric, metricKey=metric)


def _scatter(param: str, metric: str) -> dict[str, Any]:
    """A metric against a parameter; unlike MLflow's bars, its axis begins near the scores."""
    across, up = {"key": param, "type": "PARAM"}, {"key": metric, "type": "METRIC"}
    name = f"{metric} by {param}"
    return _chart("SCATTER", name, xaxis=across, yaxis=up, runsCountToCompare=100)


def _columns(metric: str, params: Sequence[str], tags: Sequence[str]) -> Iterator[str]:
    """Columns of the table, by MLflow's own keys."""
    yield f"metrics.`{metric}`"
    yield from (f"params.`{name}`" for name in params)
    yield from (f"tags.`{name}`" for name in tags)
    yield "attributes.`Duration`"


def _chart(kind: str, name: str, **options: Any) -> dict[str, Any]:
    place = {"uuid": f"{SWEEP} {kind} {name}", "metricSectionId": SWEEP}
    return place | {"type": kind, "displayName": name, "deleted": False} | options

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from altitude.tracking.pages import open_instructions, run_page, runs_page, runs_view
from tests.browser import keep_screenshot
from tests.processes import TrackingServer, tracking_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

EPOCHS = 5
JOBS = {f"learning_rate={n / 1000} patience=3": 0.8 + (n * 5 % 12) / 100 for n in range(1, 13)}
"""More jobs than the ten that MLflow shows of its own accord; the best is not the last."""

CURVES_ARE_DRAWN = """
count => {
    const chart = document.querySelector('[data-testid=experiment-view-compare-runs-card]');
    const curves = chart === null ? [] : chart.querySelectorAll('.js-line');
    return new Set([...curves].map(curve => curve.getAttribute('d'))).size >= count;
}
"""
RANKED = sorted(JOBS, key=lambda name: -JOBS[name])


def test_the_page_of_a_run() -> None:
    assert run_page("3", "ab12") == "#/experiments/3/runs/ab12?workflowType=machine_learning"


def test_the_page_of_runs_names_a_view_and_nothing_that_would_override_it() -> None:
    assert runs_page("3", "one & all") == (
        "#/experiments/3/runs?workflowType=machine_learning"
        "&compareRunsMode=CHART&viewStateShareKey=one%20%26%20all"
    )


def test_a_view_is_a_tag_with_filter_order_and_charts() -> None:
    key, value = runs_view(
        "ab12",
        filter_string="tags.role = 'job'",
        order_by_metric="best_val_loss",
        ascending=True,
        curves=["val_loss", "loss"],
        params=["optimizer.learning_rate"],
    )
    view = json.loads(value)
    assert key == "mlflow.sharedViewState.ab12"
    assert view["searchFilter"] == "tags.role = 'job'"
    assert view["orderByKey"] == "metrics.`best_val_loss`"
    assert view["orderByAsc"] is True
    charts = [chart["displayName"] for chart in view["compareRunCharts"]]
    by_rate = "best_val_loss by optimizer.learning_rate"
    assert charts == ["val_loss", "loss", by_rate, "Parallel Coordinates"]
    columns = ["metrics.`best_val_loss`", "params.`optimizer.learning_rate`"]
    assert view["selectedColumns"][:2] == columns
    assert len({chart["uuid"] for chart in view["compareRunCharts"]}) == len(charts)
    assert len(value) < 5000  # the longest value of an experiment's tag


def test_without_parameters_there_are_no_parallel_coordinates() -> None:
    _, value = runs_view("ab12", filter_string="", order_by_metric="loss", ascending=True)
    assert [chart["type"] for chart in json.loads(value)["compareRunCharts"]] == ["BAR"]


def test_a_page_on_a_server_is_an_address_without_the_password() -> None:
    opened = open_instructions("https://me:secret@mlflow.example.org/team/", "#/experiments/1")
    assert opened == "https://mlflow.example.org/team/#/experiments/1"


def test_a_page_of_the_default_store_takes_a_plain_mlflow_ui(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: "/bin/mlflow")
    opened = open_instructions(f"sqlite:///{working_folder}/mlflow.db", "#/experiments/1")
    assert opened == "mlflow ui, then http://localhost:5000/#/experiments/1"


def test_a_page_of_another_store_takes_a_command_that_can_be_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(sys, "executable", "/venv/bin/python")
    opened = open_instructions("sqlite:////my work/mlflow.db", "#/experiments/1")
    command = "/venv/bin/mlflow ui --backend-store-uri 'sqlite:////my work/mlflow.db'"
    assert opened == f"{command}, then http://localhost:5000/#/experiments/1"


def test_a_plain_mlflow_ui_would_not_show_the_store_of_the_environment(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{working_folder}/mine.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert f" ui --backend-store-uri {uri}, then " in open_instructions(uri, "#/experiments/1")


def test_a_command_does_not_give_a_password_away() -> None:
    opened = open_instructions("postgresql://me:secret@db/mlflow", "#/experiments/1")
    assert "secret" not in opened


def log_run(client: MlflowClient, experiment_id: str, name: str, best: float, **tags: str) -> str:
    run_id: str = client.create_run(experiment_id, run_name=name, tags=tags).info.run_id
    curve = [Metric("val_accuracy", best * (1 - 0.5**e), 0, e) for e in range(1, EPOCHS + 1)]
    rate = Param("optimizer.learning_rate", name.partition(" ")[0].partition("=")[2])
    metrics = [*curve, Metric("accuracy", best, 0, EPOCHS), Metric("best_val_accuracy", best, 0, 3)]
    client.log_batch(run_id, metrics=metrics, params=[rate])
    client.set_terminated(run_id)
    return run_id


@pytest.fixture(scope="module")
def server(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    """A server with an empty store."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_store, folder / "server.db")
    with tracking_server(folder) as started:
        yield started


@pytest.mark.slow
def test_a_browser_shows_a_sweeps_jobs_alone_ranked_with_all_their_curves(
    browser_page: "Page", server: TrackingServer
) -> None:
    client = MlflowClient(server.uri)
    experiment_id = client.create_experiment("sweeps")
    for name, best in JOBS.items():
        log_run(client, experiment_id, name, best, sweep_id="ab12", role="job")
    log_run(client, experiment_id, "summary", 0.99, sweep_id="ab12", role="summary")
    log_run(client, experiment_id, "of another sweep", 0.98, sweep_id="cd34", role="job")
    log_run(client, experiment_id, "plain", 0.97)
    tag = runs_view(
        "ab12",
        filter_string="tags.sweep_id = 'ab12' and tags.role = 'job'",
        order_by_metric="best_val_accuracy",
        ascending=False,
        curves=["val_accuracy"],
        params=["optimizer.learning_rate"],
    )
    client.set_experiment_tag(experiment_id, *tag)

    browser_page.goto(f"{server.uri}/{runs_page(experiment_id, 'ab12')}")
    browser_page.wait_for_function(CURVES_ARE_DRAWN, arg=len(JOBS))
    keep_screenshot(browser_page, "sweep")

    assert browser_page.locator("input[name=runs-view-mode][value=CHART]").is_checked()
    rows = browser_page.locator(".ag-pinned-left-cols-container [role=row]").all()
    rows.sort(key=lambda row: int(row.get_attribute("row-index") or ""))
    assert [row.get_by_role("link").inner_text() for row in rows] == RANKED
    charts = browser_page.get_by_test_id("experiment-view-compare-runs-card")
    titles = charts.locator("h4").all_inner_texts()
    assert titles[0] == "val_accuracy"
    assert titles[1].startswith("optimizer.learning_rate")  # against the score
    assert titles[2] == "Parallel Coordinates"
    curves = {curve.get_attribute("d") for curve in charts.first.locator(".js-line").all()}
    assert len(curves) == len(JOBS)

    table = runs_page(experiment_id, "ab12").replace("CHART", "TABLE")
    browser_page.goto("about:blank")
    browser_page.goto(f"{server.uri}/{table}")
    for column in ("best_val_accuracy", "optimizer.learning_rate"):
        browser_page.get_by_role("columnheader", name=column).first.wait_for()
    keep_screenshot(browser_page, "sweep-table")


@pytest.mark.slow
def test_a_browser_shows_a_runs_note_among_training_runs(
    browser_page: "Page", server: TrackingServer
) -> None:
    client = MlflowClient(server.uri)
    experiment_id = client.create_experiment("notes")
    run_id = log_run(client, experiment_id, "summary", 0.9)
    client.set_tag(run_id, "mlflow.note.content", "| rank | accuracy |\n| --- | --- |\n| 1 | 0.9 |")

    browser_page.goto(f"{server.uri}/{run_page(experiment_id, run_id)}")
    browser_page.get_by_role("columnheader", name="rank").wait_for()
    keep_screenshot(browser_page, "run")
    assert browser_page.get_by_role("heading", name="summary").is_visible()
    assert browser_page.get_by_role("link", name="Runs", exact=True).first.is_visible()

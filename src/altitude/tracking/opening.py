"""Opens runs in MLflow: new ones, those that `mlflow run` began, and those that are resumed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from mlflow.entities import Run, RunTag
from mlflow.tracking.context.registry import resolve_tags

from altitude.errors import TrackingError
from altitude.tracking.claim import claim
from altitude.tracking.connection import Connection, connect
from altitude.tracking.continued import (
    added_params,
    changed_params,
    logged_steps,
    missing_params,
)
from altitude.tracking.environment import take_run_id
from altitude.tracking.heartbeat import Heartbeat
from altitude.tracking.liveness import process_tags
from altitude.tracking.mlflow_run import MlflowRun
from altitude.tracking.outbox import FAILURES
from altitude.tracking.params import flatten, logged_settings
from altitude.tracking.provenance import provenance
from altitude.tracking.run import DESCRIPTION, RunDescription
from altitude.tracking.run_settings import RunSettings
from altitude.tracking.settling import settle_single_runs
from altitude.tracking.store import resolve_uri, without_password
from altitude.tracking.tags import FOLDER, REASON, RESUMED
from altitude.tracking.waiting import wait_for_answer


def open_mlflow_run(
    settings: RunSettings, description: RunDescription, resumed: str | None = None
) -> MlflowRun:
    """Opens a run, logs its parameters and its config, and makes it MLflow's active run.

    Args:
        settings: The tracking store.
        description: The run as it was configured.
        resumed: The id of the run that is resumed; None for a new run, or that of
            `$MLFLOW_RUN_ID`.

    Returns:
        The open run.

    Raises:
        TrackingError: If the store cannot be used.
        TakenError: If it is a job of a sweep that another run does.
    """
    uri = resolve_uri(settings.uri)
    if settings.watched:  # a sweep goes on when its store is back
        wait_for_answer(uri)
    try:
        run_id = take_run_id()
        chosen = None if settings.watched else run_id  # jobs are runs of a sweep
        store = connect(settings, resumed or chosen)
        if not settings.watched:
            settle_single_runs(store)
        run, params = _run_and_params(store, settings, description, resumed)
        opened = _opened(store, run, settings, description, resumed)
        with _closed_on_error(opened):
            if settings.watched:
                claim(store, run)
            opened.begin(params)
    except FAILURES as error:
        raise TrackingError(
            f"the tracking store {without_password(uri)} cannot be used: {error}"
        ) from error
    with _closed_on_error(opened):
        opened.log_config(description)
    return opened


def _run_and_params(
    store: Connection, settings: RunSettings, description: RunDescription, resumed: str | None
) -> tuple[Run, dict[str, str]]:
    """A new run, or the continued one; and the parameters that it does not have yet."""
    params = flatten(logged_settings(description.portable_settings))
    if store.continued is None:
        return _new_run(store, settings, description), params
    if not resumed:
        missing = missing_params(store.continued, params)
        return _continued_run(store, store.continued, settings, description), missing
    added = added_params(store.continued, params)
    changed = changed_params(store.continued, params)
    return _resumed_run(store, store.continued, settings, description, changed), added


def _new_run(store: Connection, settings: RunSettings, description: RunDescription) -> Run:
    name = settings.run_name or description.name
    # MLflow adds the user, the source and `$MLFLOW_RUN_CONTEXT`.
    tags = resolve_tags(_tags(description) | settings.tags)
    return store.client.create_run(store.experiment_id, run_name=name, tags=dict(tags))


def _continued_run(
    store: Connection, run: Run, settings: RunSettings, description: RunDescription
) -> Run:
    """The run with our tags; it keeps its source and, unless another one is given, its name."""
    tags = {**_tags(description), **settings.tags, REASON: ""}
    batch = [RunTag(name, value) for name, value in tags.items()]
    store.client.log_batch(run.info.run_id, tags=batch)
    if settings.run_name:
        store.client.update_run(run.info.run_id, name=settings.run_name)
    return run


def _resumed_run(
    store: Connection,
    run: Run,
    settings: RunSettings,
    description: RunDescription,
    changed: dict[str, str],
) -> Run:
    """The run with our tags, how often it was resumed, and the settings that have changed."""
    times = int(run.data.tags.get(RESUMED, 0)) + 1
    tags = {f"{RESUMED}.{name}": value for name, value in changed.items()}
    with_tags = replace(settings, tags={**settings.tags, **tags, RESUMED: str(times)})
    return _continued_run(store, run, with_tags, description)


def _opened(
    store: Connection,
    run: Run,
    settings: RunSettings,
    description: RunDescription,
    resumed: str | None,
) -> MlflowRun:
    tags = {**settings.tags, **run.data.tags} if store.continued else settings.tags
    return MlflowRun(
        store,
        run.info.run_id,
        description.output_dir,
        Heartbeat(store.uri, run.info.run_id) if settings.watched else None,
        described=DESCRIPTION in tags,
        logged=logged_steps(store.client, run) if resumed else {},
        flush_timeout=settings.flush_timeout,
    )


@contextmanager
def _closed_on_error(opened: MlflowRun) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        opened.give_up(error)
        raise


def _tags(description: RunDescription) -> dict[str, str]:
    folder = {FOLDER: str(description.output_dir.absolute())}
    return provenance() | process_tags() | folder | dict(description.tags)

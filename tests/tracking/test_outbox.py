import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from altitude.tracking import outbox as outbox_module
from altitude.tracking.outbox import Outbox


class Store:
    """Remembers what reaches it, unless it is down."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.refused: set[str] = set()
        self.calls = 0
        self.is_down = False

    def answers(self) -> bool:
        return not self.is_down

    def call(self, name: str) -> Callable[[], None]:
        def send() -> None:
            self.calls += 1
            if self.is_down:
                raise MlflowException("connection refused\nand many more lines")
            if name in self.refused:
                raise MlflowException(f"{name} is not welcome")
            self.received.append(name)

        return send


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def outbox(working_folder: Path, store: Store) -> Outbox:
    return Outbox(working_folder / "run" / "unsent-tracking.jsonl", store.answers)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "RETRY_AFTER", 0.0)


def send(outbox: Outbox, store: Store, *names: str) -> None:
    for name in names:
        outbox.send({"name": name}, store.call(name))


def kept(outbox: Outbox) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outbox.path.read_text().splitlines()]


def test_records_are_sent_at_once(outbox: Outbox, store: Store) -> None:
    send(outbox, store, "a", "b")
    assert store.received == ["a", "b"]
    assert outbox.waiting == 0
    assert not outbox.path.exists()


def test_what_cannot_be_sent_is_kept_in_order(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, store, "a", "b", "c")
    assert outbox.waiting == 3
    assert kept(outbox) == [{"name": "a"}, {"name": "b"}, {"name": "c"}]


def test_the_reason_is_one_line(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, store, "a")
    assert outbox.reason == "connection refused"


def test_a_store_that_failed_is_left_alone_for_a_while(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, store, "a", "b", "c")
    assert store.calls == 1


@pytest.mark.usefixtures("at_once")
def test_a_store_that_is_back_receives_what_waits_first(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, store, "a", "b")
    store.is_down = False
    send(outbox, store, "c")
    assert store.received == ["a", "b", "c"]
    assert not outbox.path.exists()


def test_the_last_record_does_not_wait(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, store, "a", "b")
    store.is_down = False
    outbox.send({"name": "c"}, store.call("c"), now=True)
    assert store.received == ["a", "b", "c"]
    assert outbox.waiting == 0
    assert not outbox.path.exists()


@pytest.mark.usefixtures("at_once")
def test_a_store_that_is_down_is_asked_once(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, store, "a", "b")
    assert store.calls == 2


@pytest.mark.usefixtures("at_once")
def test_a_record_that_is_refused_does_not_hold_up_the_others(outbox: Outbox, store: Store) -> None:
    store.refused = {"b"}
    send(outbox, store, "a", "b", "c")
    assert store.received == ["a", "c"]
    assert kept(outbox) == [{"name": "b"}]
    assert outbox.reason == "b is not welcome"


def test_an_interrupt_loses_nothing(outbox: Outbox, store: Store) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    store.is_down = True
    send(outbox, store, "a")
    store.is_down = False
    with pytest.raises(KeyboardInterrupt):
        outbox.send({"name": "b"}, interrupted, now=True)
    assert store.received == ["a"]
    assert outbox.waiting == 1


def test_a_mistake_in_the_program_is_not_swallowed(outbox: Outbox) -> None:
    def broken() -> None:
        raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        outbox.send({}, broken)

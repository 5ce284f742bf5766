import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from altitude.tracking import outbox as outbox_module
from altitude.tracking.outbox import Outbox, Record, read_records


class Store:
    """Remembers what reaches it, unless it is down."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.refused: set[str] = set()
        self.calls = 0
        self.is_down = False
        self.is_open = threading.Event()
        self.is_open.set()

    def answers(self) -> bool:
        return not self.is_down

    def deliver(self, record: Record) -> None:
        self.calls += 1
        self.is_open.wait()
        if self.is_down:
            raise MlflowException("connection refused\nand many more lines")
        if record["name"] in self.refused:
            raise MlflowException(f"{record['name']} is not welcome")
        if record["name"] == "bug":
            raise TypeError("a bug")
        self.received.append(record["name"])


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def outbox(working_folder: Path, store: Store) -> Outbox:
    return Outbox(working_folder / "run" / "unsent.jsonl", store.deliver, store.answers)


def send(outbox: Outbox, *names: str) -> None:
    for name in names:
        outbox.send({"name": name})


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def kept(outbox: Outbox) -> list[str]:
    return [json.loads(line)["name"] for line in outbox.path.read_text().splitlines()]


def test_records_are_sent_in_order(outbox: Outbox, store: Store) -> None:
    send(outbox, "a", "b", "c")
    wait_until(lambda: outbox.waiting == 0)
    assert store.received == ["a", "b", "c"]
    assert not outbox.path.exists()


def test_nobody_waits_for_a_slow_store_and_a_kill_loses_nothing(
    outbox: Outbox, store: Store
) -> None:
    store.is_open.clear()
    send(outbox, "a", "b")  # returns, though nothing is sent
    assert store.received == []
    assert kept(outbox) == ["a", "b"]
    store.is_open.set()
    outbox.finish(10)
    assert store.received == ["a", "b"]


def test_what_cannot_be_sent_is_kept_in_order(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, "a", "b", "c")
    outbox.finish(10)
    assert outbox.waiting == 3
    assert kept(outbox) == ["a", "b", "c"]
    assert outbox.reason == "connection refused"  # in one line


def test_a_store_that_failed_is_left_alone_for_a_while(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, "a")
    wait_until(lambda: outbox.reason)
    send(outbox, "b", "c")
    time.sleep(0.1)
    assert store.calls == 1


def test_a_store_that_is_back_receives_what_waits_first(
    outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "RETRY_AFTER", 0.01)
    store.is_down = True
    send(outbox, "a", "b")
    wait_until(lambda: outbox.reason)
    store.is_down = False
    send(outbox, "c")
    wait_until(lambda: outbox.waiting == 0)
    assert store.received == ["a", "b", "c"]
    assert not outbox.path.exists()


def test_the_end_does_not_wait_for_the_next_attempt(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, "a")
    wait_until(lambda: outbox.reason)
    store.is_down = False
    send(outbox, "b")
    outbox.finish(10)
    assert store.received == ["a", "b"]
    assert not outbox.path.exists()


def test_the_end_waits_no_longer_than_it_may(outbox: Outbox, store: Store) -> None:
    store.is_open.clear()
    send(outbox, "a", "b")
    started = time.monotonic()
    outbox.finish(0.05)
    assert time.monotonic() - started < 5
    assert kept(outbox) == ["a", "b"]
    store.is_open.set()


def test_a_store_that_is_down_is_asked_once_at_the_end(outbox: Outbox, store: Store) -> None:
    store.is_down = True
    send(outbox, "a")
    wait_until(lambda: outbox.reason)
    send(outbox, "b")
    outbox.finish(10)
    assert store.calls == 2


def test_a_store_that_comes_back_at_the_end_receives_what_waits(
    outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "RETRY_AT_THE_END", 0.01)
    store.is_down = True
    send(outbox, "a", "b")
    threading.Timer(0.1, lambda: setattr(store, "is_down", False)).start()
    outbox.finish(10.0, waits_for_store=True)
    assert (store.received, outbox.waiting) == (["a", "b"], 0)


def test_a_record_that_is_refused_does_not_hold_up_the_others(outbox: Outbox, store: Store) -> None:
    store.refused = {"b"}
    send(outbox, "a", "b", "c")
    wait_until(lambda: store.received == ["a", "c"])
    outbox.finish(10)
    assert kept(outbox) == ["b"]
    assert outbox.reason == "b is not welcome"


def test_an_interrupt_at_the_end_loses_nothing(
    outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    store.is_down = True
    send(outbox, "a")
    wait_until(lambda: outbox.reason)
    monkeypatch.setattr(outbox._changed, "wait_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        outbox.finish(10)
    assert kept(outbox) == ["a"]


def test_a_mistake_in_the_program_is_not_swallowed(outbox: Outbox) -> None:
    send(outbox, "bug")
    with pytest.raises(TypeError, match="a bug"):
        outbox.finish(10)
    with pytest.raises(TypeError, match="a bug"):
        send(outbox, "b")


def test_what_is_more_than_memory_should_hold_waits_in_the_file(
    outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MOST_WAITING", 2)
    store.is_open.clear()
    send(outbox, "a", "b", "c", "d")
    store.is_open.set()
    outbox.finish(10)
    assert store.received == ["a", "b"]
    assert outbox.waiting == 2
    assert kept(outbox) == ["a", "b", "c", "d"]  # what is sent twice does no harm


def test_a_line_that_was_not_written_whole_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "unsent.jsonl"
    path.write_text('{"name": "a"}\n{"na')
    assert read_records(path) == [{"name": "a"}]
    assert read_records(tmp_path / "nowhere") == []

"""Whether the process of a run with status RUNNING still exists."""

import socket
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psutil

from altitude.tracking.tags import HEARTBEAT, PROCESS

BEAT_SECONDS = 10.0
"""Interval of the heartbeats of a watched run."""

SILENCE_SECONDS = 120.0
"""How long a run on another machine may be silent before it counts as dead; clocks differ less."""

SAME_START_SECONDS = 2.0


def process_tags() -> dict[str, str]:
    """Returns tags that identify this process, so that others can check whether it is alive."""
    me = psutil.Process()
    return {PROCESS: f"{_machine()} {me.pid} {me.create_time():.1f}", HEARTBEAT: now()}


def now() -> str:
    """Returns the time of a heartbeat, in seconds since 1970."""
    return f"{time.time():.0f}"


def is_alive(tags: Mapping[str, str], answering_since: float = 0.0) -> bool:
    """Returns whether the process that set these tags is alive.

    On this machine its pid is looked up; on another one its last heartbeat counts.

    Args:
        tags: Tags of a run with status RUNNING; without those of `process_tags` it counts as alive.
        answering_since: When the store answered again after it had been away, in seconds since
            1970: nobody could write a heartbeat before that.
    """
    if PROCESS not in tags:
        return True
    machine, pid, began = tags[PROCESS].rsplit(" ", 2)
    if machine == _machine():
        return _runs_here(int(pid), float(began))
    heard = max(float(tags.get(HEARTBEAT, 0)), answering_since)
    return time.time() - heard < SILENCE_SECONDS


def _runs_here(pid: int, began: float) -> bool:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - began) < SAME_START_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@cache
def _machine() -> str:
    """Identifies a boot of a machine and a pid namespace: each container counts pids from 1."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    booted = boot.read_text().strip() if boot.exists() else str(psutil.boot_time())
    namespace = Path("/proc/self/ns/pid")
    processes = str(namespace.readlink()) if namespace.exists() else ""
    return f"{socket.gethostname()}/{booted}/{processes}".replace(" ", "-")

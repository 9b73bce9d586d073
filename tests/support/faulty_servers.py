"""Measures for servers that do not do what they should."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sftp_sync.remote.sftp import SftpRemote, connect
from tests.support.remotes import until
from tests.support.sftp_servers import SftpServer

PATIENCE_SECONDS = 0.5
SLACK_SECONDS = 2.5


def impatient(server: SftpServer) -> SftpRemote:
    return connect(replace(server.login(), timeout_seconds=PATIENCE_SECONDS))


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextmanager
def ending_soon() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < PATIENCE_SECONDS + SLACK_SECONDS


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """No thread and no open file more than before."""
    before = set(threading.enumerate())
    files = open_files()
    yield
    ours = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()]
    assert ours == []
    assert open_files() <= files


@contextmanager
def nothing_left_behind_but(server: SftpServer) -> Iterator[None]:
    """As above; the server in this process has its own sockets, which end with it."""
    before = set(threading.enumerate())
    yield
    assert until(lambda: set(threading.enumerate()) <= before)
    assert server.sandbox is not None

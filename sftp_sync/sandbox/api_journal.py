"""What the sandbox has taken, on disk, for a judge in another process: JSON lines, appended.

A call is on disk before its answer leaves: a test that kills everything never misses one.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CALLS = "calls.jsonl"
REQUESTS = "requests.jsonl"
CLOSED = -1


class Journal:
    """Two files in a folder: the accepted calls, and every request.

    `is_synced` makes a call survive a power cut too; a killed process loses nothing without it.
    """

    def __init__(self, folder: Path, *, is_synced: bool = True) -> None:
        self._is_synced = is_synced
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._calls = os.open(folder / CALLS, flags, 0o600)
        self._requests = os.open(folder / REQUESTS, flags, 0o600)
        self._lock = threading.Lock()

    def accepted(self, call: Mapping[str, Any]) -> None:
        """Write down an accepted call; kept when this returns."""
        with self._lock:
            os.write(self._calls, _line(call))
            if self._is_synced:
                os.fdatasync(self._calls)

    def requested(self, request: Mapping[str, Any]) -> None:
        """Write down a request and what became of it."""
        with self._lock:
            os.write(self._requests, _line(request))

    def close(self) -> None:
        """Let go of the files, if that was not done."""
        with self._lock:
            for descriptor in (self._calls, self._requests):
                if descriptor != CLOSED:
                    os.close(descriptor)
            # The numbers may be others' files by now.
            self._calls = self._requests = CLOSED


def accepted_calls(folder: Path) -> list[dict[str, Any]]:
    """Every call that was accepted, oldest first; from any process."""
    return list(_lines(folder / CALLS))


def requests(folder: Path) -> list[dict[str, Any]]:
    """Every request, in the order in which it was settled."""
    return list(_lines(folder / REQUESTS))


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)

"""One client's connection to the sandbox, and the ways in which it can go wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from sftp_sync.sandbox.quirks import Quirks, Stage


@dataclass(frozen=True)
class Happened:
    """One thing that a client did."""

    what: str
    user: str = ""
    path: str = ""


@dataclass
class Journal:
    """What clients did, in order; the judge of tests that count connections."""

    happened: list[Happened] = field(default_factory=list)
    open_now: int = 0
    most_open_at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def write(self, what: str, user: str = "", path: str = "") -> None:
        """Add a line."""
        with self._lock:
            self.happened.append(Happened(what, user, path))

    def opened(self) -> None:
        """A client has connected."""
        self.write("connected")
        with self._lock:
            self.open_now += 1
            self.most_open_at_once = max(self.most_open_at_once, self.open_now)

    def closed(self) -> None:
        """A client has gone."""
        self.write("disconnected")
        with self._lock:
            self.open_now -= 1

    def count(self, what: str) -> int:
        """How often something happened."""
        with self._lock:
            return sum(entry.what == what for entry in self.happened)

    def paths(self, what: str) -> list[str]:
        """Where something happened, in order."""
        with self._lock:
            return [entry.path for entry in self.happened if entry.what == what]


@dataclass
class Link:
    """What the files of one connection know of it."""

    quirks: Quirks
    journal: Journal
    stopping: Event
    cut: Callable[[], None] = lambda: None
    user: str = ""
    sessions: list[threading.Thread] = field(default_factory=list)

    def write(self, what: str, path: str) -> None:
        """Add a line to the journal."""
        self.journal.write(what, self.user, path)

    def fall_silent_at(self, stage: Stage) -> None:
        """Here an unlucky client waits for an answer until the server is stopped."""
        if self.quirks.silent_at == stage:
            self.stopping.wait()

    def pass_bytes(self, stage: Stage, end: int, length: int) -> None:
        """Slowly, or no further."""
        if end > self.quirks.silent_from_byte:
            self.fall_silent_at(stage)
        if self.quirks.bytes_per_second:
            self.stopping.wait(length / self.quirks.bytes_per_second)

    def is_cut_at(self, limit: int | None, end: int) -> bool:
        """Hang up once a transfer has come this far."""
        if limit is None or end <= limit:
            return False
        self.cut()
        return True

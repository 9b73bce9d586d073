"""The real daemon, as a process of its own, and an installation that it serves."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.support.daily_life import House
from tests.support.forking import COMMAND, Forked, fork

ENOUGH_SECONDS = 30.0
LOOK_SECONDS = 0.05


def eventually(is_so: Callable[[], Any], what: str, seconds: float = ENOUGH_SECONDS) -> Any:
    """Wait until something is so; what it then is."""
    ends_at = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < ends_at, f"not within {seconds:g} s: {what}"
        select.select([], [], [], LOOK_SECONDS)
    return found


def told(house: House, name: str = "renewals") -> str:
    """What `status` wants a person to do, of the daemon and of a campaign."""
    said = house.run("status", "--json").json
    (lines,) = [one["attention"] for one in said["campaigns"] if one["name"] == name]
    return "\n".join([*said["attention"], *lines])


def is_running(house: House) -> bool:
    """What `status` says of the daemon."""
    return bool(house.run("status", "--json").json["daemon"]["running"])


class Daemon:
    """A running daemon, and what it says."""

    def __init__(
        self, house: House, folder: Path, *, is_installed: bool = False, **environment: str
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._log = folder / f"daemon-{len(list(folder.iterdir()))}.log"
        # Short: the path of a socket has hardly a hundred characters.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("")
        self._socket.setblocking(False)
        address = "@" + self._socket.getsockname()[1:].decode()
        self.told: list[str] = []
        self.process: Forked | subprocess.Popen[bytes]
        with self._log.open("wb") as log:
            whole = os.environ | house.environment | environment
            whole |= {"NOTIFY_SOCKET": address, "JOURNAL_STREAM": "0:0"}
            start = _started if is_installed else _forked
            self.process = start(house, log, whole)

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it has logged of one kind."""
        lines = [line.partition(">")[2] for line in self.log.splitlines() if line.startswith("<")]
        return [one for one in map(json.loads, lines) if one["event"] == name]

    def hear(self) -> list[str]:
        """All that it has told systemd."""
        while self._socket.fileno() >= 0:
            try:
                self.told += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                break
        return self.told

    def is_told(self, line: str, times: int = 1) -> bool:
        return self.hear().count(line) >= times

    def wait_until_ready(self, times: int = 1) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, f"it ended with {self.process.poll()}: {self.log}"
            return self.is_told("READY=1", times)

        eventually(is_ready, f"ready\n{self.log}")

    def wait_for(self, event: str, times: int = 1) -> dict[str, Any]:
        """Until it has logged an event so often; the last of them."""
        found: list[dict[str, Any]] = eventually(
            lambda: len(self.events(event)) >= times and self.events(event), event
        )
        return found[-1]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def reload(self) -> None:
        """SIGHUP, and until it is through with it."""
        before = self.hear().count("READY=1")
        self.send(signal.SIGHUP)
        self.wait_until_ready(before + 1)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 12) -> int:
        """Told to stop; its exit code."""
        if self.process.poll() is None:
            self.send(number)
        return self.process.wait(seconds)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hear()
        self._socket.close()


def _forked(house: House, log: IO[bytes], environment: Mapping[str, str]) -> Forked:
    words, streams = ("daemon", "--config", house.config), (-1, log.fileno(), log.fileno())
    return Forked(fork("program", words, streams, environment))


def _started(
    house: House, log: IO[bytes], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    words = [COMMAND, "daemon", "--config", house.config]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(words, stdin=nowhere, stdout=log, stderr=log, env=environment)


@contextmanager
def running(house: House, *, is_installed: bool = False, **environment: str) -> Iterator[Daemon]:
    """A daemon that is ready. `is_installed`: started as systemd starts it, which takes a while."""
    daemon = Daemon(house, house.home / "logs", is_installed=is_installed, **environment)
    try:
        daemon.wait_until_ready()
        yield daemon
    finally:
        daemon.close()

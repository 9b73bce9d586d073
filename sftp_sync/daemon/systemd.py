"""What systemd wants to know of us, over the socket that it names. Elsewhere nobody is told."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

MICROSECONDS = 1_000_000
# A status is one line of `systemctl status`.
LONGEST_STATUS = 200


class Notifier:
    """Says that we are ready, that we live, what we are at."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # An "@" stands for the NUL of an abstract address.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._status = ""
        # Of a watchdog that waits for another process we know nothing.
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        wanted = environment.get("WATCHDOG_USEC", "0") if is_ours else "0"
        self.watchdog_seconds = int(wanted) / MICROSECONDS if wanted.isdecimal() else 0.0

    def ready(self) -> None:
        """Started, or reloaded."""
        self._say("READY=1")

    def reloading(self) -> None:
        """A new configuration is being read; `ready` ends it."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._say("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """We are on our way out."""
        self._say("STOPPING=1")

    def alive(self) -> None:
        """Everything that should be at work is."""
        self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """What we are at, where that has changed."""
        line = " ".join(text.split())[:LONGEST_STATUS]
        if line != self._status:
            self._status = line
            self._say(f"STATUS={line}")

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        # Whoever listens may be gone for a moment: a watchdog that is not fed is the right answer.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.setblocking(False)
            link.sendto("\n".join(lines).encode(), self._address)

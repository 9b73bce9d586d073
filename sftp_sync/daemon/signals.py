"""Signals as values that the main loop asks for, one after the other."""

from __future__ import annotations

import os
import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Self

STOP = (signal.SIGTERM, signal.SIGINT)
RELOAD = signal.SIGHUP
INTERRUPTED = 130


class Signals:
    """Catches the signals that concern a daemon, while it is entered.

    They arrive through a socket: a handler of ours would run between any two lines of the main
    thread, also while that holds a lock which the handler would need.
    """

    def __enter__(self) -> Self:
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._before = {one: signal.signal(one, _noted) for one in (*STOP, RELOAD)}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._read.close()
        self._write.close()

    def next(self, within_seconds: float) -> signal.Signals | None:
        """The next signal; None where none came in time."""
        ready, _, _ = select.select([self._read], [], [], max(within_seconds, 0))
        return signal.Signals(self._read.recv(1)[0]) if ready else None

    def hurry_from_now_on(self) -> None:
        """The next signal to stop ends everything at once, which is as safe as a crash."""
        for number in STOP:
            signal.signal(number, lambda *_: os._exit(INTERRUPTED))


def _noted(number: int, frame: FrameType | None) -> None:
    """Its number is in the socket by now."""
    del number, frame

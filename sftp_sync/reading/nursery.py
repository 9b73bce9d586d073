"""The parent's side of reading: a reader for each file, its bounds, and what its end means."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sftp_sync.errors import FileRefused, TryLater
from sftp_sync.model import Understanding
from sftp_sync.reading import wire
from sftp_sync.reading.bounds import MEGABYTE, Bounds
from sftp_sync.reading.wire import Garbled, Order

AT_ONCE = 2
# How soon a reader's parent notices that it is told to stop.
DEAFNESS = 0.5
ENDING_TAKES_AT_MOST = 10
TAKEN_AT_ONCE = 1_000_000
SAVE_AGAIN = "Open it in a spreadsheet, save it again, and send that."

Rows = TypeVar("Rows")


class ReaderBrokeError(Exception):
    """A bug of ours in a reader; the message is its traceback."""


@dataclass(frozen=True)
class Patience:
    """How a parent waits. `pause` raises where it is told to stop, also for no seconds."""

    pause: Callable[[float], None]
    monotonic: Callable[[], float]


@contextmanager
def reading(
    path: Path,
    order: Order,
    parse: Callable[[Any], Rows],
    patience: Patience,
    bounds: Bounds | None = None,
) -> Iterator[tuple[Understanding, Iterator[Rows]]]:
    """How the file is understood, and its rows as they come; `FileRefused`, from here or while they
    come, says why not. At most two are read at once; at the end of the block the reader is gone.
    """
    bounds = bounds or Bounds.of(path.stat().st_size)
    order = replace(order, memory=bounds.memory, seconds=bounds.seconds)
    with _turn(patience, is_alone=order.is_alone), _reader(path) as (data, status):
        with suppress(ConnectionError):
            data.sendall(order.line())
        voice = _Voice(data, status, order, patience)
        kind, said = voice.next()
        if kind != "understanding":
            raise voice.nonsense()
        try:
            understanding = wire.understanding_of(said)
        except Garbled as error:
            raise voice.nonsense() from error
        yield understanding, voice.rows(parse)


class _Voice:
    """What one reader says, and what it means when it says no more."""

    def __init__(
        self, data: socket.socket, status: socket.socket, order: Order, patience: Patience
    ) -> None:
        self._data, self._status = data, status
        self._order, self._wait = order, patience
        self._heard = bytearray()
        self._left = Bounds(order.memory, order.seconds).patience

    def rows(self, parse: Callable[[Any], Rows]) -> Iterator[Rows]:
        """Until it has said that there are no more."""
        while (line := self.next())[0] != "ended":
            kind, said = line
            if kind != "batch":
                raise self.nonsense()
            try:
                yield parse(said)
            except Garbled as error:
                raise self.nonsense() from error

    def next(self) -> tuple[str, Any]:
        """The next thing it says that is no end before the end."""
        line = self._line()
        if line is None:
            raise self._broken_off()
        try:
            kind, said = wire.heard(line)
        except Garbled as error:
            raise self.nonsense() from error
        match kind:
            case "refused":
                message, fix, who = said
                raise FileRefused(message, fix=fix, who="you" if who == "you" else "partner")
            case "beyond":
                raise self._too_much_memory()
            case "broke":
                raise ReaderBrokeError(said)
        return kind, said

    def nonsense(self) -> FileRefused:
        """It does not say what readers say."""
        return self._refused("what its reader said of it cannot be understood")

    def _line(self) -> bytes | None:
        """Its next line; None where it has ended without one."""
        searched = 0
        while (end := self._heard.find(b"\n", searched)) < 0:
            searched = len(self._heard)
            if searched > wire.LONGEST_LINE:
                raise self.nonsense()
            more = self._more()
            if not more:
                return None
            self._heard += more
        line = bytes(self._heard[:end])
        del self._heard[: end + 1]
        return line

    def _more(self) -> bytes:
        while True:
            self._wait.pause(0)
            began = self._wait.monotonic()
            try:
                return self._data.recv(TAKEN_AT_ONCE)
            except TimeoutError:
                self._left -= self._wait.monotonic() - began
            except ConnectionError:
                return b""
            if self._left < 0:
                raise self._too_long()

    def _broken_off(self) -> Exception:
        self._wait.pause(0)
        self._status.settimeout(ENDING_TAKES_AT_MOST)
        code = b""
        with suppress(TimeoutError, ConnectionError):
            code = self._status.recv(TAKEN_AT_ONCE)
        if not code:
            # Nobody is left to tell: the nursery itself was ended.
            return TryLater(
                f"{self._order.name} was not read: its reader was ended from outside.",
                fix="The next run reads it again.",
            )
        match -int(code):
            case signal.SIGXCPU:
                return self._too_long()
            case signal.SIGKILL:
                return self._refused(
                    "the system ended its reader, as it does where memory is short"
                )
            case number if number > 0:
                return self._refused(f"its reader crashed ({signal.Signals(number).name})")
        return ReaderBrokeError(f"a reader ended with {int(code)} and had not finished")

    def _too_long(self) -> FileRefused:
        return self._refused(
            f"to read it takes more than {self._order.seconds:,} seconds of processor time"
        )

    def _too_much_memory(self) -> FileRefused:
        return self._refused(
            f"to read it takes more than {self._order.memory // MEGABYTE:,} MB of memory"
        )

    def _refused(self, why: str) -> FileRefused:
        return FileRefused(f"{self._order.name} cannot be read: {why}.", fix=SAVE_AGAIN)


class Nursery:
    """The process that readers are forked from, started when the first one is wanted."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.turns = threading.BoundedSemaphore(AT_ONCE)
        self.loneliness = threading.BoundedSemaphore()

    def adopt(self, *descriptors: int) -> None:
        """A file, and the two sockets of its reader."""
        with self._starting:
            if self._process is not None and self._process.poll() is not None:
                self._close()
            try:
                self._hand_over(descriptors)
            except ConnectionError:
                # It has ended just now.
                self._close()
                self._hand_over(descriptors)

    def _hand_over(self, descriptors: Sequence[int]) -> None:
        if self._control is None:
            self._control = self._start()
        socket.send_fds(self._control, [b"."], list(descriptors))

    def close(self) -> None:
        """No more readers; those that are there end."""
        with self._starting:
            self._close()

    def _start(self) -> socket.socket:
        ours, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "sftp_sync.reading.program"],
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                start_new_session=True,
            )
        return ours

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.wait()
        self._control = self._process = None


@cache
def _nursery(process_id: int) -> Nursery:
    """One serves everybody in a process; one that was forked has its own."""
    del process_id
    made = Nursery()
    atexit.register(made.close)
    return made


@contextmanager
def _turn(patience: Patience, *, is_alone: bool) -> Iterator[None]:
    """Wait for one's turn; who wants to be alone takes all of them."""
    nursery = _nursery(os.getpid())
    turns = [nursery.turns] * (AT_ONCE if is_alone else 1)
    with ExitStack() as taken:
        for one in (*([nursery.loneliness] if is_alone else []), *turns):
            while not one.acquire(timeout=DEAFNESS):
                patience.pause(0)
            taken.callback(one.release)
        yield


@contextmanager
def _reader(path: Path) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two sockets of a new reader. To close the second is to end it."""
    data, its_data = socket.socketpair()
    status, its_status = socket.socketpair()
    with data, status:
        with its_data, its_status, path.open("rb") as file:
            _nursery(os.getpid()).adopt(file.fileno(), its_data.fileno(), its_status.fileno())
        data.settimeout(DEAFNESS)
        yield data, status

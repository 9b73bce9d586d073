"""Programs that start at once: forked from a process that has imported everything.

Starting Python and importing the program takes a second and a half, a fork a fiftieth of that. What
is forked is a process like any other: it has its own number, environment, streams and end.

    with command("sync", "--config", "config.yaml") as running: running.communicate()
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("sftp-sync")
PR_SET_CHILD_SUBREAPER = 36
LARGEST_ORDER = 100_000


class Forked:
    """A process that was forked, seen from a test; what `subprocess.Popen` would tell of it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._reap(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None and timeout is not None:
            end = os.pidfd_open(self.pid)
            try:
                if not select.select([end], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired([str(self.pid)], timeout)
            finally:
                os.close(end)
        code = self._reap(0)
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _reap(self, options: int) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, options)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class Talker(Forked):
    """A process that is told a line and answers with one."""

    def __init__(self, pid: int, ours: tuple[IO[str], IO[str]]) -> None:
        super().__init__(pid)
        self._in, self._out = ours

    def send(self, line: str) -> None:
        self._in.write(f"{line}\n")
        self._in.flush()

    def answer(self) -> str:
        return self._out.readline().strip()

    def ask(self, line: str) -> str:
        self.send(line)
        return self.answer()

    def kill(self) -> None:
        super().kill()
        self.wait()

    def end(self) -> None:
        """Let it come to its end by itself."""
        self._in.close()
        assert self.wait(30) == 0


@contextmanager
def talker(call: str, words: Sequence[object]) -> Iterator[Talker]:
    """Such a process, once it has said that it is ready; killed at the end of the block."""
    (its_in, in_), (out, its_out) = os.pipe(), os.pipe()
    with os.fdopen(in_, "w") as told, os.fdopen(out) as said:
        pid = fork(call, words, (its_in, its_out, 2))
        os.close(its_in)
        os.close(its_out)
        made = Talker(pid, (told, said))
        try:
            assert made.answer() == "ready"
            yield made
        finally:
            made.kill()


class Command(Forked):
    """The program with what it is told to do, and what it says."""

    def __init__(self, pid: int, said: Sequence[IO[bytes]]) -> None:
        super().__init__(pid)
        self._said = said

    def has_said(self, words: bytes) -> bool:
        """Whether these words stand on its stderr by now; where it writes is not moved."""
        descriptor = self._said[1].fileno()
        return words in os.pread(descriptor, os.fstat(descriptor).st_size, 0)

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Wait for its end; what it has said on both streams."""
        self.wait(timeout)
        for stream in self._said:
            stream.seek(0)
        out, err = (stream.read() for stream in self._said)
        return out, err


@contextmanager
def command(*words: str, environment: Mapping[str, str] | None = None) -> Iterator[Command]:
    """The program, beside the test; at the latest it ends with the block."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = fork("program", words, (-1, out.fileno(), err.fileno()), environment)
        running = Command(pid, (out, err))
        try:
            yield running
        finally:
            running.kill()
            running.wait()


def fork(
    call: str,
    words: Sequence[object],
    streams: Sequence[int],
    environment: Mapping[str, str] | None = None,
) -> int:
    """The number of a new process that calls `module:function`, with these words as its arguments.

    `streams`: descriptors for its stdin, stdout and stderr; -1 is nowhere.
    """
    return _forge().fork(call, words, streams, environment)


class Forge:
    """The process that all others are forked from."""

    def __init__(self) -> None:
        # Who is forked twice over becomes a child of ours, and its end is told to us.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._one_at_a_time = threading.Lock()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forking", str(its.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )

    def fork(
        self,
        call: str,
        words: Sequence[object],
        streams: Sequence[int],
        environment: Mapping[str, str] | None,
    ) -> int:
        """The number of the new process."""
        order = {
            "call": call,
            "words": [str(word) for word in words],
            "environment": dict(os.environ if environment is None else environment),
        }
        nowhere = os.open(os.devnull, os.O_RDWR)
        try:
            passed = [nowhere if one < 0 else one for one in streams]
            with self._one_at_a_time:
                socket.send_fds(self._ours, [json.dumps(order).encode()], passed)
                return int(self._ours.recv(100))
        finally:
            os.close(nowhere)

    def close(self) -> None:
        """Nothing more is forked."""
        self._ours.close()
        self._process.wait()


@cache
def _forge() -> Forge:
    made = Forge()
    atexit.register(made.close)
    return made


# From here on: what happens in the process that is forked from, and in those that are.


def program(words: Sequence[str]) -> None:
    """The installed command."""
    sys.argv = [str(COMMAND), *words]
    importlib.import_module("sftp_sync.cli").main()


def serve(control: socket.socket) -> Callable[[], Any]:
    """Fork for every order that comes in; returns in what was forked, with what it shall do."""
    while True:
        message, streams, _, _ = socket.recv_fds(control, LARGEST_ORDER, 3)
        if not message:
            return lambda: None
        reader, writer = os.pipe()
        middle = os.fork()
        if middle == 0:
            child = os.fork()
            if child:
                os.write(writer, str(child).encode())
                os._exit(0)
            for left in (reader, writer):
                os.close(left)
            control.close()
            return _ready_for(json.loads(message), streams)
        os.waitpid(middle, 0)
        control.send(os.read(reader, 100))
        for left in (reader, writer, *streams):
            os.close(left)


def _ready_for(order: dict[str, Any], streams: Sequence[int]) -> Callable[[], Any]:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["environment"])
    module, _, name = str(order["call"]).rpartition(":")
    found = importlib.import_module(module) if module else sys.modules["__main__"]
    return partial(getattr(found, name), order["words"])


def come_to_an_end(act: Callable[[], Any]) -> NoReturn:
    """As Python ends, but for taking its modules apart: that would copy all that is shared."""
    code = 1
    try:
        act()
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1 if ending.code else 0
    except BaseException:  # noqa: BLE001 - as Python shows it
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # waits for the threads that must end
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        _save_coverage()
        os._exit(code)


def _save_coverage() -> None:
    measured = sys.modules.get("coverage")
    current = None if measured is None else measured.Coverage.current()
    if current is not None:
        current.stop()
        current.save()


def import_everything() -> None:
    """All that the program may come to need, and what it learns once."""
    package = importlib.import_module("sftp_sync")
    for found in pkgutil.walk_packages(package.__path__, "sftp_sync."):
        if not found.name.endswith("__main__") and ".migrations." not in found.name:
            importlib.import_module(found.name)
    for name in (
        *("alembic.command", "charset_normalizer", "openpyxl", "pandas", "paramiko", "psycopg"),
        *("rich.progress", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql"),
        *("uvicorn.lifespan.off", "uvicorn.protocols.http.h11_impl"),
        *("tests.support.lease_holders", "tests.support.ledger_stories"),
    ):
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)
    phones = importlib.import_module("sftp_sync.phones")
    for number, region in (("2125550100", "US"), ("030901820", "DE")):
        phones.parse(number, region)
    typer = importlib.import_module("typer.main")
    typer.get_command = cache(typer.get_command)
    typer.get_command(importlib.import_module("sftp_sync.cli.app").app)


if __name__ == "__main__":
    import_everything()
    # What is there stays: no fork has to look through it, and so to copy it.
    gc.freeze()
    come_to_an_end(serve(socket.socket(fileno=int(sys.argv[1]))))

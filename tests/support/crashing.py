"""The real program, killed at any of its side effects.

A fresh one is forked for every command. In the forked child, and there alone, every side effect can
be numbered (a commit, a request to the vendor or one that changes something at the
partner's, a file made or removed in the spool, the end) and the child killed with SIGKILL before or
after any.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forking import Forked, fork

ENOUGH_SECONDS = 60
WRITES = 0x02
# Threads of a step's own, by how their names begin.
CREWS = {"dispatch": "send-"}


@dataclass(frozen=True)
class Finished:
    """What became of one command. A negative code is the signal that ended it."""

    code: int
    stdout: str
    stderr: str
    points: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """Both streams, as somebody at a terminal sees them."""
        return self.stdout + self.stderr

    @property
    def was_killed(self) -> bool:
        """Whether it ended as a crash."""
        return self.code == -signal.SIGKILL

    def died_in_time(self, point: int) -> bool:
        """Whether it was killed at this point, or came to a good end with fewer points: an answer
        may come in one piece or in two, and side by side threads may need a few reads less.
        """
        return self.was_killed or (self.code == 0 and len(self.points) < point)

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.stdout)


def run(
    *words: str,
    environment: Mapping[str, str] | None = None,
    kill_at: int | None = None,
    walk: str = "collect",
    without: str | None = None,
    file_limit: int | None = None,
) -> Finished:
    """One command, as a process of its own.

    `kill_at`: die at this point of the step to `walk` (0 only counts them). `without`: the
    rule that is left out.
    `file_limit`: no file may grow beyond so many bytes, as on a full disk.
    """
    with tempfile.TemporaryDirectory(prefix="ran-") as folder, contextlib.ExitStack() as open_now:
        said = [Path(folder) / name for name in ("out", "err", "points")]
        streams = [open_now.enter_context(path.open("wb")).fileno() for path in said]
        order = {
            "words": words,
            "kill_at": kill_at,
            "walk": walk,
            "without": without,
            "file_limit": file_limit,
            "points": str(said[2]),
        }
        whole = {**os.environ, **(environment or {})}
        call = f"{__name__}:be_the_program"
        code = Forked(fork(call, [json.dumps(order)], (-1, *streams[:2]), whole)).wait()
        out, err, points = (path.read_text("utf-8") for path in said)
    return Finished(code, out, err, tuple(points.splitlines()))


# From here on: what happens in the forked process.


def be_the_program(words: Sequence[str]) -> None:
    (order,) = map(json.loads, words)
    signal.alarm(ENOUGH_SECONDS)
    sys.argv = ["sftp-sync", *order["words"]]
    if order["file_limit"] is not None:
        resource = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_limit"], order["file_limit"]))
    points = os.open(order["points"], os.O_WRONLY | os.O_APPEND)
    if order["kill_at"] is not None:
        _number_the_effects(Walk(order["kill_at"], points, CREWS.get(order["walk"])), order["walk"])
    if order["without"] is not None:
        importlib.import_module("tests.support.guards_off").take_out(order["without"])
    importlib.import_module("sftp_sync.cli").main()


class Walk:
    """Numbers the points of a run, and ends it at one of them as a power cut would.

    Only what happens in the step that is walked is counted: others run beside it.
    """

    def __init__(self, kill_at: int, log: int, crew: str | None = None) -> None:
        self._kill_at = kill_at
        self._log = log
        self._crew = crew
        self._passed = 0
        self._one_at_a_time = threading.Lock()
        self.here = threading.local()

    def point(self, label: str) -> None:
        """Here the program may die."""
        if not (getattr(self.here, "is_walked", False) or self._is_of_the_crew()):
            return
        with self._one_at_a_time:
            self._passed += 1
            os.write(self._log, f"{label}\n".encode())
            if self._passed == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def _is_of_the_crew(self) -> bool:
        return self._crew is not None and threading.current_thread().name.startswith(self._crew)

    @contextlib.contextmanager
    def around(self, label: str) -> Iterator[None]:
        """Two points: before an effect and after it."""
        self.point(f"before {label}")
        yield
        self.point(f"after {label}")


def _number_the_effects(walk: Walk, step: str) -> None:
    _number_commits(walk)
    _number_requests(walk)
    _number_spooled_files(walk)
    _number_calls(walk)
    _walk_through(step, walk)


def _number_commits(walk: Walk) -> None:
    sqlalchemy = importlib.import_module("sqlalchemy")
    default = importlib.import_module("sqlalchemy.engine.default").DefaultDialect
    commit = default.do_commit
    ways = importlib.import_module("sftp_sync.ledger.engine").LOOKS.values()
    looks = {option for way in ways for option in way.items()}
    only_read = threading.local()

    def note(connection: Any) -> None:
        options = connection.get_execution_options()
        only_read.value = any(options.get(name) == value for name, value in looks)

    def counted(self: Any, connection: Any) -> None:
        if getattr(only_read, "value", False):
            commit(self, connection)
            return
        with walk.around("commit"):
            commit(self, connection)

    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", note)
    default.do_commit = counted


def _number_requests(walk: Walk) -> None:
    session = importlib.import_module("sftp_sync.remote.sftp.session").Session
    kinds = importlib.import_module("sftp_sync.remote.sftp.packets").Kind
    changing = {kinds.WRITE, kinds.FSETSTAT, kinds.REMOVE, kinds.RENAME, kinds.EXTENDED}
    post, answer = session.post, session.answer
    unanswered: dict[int, str] = {}
    written = {"now": False}

    def counted_post(self: Any, kind: Any, *parts: bytes) -> int:
        if kind in {kinds.OPEN, kinds.OPENDIR}:
            written["now"] = kind == kinds.OPEN and bool(parts[1][-1] & WRITES)
        changes = kind in changing or (written["now"] and kind in {kinds.OPEN, kinds.CLOSE})
        if not changes:
            return int(post(self, kind, *parts))
        walk.point(f"before {kind.name}")
        request = int(post(self, kind, *parts))
        unanswered[request] = kind.name
        walk.point(f"sent {kind.name}")
        return request

    def counted_answer(self: Any, request: int) -> Any:
        try:
            return answer(self, request)
        finally:
            if request in unanswered:
                walk.point(f"after {unanswered.pop(request)}")

    session.post, session.answer = counted_post, counted_answer


def _number_spooled_files(walk: Walk) -> None:
    def counted(act: Callable[..., Any], name: str, is_effect: Callable[..., bool]) -> None:
        def instead(path: Any, *rest: Any, **named: Any) -> Any:
            if "/spool/" not in os.fsdecode(path) or not is_effect(path, *rest):
                return act(path, *rest, **named)
            with walk.around(name):
                return act(path, *rest, **named)

        setattr(os, name, instead)

    counted(os.open, "open", lambda _, flags=0, *__: bool(flags & os.O_CREAT))
    counted(os.mkdir, "mkdir", lambda path, *_: not os.path.lexists(path))
    for act in (os.unlink, os.replace, os.rename):
        counted(act, act.__name__, lambda *_: True)


def _number_calls(walk: Walk) -> None:
    """What goes to the vendor, head and body apart, and what comes back."""
    stream = importlib.import_module("sftp_sync.providers.deadline").DeadlineStream
    write, read = stream.write, stream.read

    def counted_write(self: Any, *words: Any, **named: Any) -> None:
        with walk.around("request"):
            write(self, *words, **named)

    def counted_read(self: Any, *words: Any, **named: Any) -> Any:
        answer = read(self, *words, **named)
        walk.point("answer read")
        return answer

    stream.write, stream.read = counted_write, counted_read


def _walk_through(step: str, walk: Walk) -> None:
    """Count what a step of the run does, and that it has ended."""
    run = importlib.import_module("sftp_sync.run")
    whole = getattr(run, step)

    def walked(*words: Any) -> Any:
        walk.here.is_walked = True
        try:
            return whole(*words)
        finally:
            walk.point("the end")
            walk.here.is_walked = False

    setattr(run, step, walked)

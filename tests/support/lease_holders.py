"""Processes that hold leases on command: one line in, one line out.

with holder(database) as one: assert one.ask("acquire collect:renewals") == "held 1"
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from sftp_sync.errors import LeaseBusy, LeaseLost, LedgerUnavailable
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.leases import Lease
from tests.support.builders import an_arrival, an_ending
from tests.support.databases import Database, boot_time

ROOT = Path(__file__).parents[2]


class Process:
    """Another process, seen from a test."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self._popen = popen

    def send(self, line: str) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.write(f"{line}\n")
        self._popen.stdin.flush()

    def answer(self) -> str:
        assert self._popen.stdout is not None
        return self._popen.stdout.readline().strip()

    def ask(self, line: str) -> str:
        self.send(line)
        return self.answer()

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()

    def end(self) -> None:
        """Let it come to its end by itself."""
        assert self._popen.stdin is not None
        self._popen.stdin.close()
        assert self._popen.wait(30) == 0


@contextlib.contextmanager
def holder(
    database: Database, silent_seconds: float = 30, module: str = __name__
) -> Iterator[Process]:
    """A process with a ledger of its own on this database."""
    words = [database.url, str(database.locks), str(silent_seconds)]
    with subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as popen:
        process = Process(popen)
        try:
            assert process.answer() == "ready"
            yield process
        finally:
            popen.kill()


class Commands:
    """What such a process can be told."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._held: dict[str, Lease] = {}

    def acquire(self, name: str) -> str:
        self._held[name] = self._ledger.leases.acquire(name)
        return f"held {self._held[name].fence}"

    def release(self, name: str) -> str:
        self._ledger.leases.release(self._held.pop(name))
        return "released"

    def commit(self, name: str) -> str:
        """Something that is only committed under the lease."""
        number = self._ledger.entering.set_aside(self._held[name], an_arrival(), an_ending())
        return f"committed {number}"

    def stall(self, name: str) -> str:
        """Wait for a line in the middle of such a transaction."""
        with writing(self._ledger._engine) as connection:
            self._held[name].guard(connection)
            connection.exec_driver_sql("INSERT INTO campaigns (name) VALUES ('stalled')")
            print("stalling", flush=True)  # noqa: T201 - the answer
            sys.stdin.readline()
        return "committed"

    def age(self, name: str) -> str:
        return str(self._ledger.leases.age_seconds(self._held[name]))


def obeyed(command: Callable[[str], str], name: str) -> str:
    try:
        return command(name)
    except LeaseBusy:
        return "busy"
    except LeaseLost:
        return "lost"
    except LedgerUnavailable:
        return "unavailable"


def main() -> None:
    url, locks, silent_seconds = sys.argv[1:]
    with Ledger.open(url, Path(locks), boot_time, silent_seconds=float(silent_seconds)) as ledger:
        commands = Commands(ledger)
        print("ready", flush=True)  # noqa: T201 - a test is waiting for it
        for line in sys.stdin:
            verb, name = line.split()
            print(obeyed(getattr(commands, verb), name), flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main()

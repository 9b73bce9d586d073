"""Processes that hold leases on command: one line in, one line out.

with holder(database) as one: assert one.ask("acquire collect:renewals") == "held 1"
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sftp_sync.errors import LeaseBusy, LeaseLost, LedgerUnavailable
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.leases import Lease
from tests.support.builders import an_arrival, an_ending
from tests.support.databases import Database, boot_time
from tests.support.forking import Talker, talker


@contextlib.contextmanager
def holder(
    database: Database, silent_seconds: float = 30, module: str = __name__
) -> Iterator[Talker]:
    """A process with a ledger of its own on this database."""
    words = (database.url, database.locks, silent_seconds)
    with talker(f"{module}:main", words) as process:
        yield process


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


def main(words: Sequence[str]) -> None:
    url, locks, silent_seconds = words
    with Ledger.open(url, Path(locks), boot_time, silent_seconds=float(silent_seconds)) as ledger:
        commands = Commands(ledger)
        print("ready", flush=True)  # noqa: T201 - a test is waiting for it
        for line in sys.stdin:
            verb, name = line.split()
            print(obeyed(getattr(commands, verb), name), flush=True)  # noqa: T201 - as above

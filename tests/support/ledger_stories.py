"""Processes that write to one ledger at the same moment, or die between two statements of it.

    with storyteller(database) as teller: teller.ask("crash 17") ...

`crash N` walks an intake in a fork of the process, which kills itself before its statement N;
`race N` does N times what several processes do to the same rows.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import event

from sftp_sync.errors import TryLater
from sftp_sync.ledger import Ledger
from sftp_sync.model import FileState
from tests.support.builders import (
    MAPPING,
    NOW,
    a_batch,
    a_campaign,
    a_delivery,
    a_remote_file,
    an_arrival,
    an_ending,
    an_understanding,
    sha256_of,
)
from tests.support.databases import boot_time

WORK = "collect:renewals"


def intake(ledger: Ledger) -> None:
    """What a run does that finds one new file, or the rest of what an earlier one began."""
    with ledger.leases.hold(WORK) as lease:
        ledger.entering.take_back(lease, "renewals")
        if ledger.files.first_import(a_campaign(), sha256_of("leads")) is None:
            file_id = ledger.entering.begin(lease, an_arrival(), an_understanding(), MAPPING)
            for start in (2, 5):
                ledger.entering.add(lease, file_id, a_batch(pending=3, first_line=start))
            ending = an_ending(deliveries=[a_delivery("a"), a_delivery("b")], tidy=True)
            ledger.entering.finish(lease, file_id, a_remote_file(), ending)
        for delivery in ledger.deliveries.due("renewals"):
            ledger.deliveries.struck_off(lease, delivery, NOW)
        for file in ledger.files.untidy("renewals"):
            ledger.files.tidied(lease, file.id)
        for file_id in ledger.files.held():
            ledger.files.release(file_id)
        ledger.campaigns.collected("renewals", NOW)


class Fuse:
    """Kills this process, as a power cut does, before its statement of this number."""

    def __init__(self, last: int) -> None:
        self._left = last

    def burn(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def crash(url: str, locks: Path, number: int) -> str:
    child = os.fork()
    if child == 0:
        with Ledger.open(url, locks, boot_time) as ledger:
            fuse = Fuse(number)
            for moment in ("begin", "before_cursor_execute", "commit"):
                event.listen(ledger._engine, moment, fuse.burn)
            intake(ledger)
        os._exit(0)
    _, ended = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(ended) else f"ended {os.waitstatus_to_exitcode(ended)}"


def race(url: str, locks: Path, number: int) -> str:
    """The same rows as everybody else at the same moment, and a file that only one may be first
    with.
    """
    firsts = 0
    with Ledger.open(url, locks, boot_time) as ledger:
        campaign = a_campaign(f"campaign {os.getpid()}")
        with ledger.leases.hold(campaign.name) as lease:
            for turn in range(number):
                ledger.campaigns.pause("shared", paused=True)
                ledger.notices.post("shared", f"cause {turn}", TryLater("trouble"), NOW)
                shared = a_campaign(campaign.name, destination=f"destination {turn}")
                arrival = an_arrival(shared, sha256=sha256_of(str(turn)))
                begun = ledger.entering.begin(lease, arrival, an_understanding(), MAPPING)
                ledger.entering.add(lease, begun, a_batch(pending=1))
                try:
                    ledger.entering.finish(lease, begun, arrival.source, an_ending())
                except TryLater:
                    ledger.entering.take_back(lease, campaign.name)
                    repeated = an_ending(FileState.REPEATED)
                    ledger.entering.set_aside(lease, arrival, repeated)
                else:
                    firsts += 1
                ledger.files.all()
    return str(firsts)


def main(words: Sequence[str]) -> None:
    url, locks, _ = words
    print("ready", flush=True)  # noqa: T201 - a test is waiting for it
    for line in sys.stdin:
        verb, number = line.split()
        tell = {"crash": crash, "race": race}[verb]
        print(tell(url, Path(locks), int(number)), flush=True)  # noqa: T201 - the answer

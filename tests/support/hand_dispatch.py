"""A dispatcher whose time passes when it waits: hours of sending in a moment, against the vendor's
sandbox on the same clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sftp_sync.around import Surroundings
from sftp_sync.errors import Stopped
from sftp_sync.ledger import Ledger
from sftp_sync.model import BootTime, Campaign, FileRecord, RowState
from sftp_sync.providers.client import Identity, VendorClient
from sftp_sync.providers.pace import Pace, Timing
from sftp_sync.providers.talkover import Talkover
from sftp_sync.providers.wire import Access, Wire
from sftp_sync.sending.dispatcher import Shift
from sftp_sync.sending.route import Patience, Route, SendingAccount
from sftp_sync.spool import Spool
from sftp_sync.steps.dispatch import Dispatched, dispatch
from sftp_sync.wiring.parts import nobody_watches
from tests.support.builders import (
    ARow,
    a_batch,
    a_campaign,
    a_phone,
    an_arrival,
    enter_file,
    sha256_of,
)
from tests.support.databases import fresh_database
from tests.support.vendors import CAMPAIGN, PLENTY_A_MINUTE, START, TOKEN, TalkoverVendor, talkover

KNOWN = "known"
LOOK_AFTER = timedelta(seconds=120)


@dataclass
class Time:
    """A clock for everybody. Waiting moves it; at `stops_at` whoever waits is told to stop."""

    at: float = START
    boot: str = "this boot"
    step: float = 0.0
    stops_at: float = float("inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at + self.step, UTC)

    def seconds(self) -> float:
        return self.at

    def boot_time(self) -> BootTime:
        """By the boot's clock: setting the wall clock, and another boot, are up to a test."""
        return BootTime(self.boot, self.at)

    def pass_by(self, seconds: float) -> bool:
        """Wait as `threading.Event.wait` does: True when it is time to stop."""
        # What others are at takes real time: let them.
        time.sleep(0.0005)
        with self._lock:
            self.at += seconds
        return self.at >= self.stops_at

    def wait(self, seconds: float) -> None:
        """Wait as a run does."""
        if self.pass_by(seconds) if seconds else self.at >= self.stops_at:
            raise Stopped("Stopped.")


@dataclass
class Bench:
    """One account with its campaigns, a ledger, and the vendor."""

    ledger: Ledger
    vendor: TalkoverVendor
    time: Time
    folder: Path
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    requests_per_minute: int = PLENTY_A_MINUTE
    in_flight: int = 4
    base_url: str = ""
    known: int = 0

    def campaign(self, name: str = "renewals", **changes: Any) -> Campaign:
        made = a_campaign(name, **changes)
        self.campaigns[name] = made
        return made

    def list(self, phones: Sequence[str], name: str = "renewals") -> int:
        """A list of a campaign, wholly in the ledger."""
        campaign = self.campaigns.get(name) or self.campaign(name)
        arrival = an_arrival(
            campaign, sha256=sha256_of(f"{name}{self.time.at}"), received_at=self.time.now()
        )
        with self.ledger.leases.hold(f"collect:{name}") as lease:
            batch = a_batch(*(ARow(phone) for phone in phones))
            return enter_file(self.ledger, lease, batch, arrival=arrival)

    def one_is_known(self) -> None:
        """One number is called before all that a test tells of, by a campaign of its own: without a
        call of ours in its list nothing follows from what a vendor does not list.
        """
        self.list([a_phone(9_999)], KNOWN)
        assert self.dispatch().problem is None
        del self.campaigns[KNOWN]
        self.known = 1
        self.time.at += 300

    def around(self, wait: Callable[[float], None] | None = None) -> Surroundings:
        """What a step works with."""
        return Surroundings(
            ledger=self.ledger,
            spool=Spool(self.folder / "spool", lambda _: 1_000_000_000),
            now=self.time.now,
            wait=wait or self.time.wait,
            watch=nobody_watches,
            monotonic=self.time.seconds,
            boot_time=self.time.boot_time,
        )

    def dispatch(
        self,
        patience: Patience | None = None,
        is_more_to_come: Callable[[], bool] = lambda: False,
        wait: Callable[[float], None] | None = None,
    ) -> Dispatched:
        """One dispatch of the account."""
        around = self.around(wait)
        pace = Pace(self.requests_per_minute, Timing(self.time.seconds, self.time.pass_by))
        access = Access(self.base_url or self.vendor.sandbox.base_url, timeout_seconds=3)
        wire = Wire(access, time.monotonic)
        client = VendorClient(wire, pace, Identity(lambda: TOKEN), self.time.now)
        routes = tuple(Route(one, Talkover(client, CAMPAIGN)) for one in self.campaigns.values())
        account = SendingAccount("talkover", routes, pace, self.in_flight, LOOK_AFTER)
        try:
            return dispatch(account, around, Shift(patience or Patience(), is_more_to_come))
        finally:
            client.close()

    def states(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for file in self._files():
            for state, number in file.rows.items():
                if number:
                    found[str(state)] = found.get(str(state), 0) + number
        return found

    def reasons(self, state: RowState) -> list[str]:
        return [
            str(row.reason)
            for file in self._files()
            for row in self.ledger.rows.of_file(file.id, [state])
        ]

    def posts(self) -> list[dict[str, Any]]:
        found = [one for one in self.vendor.requests() if one["method"] == "POST"]
        return found[self.known :]

    def taken(self) -> list[dict[str, Any]]:
        """The calls that the vendor has accepted."""
        return self.vendor.taken()[self.known :]

    def _files(self) -> list[FileRecord]:
        return [file for file in self.ledger.files.all() if file.campaign != KNOWN]

    def looks(self) -> list[dict[str, Any]]:
        return [one for one in self.vendor.requests() if one["path"].endswith(CAMPAIGN)]


@contextmanager
def a_bench(folder: Path, **settings: Any) -> Iterator[Bench]:
    """A bench with a ledger of its own."""
    now = Time()
    more: Mapping[str, Any] = {"speed": 0.001, **settings}
    with (
        fresh_database("sqlite", folder) as database,
        # The lease is renewed in real time, and is always fresh to a clock that stands still.
        database.open(lambda: 0.0) as ledger,
        talkover(folder / "vendor", now.seconds, **more) as vendor,
    ):
        yield Bench(ledger, vendor, now, folder)

"""Ledgers with outcomes in them, made by the ledger's own verbs as the steps use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.outcomes import Counted, History, Posted
from sftp_sync.model import (
    Accepted,
    CallNews,
    Campaign,
    Claim,
    ClassifiedBatch,
    FileRecord,
    FileState,
    Launch,
    LaunchState,
    Outcome,
    RowState,
)
from tests.support.builders import (
    NOW,
    a_batch,
    a_delivery,
    a_moment,
    a_remote_file,
    an_arrival,
    an_ending,
    an_instant,
    enter_file,
    sha256_of,
)

LATER = timedelta(seconds=120)
IDS = count(1)


@dataclass(frozen=True)
class Called:
    """A file on its way through the steps."""

    ledger: Ledger
    campaign: Campaign
    file_id: int

    @property
    def lease(self) -> str:
        return f"collect:{self.campaign.name}"

    def send(self, at: datetime, *outcomes: Outcome) -> None:
        """Queue the next rows at this moment, with these answers."""
        with self.ledger.leases.hold(f"dispatch:{self.campaign.account}") as lease:
            for outcome in outcomes:
                moment = a_moment(at)
                claim = self.ledger.claims.claim(lease, self.campaign, moment)
                assert isinstance(claim, Claim)
                assert claim.file_id == self.file_id
                self.ledger.settling.settle(claim, outcome, an_instant(at), LATER)

    def hear(
        self, statuses: Sequence[str], *, over_at: datetime | None, seconds: float = 0
    ) -> None:
        """What became of the calls that are not over, in the order of the rows."""
        calls = self.ledger.following.open_calls(self.campaign, 0)
        news = [
            CallNews(call.row_id, status, duration_seconds=seconds or None, over_at=over_at)
            for call, status in zip(calls, statuses, strict=False)
        ]
        with self.ledger.leases.hold(self.lease) as lease:
            self.ledger.following.hear(lease, news)

    def report(self, name: str, *, delivered_at: datetime | None) -> None:
        """A result file with every row that is over and not reported."""
        file = self.ledger.files.get(self.file_id)
        over = [row.row_id for row in self.ledger.results.rows(self.file_id, only_new=True)]
        delivery = replace(a_delivery(name), kind="results")
        with self.ledger.leases.hold(self.lease) as lease:
            assert self.ledger.results.report(lease, file, delivery, over)
            if delivered_at is not None:
                (due,) = [
                    one
                    for one in self.ledger.deliveries.due(self.campaign.name)
                    if one.name == name
                ]
                self.ledger.deliveries.struck_off(lease, due, delivered_at)


def received(
    ledger: Ledger,
    campaign: Campaign,
    batch: ClassifiedBatch | None = None,
    *,
    name: str = "leads.csv",
    at: datetime = NOW,
    state: FileState = FileState.DISPATCHING,
) -> Called:
    """A file that has come in."""
    source = a_remote_file(name)
    content = sha256_of(f"{name} {next(IDS)}")
    arrival = an_arrival(campaign, source, received_at=at, sha256=content)
    with ledger.leases.hold(f"collect:{campaign.name}") as lease:
        batch = a_batch(pending=3) if batch is None else batch
        file_id = enter_file(ledger, lease, batch, arrival=arrival, ending=an_ending(state))
    return Called(ledger, campaign, file_id)


def accepted(number: int) -> list[Outcome]:
    """So many calls, each with an id of its own."""
    return [Accepted(f"call-{next(IDS)}", "queued") for _ in range(number)]


@dataclass
class Told:
    """A history as values, for what needs no database."""

    files: list[FileRecord] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)

    def file(
        self,
        *counts: Counted,
        name: str = "leads.csv",
        at: datetime = NOW,
        state: FileState = FileState.FINISHED,
    ) -> int:
        """A file with these rows; its id."""
        number = len(self.files) + 1
        mine = [replace(one, file_id=number) for one in counts]
        rows: Mapping[RowState, int] = {
            state: sum(one.rows for one in mine if one.state == state) for state in RowState
        }
        total = sum(rows.values())
        record = FileRecord(number, "renewals", name, "", 0, state, None, at, total, rows=rows)
        self.files.append(record)
        self.counts += mine
        return number

    @property
    def history(self) -> History:
        """All of it."""
        return History(tuple(self.files), tuple(self.counts), tuple(self.posted))


def calls(number: int, status: str | None, queued_at: datetime = NOW, **more: object) -> Counted:
    """Calls that are over."""
    made = Counted(0, RowState.ACCEPTED, None, status, True, queued_at, None, number)
    return replace(made, **more)  # type: ignore[arg-type]  # the fields are the dataclass's own


def rows_not_called(number: int, state: RowState, code: str | None = None) -> Counted:
    """Rows without a call."""
    return Counted(0, state, code, None, False, None, None, number)


def a_launch(file_id: int = 1, **more: object) -> Launch:
    """A campaign that the vendor made of a file, and started."""
    made = Launch(
        id=next(IDS),
        file_id=file_id,
        campaign="renewals",
        state=LaunchState.STARTED,
        name="renewals: leads.csv",
        recipients=30,
        vendor_id="c-1",
        attempt=1,
        made_at=NOW,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # the fields are the dataclass's own

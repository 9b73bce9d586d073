"""A row is claimed: the intention is committed before the request leaves.

What forbids a call is judged here, when the row is about to be sent, and in the same transaction:
the pause, the limits of the day and of the file, the expiry, the do-not-call lists, the number
called a short time ago.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.claim_numbers import ClaimNumbers
from sftp_sync.ledger.conditions import is_number_in_doubt
from sftp_sync.ledger.destinations import Place, is_place_of, pairs_of, place_now
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.forbidding import suppress, wanting, was_called_recently
from sftp_sync.ledger.given_up import is_doubted, is_number_given_up
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow, claim_of
from sftp_sync.ledger.renames import suspect_of
from sftp_sync.ledger.schema import campaigns, destinations, files, rows, spending
from sftp_sync.ledger.unheld_calls import made_at
from sftp_sync.model import BootTime, Campaign, Claim, FileState, Idle, Instant, RowState

JUDGED_AT_ONCE = 500
EXPIRED_AT_ONCE = 20_000
DUE_FILES = 50
EXPIRED = "it was not queued in time (expires_after)"


Noting = Callable[[datetime], AbstractContextManager[Callable[[Claim], None]]]
"""Notes a claim before it is committed: its COMMIT may be answered by nobody."""


@dataclass(frozen=True)
class Moment:
    """When a claim is made: now, by both clocks, and the campaign's local day."""

    now: datetime
    day: str
    boot_time: BootTime

    @property
    def instant(self) -> Instant:
        """The moment without its day."""
        return Instant(self.now, self.boot_time)


class Claims:
    """The verb by which rows are claimed."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers, noting: Noting) -> None:
        self._engine = engine
        self._numbers = numbers
        self._noting = noting

    def due(self, campaigns: Sequence[Campaign]) -> set[str]:
        """Those of these campaigns that have rows to send, by their names."""
        with reading(self._engine) as connection:
            return set(connection.execute(_have_due(pairs_of(campaigns))).scalars())

    def count_due(self, campaigns: Sequence[Campaign]) -> int:
        """How many rows of these campaigns are to be sent."""
        asked = (
            select(func.count())
            .select_from(files)
            .join(destinations, is_place_of(pairs_of(campaigns), files.c.campaign))
            .join(
                rows,
                (rows.c.file_id == files.c.id) & (rows.c.destination_id == destinations.c.id),
            )
            .where(*_dispatching([one.name for one in campaigns]))
            .where(rows.c.state == RowState.PENDING)
        )
        with reading(self._engine) as connection:
            found: int = connection.execute(asked).scalar_one()
        return found

    def claim(self, lease: Lease, campaign: Campaign, when: Moment) -> Claim | Idle:
        """The next row of a campaign that may be sent now, as `sending`; or why there is none.

        One short transaction: `Idle.JUDGING` says that rows were settled without being sent, and
        that there are more to look at.
        """
        try:
            with self._noting(when.now) as note, self._numbers.claiming(lease) as claiming:
                found = _claim(claiming.connection, lease, campaign, when)
                if not isinstance(found, Claim):
                    return found
                number = claiming.count(rows.c.id == found.row_id, when.now)
                numbered = replace(found, number=number)
                note(numbered)
                return numbered
        except IntegrityError:
            # Another account's dispatcher has just claimed this number for the same vendor
            # campaign: the index has refereed, and the row waits.
            return Idle.IN_DOUBT


@lru_cache(maxsize=64)
def _have_due(pairs: tuple[tuple[str, str], ...]) -> Select[str]:
    pending = exists().where(
        rows.c.file_id == files.c.id,
        rows.c.state == RowState.PENDING,
        rows.c.destination_id == destinations.c.id,
    )
    return (
        select(files.c.campaign)
        .distinct()
        .join(destinations, is_place_of(pairs, files.c.campaign))
        .where(*_dispatching([name for name, _ in pairs]), pending)
    )


def _dispatching(campaigns: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return files.c.campaign.in_(campaigns), files.c.state == FileState.DISPATCHING


def _is_pending_at(place: Place) -> ColumnElement[bool]:
    return (rows.c.state == RowState.PENDING) & (rows.c.destination_id == place.number)


def claimant(lease: Lease) -> str:
    """Who claims, in the ledger: this holder, under this fence."""
    return f"{lease.name}/{lease.holder}/{lease.fence}"


def _claim(connection: Connection, lease: Lease, campaign: Campaign, when: Moment) -> Claim | Idle:
    stopped = stops_campaign(connection, campaign, when)
    if stopped is not None:
        return stopped
    place = place_now(connection, campaign)
    is_judged = False
    for file in due_files(connection, campaign, place, when.now):
        if stops_file(connection, campaign, file, when):
            return Idle.JUDGING
        for _ in range(JUDGED_AT_ONCE):
            row = _next_row(connection, place, file.id, when.instant)
            if row is None:
                break
            if is_doubted(connection, row, when.instant):
                is_judged = True
                continue
            if suppress(connection, campaign, row):
                continue
            if not was_called_recently(connection, campaign, row, when.now):
                return _claimed(connection, lease, campaign, row, when)
        else:
            return Idle.JUDGING
        advance(connection, file.id)
    if is_judged:
        return Idle.JUDGING
    return Idle.IN_DOUBT if is_any_due(connection, campaign, place) else Idle.NOTHING


def stops_campaign(connection: Connection, campaign: Campaign, when: Moment) -> Idle | None:
    """Why nothing of a campaign may be sent now; None where something may."""
    if is_paused(connection, campaign.name):
        return Idle.PAUSED
    if suspect_of(connection, campaign) is not None:
        return Idle.RENAMED
    if calls_left(connection, campaign, when.day) == 0:
        return Idle.DAY_LIMIT
    return None if wanting(connection, campaign, when.now) is None else Idle.NO_LIST


def is_paused(connection: Connection, campaign: str) -> bool:
    """Whether a person has stopped this campaign."""
    asked = select(campaigns.c.paused).where(campaigns.c.name == campaign)
    return bool(connection.execute(asked).scalar_one_or_none())


def calls_left(connection: Connection, campaign: Campaign, day: str) -> int | None:
    """How many calls the day has left; None where it may have any number."""
    limit = campaign.limits.calls_per_day
    if limit is None:
        return None
    here = (spending.c.campaign == campaign.name) & (spending.c.day == day)
    spent = connection.execute(select(spending.c.calls).where(here)).scalar_one_or_none()
    return max(0, limit - (spent or 0))


def due_files(
    connection: Connection, campaign: Campaign, place: Place, now: datetime
) -> Sequence[AnyRow]:
    """The files of a campaign with rows to send or to expire, oldest first: however many wait for
    a number in doubt, they hold up nobody.
    """
    pending = (rows.c.file_id == files.c.id) & (rows.c.state == RowState.PENDING)
    here = rows.c.destination_id == place.number
    is_next: ColumnElement[bool] = exists().where(pending, here, ~is_number_in_doubt(place))
    if campaign.expires_after is not None:
        is_next |= (files.c.received_at < now - campaign.expires_after) & exists().where(pending)
    asked = select(files.c.id, files.c.received_at, files.c.calls, files.c.limit_waived).where(
        *_dispatching([campaign.name]), is_next
    )
    return connection.execute(asked.order_by(files.c.id).limit(DUE_FILES)).all()


def is_any_due(connection: Connection, campaign: Campaign, place: Place) -> bool:
    """Whether a campaign has rows to send, though it be later."""
    pending = exists().where(rows.c.file_id == files.c.id, _is_pending_at(place))
    asked = select(exists().where(*_dispatching([campaign.name]), pending))
    return bool(connection.execute(asked).scalar_one())


def is_expired(campaign: Campaign, received_at: datetime, now: datetime) -> bool:
    """Whether it is too late to queue a row of a file that was received then."""
    return campaign.expires_after is not None and now - received_at > campaign.expires_after


def stops_file(connection: Connection, campaign: Campaign, file: AnyRow, when: Moment) -> bool:
    """Whether the rest of a file is not to be sent: expired, or held by its limit."""
    if is_expired(campaign, file.received_at, when.now):
        # A part at a time: nobody else's answer waits for a million rows.
        pending = (rows.c.file_id == file.id) & (rows.c.state == RowState.PENDING)
        some = select(rows.c.id).where(pending).limit(EXPIRED_AT_ONCE)
        connection.execute(
            update(rows)
            .where(rows.c.id.in_(some), rows.c.state == RowState.PENDING)
            .values(state=RowState.EXPIRED, reason=EXPIRED),
        )
        advance(connection, file.id)
        return True
    limit = campaign.limits.calls_per_file
    if limit is not None and file.calls >= limit and not file.limit_waived:
        reason = f"{file.calls:,} of its rows were called, and limits.calls_per_file is {limit:,}."
        connection.execute(
            update(files).where(files.c.id == file.id).values(state=FileState.HELD, reason=reason),
        )
        return True
    return False


def _next_row(connection: Connection, place: Place, file_id: int, now: Instant) -> AnyRow | None:
    """The next pending row whose number is in no doubt, in the order of the lines."""
    pending = (rows.c.file_id == file_id) & _is_pending_at(place)
    asked = select(
        rows, is_number_given_up(now).label("is_given_up"), made_at(now.at).label("unheld_at")
    )
    free = asked.where(pending, ~is_number_in_doubt(place))
    return connection.execute(free.order_by(rows.c.id).limit(1)).one_or_none()


def _claimed(
    connection: Connection, lease: Lease, campaign: Campaign, row: AnyRow, when: Moment
) -> Claim | Idle:
    claimed = connection.execute(
        update(rows)
        .where(rows.c.id == row.id, rows.c.state == RowState.PENDING)
        # It may have been adopted by another destination between our look and now.
        .where(rows.c.destination_id == row.destination_id)
        .values(
            state=RowState.SENDING,
            attempt=row.attempt + 1,
            claimed_at=when.now,
            claimed_boot=when.boot_time.boot,
            claimed_clock=when.boot_time.seconds,
            claimant=claimant(lease),
            is_test=campaign.is_testing,
            reason=None,
        ),
    )
    if claimed.rowcount == 0:
        # A person has decided on it between our look and now.
        return Idle.JUDGING
    spend(connection, row.file_id, when.day, 1)
    return claim_of(row, when.instant, when.day)


def spend(connection: Connection, file_id: int, day: str, calls: int) -> None:
    """Count calls against the day and the file; a negative number takes them back."""
    connection.execute(
        update(files).where(files.c.id == file_id).values(calls=files.c.calls + calls)
    )
    asked = select(files.c.campaign).where(files.c.id == file_id)
    campaign = connection.execute(asked).scalar_one()
    here = (spending.c.campaign == campaign) & (spending.c.day == day)
    counted = update(spending).where(here).values(calls=spending.c.calls + calls)
    if connection.execute(counted).rowcount == 0:
        connection.execute(insert(spending).values(campaign=campaign, day=day, calls=calls))

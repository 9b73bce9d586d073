"""A row is claimed: the intention is committed before the request leaves.

What forbids a call is judged here, when the row is about to be sent, and in the same transaction:
the pause, the limits of the day and of the file, the expiry, the do-not-call lists, the number
called a short time ago.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.conditions import is_number_in_doubt
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.forbidding import suppress, wanting, was_called_recently
from sftp_sync.ledger.gap import put_row_in_doubt
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import campaigns, files, rows, spending
from sftp_sync.model import Campaign, Claim, FileState, Idle, RowState

JUDGED_AT_ONCE = 500
EXPIRED_AT_ONCE = 20_000
DUE_FILES = 50
EXPIRED = "it was not queued in time (expires_after)"


@dataclass(frozen=True)
class Moment:
    """When a claim is made: now, and the campaign's local day."""

    now: datetime
    day: str


class Claims:
    """The verb by which rows are claimed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, campaigns: Sequence[str]) -> set[str]:
        """Those of these campaigns that have rows to send."""
        pending = exists().where(rows.c.file_id == files.c.id, rows.c.state == RowState.PENDING)
        asked = select(files.c.campaign).distinct().where(*_dispatching(campaigns), pending)
        with reading(self._engine) as connection:
            return set(connection.execute(asked).scalars())

    def count_due(self, campaigns: Sequence[str]) -> int:
        """How many rows of these campaigns are to be sent."""
        asked = (
            select(func.count())
            .select_from(files)
            .join(rows, rows.c.file_id == files.c.id)
            .where(*_dispatching(campaigns), rows.c.state == RowState.PENDING)
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
            with writing(self._engine) as connection:
                lease.guard(connection)
                return _claim(connection, lease, campaign, when)
        except IntegrityError:
            # Another account's dispatcher has just claimed this number for the same vendor
            # campaign: the index has refereed, and the row waits.
            return Idle.IN_DOUBT


def _dispatching(campaigns: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return files.c.campaign.in_(campaigns), files.c.state == FileState.DISPATCHING


def claimant(lease: Lease) -> str:
    """Who claims, in the ledger: this holder, under this fence."""
    return f"{lease.name}/{lease.holder}/{lease.fence}"


def _claim(connection: Connection, lease: Lease, campaign: Campaign, when: Moment) -> Claim | Idle:
    stopped = stops_campaign(connection, campaign, when)
    if stopped is not None:
        return stopped
    for file in due_files(connection, campaign, when.now):
        if stops_file(connection, campaign, file, when):
            return Idle.JUDGING
        for _ in range(JUDGED_AT_ONCE):
            row = _next_row(connection, file.id)
            if row is None:
                break
            if row.doubt_since is not None:
                put_row_in_doubt(connection, row)
                continue
            if suppress(connection, campaign, row):
                continue
            if not was_called_recently(connection, campaign, row, when.now):
                return _claimed(connection, lease, row, when)
        else:
            return Idle.JUDGING
        advance(connection, file.id)
    return Idle.IN_DOUBT if is_any_due(connection, campaign.name) else Idle.NOTHING


def stops_campaign(connection: Connection, campaign: Campaign, when: Moment) -> Idle | None:
    """Why nothing of a campaign may be sent now; None where something may."""
    if is_paused(connection, campaign.name):
        return Idle.PAUSED
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


def due_files(connection: Connection, campaign: Campaign, now: datetime) -> Sequence[AnyRow]:
    """The files of a campaign with rows to send or to expire, oldest first: however many wait for
    a number in doubt, they hold up nobody.
    """
    pending = (rows.c.file_id == files.c.id) & (rows.c.state == RowState.PENDING)
    is_next: ColumnElement[bool] = exists().where(pending, ~is_number_in_doubt())
    if campaign.expires_after is not None:
        is_next |= (files.c.received_at < now - campaign.expires_after) & exists().where(pending)
    asked = select(files.c.id, files.c.received_at, files.c.calls, files.c.limit_waived).where(
        *_dispatching([campaign.name]), is_next
    )
    return connection.execute(asked.order_by(files.c.id).limit(DUE_FILES)).all()


def is_any_due(connection: Connection, campaign: str) -> bool:
    """Whether a campaign has rows to send, though it be later."""
    pending = exists().where(rows.c.file_id == files.c.id, rows.c.state == RowState.PENDING)
    asked = select(exists().where(*_dispatching([campaign]), pending))
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


def _next_row(connection: Connection, file_id: int) -> AnyRow | None:
    """The next pending row whose number is in no doubt, in the order of the lines."""
    pending = (rows.c.file_id == file_id) & (rows.c.state == RowState.PENDING)
    asked = select(rows).where(pending, ~is_number_in_doubt()).order_by(rows.c.id).limit(1)
    return connection.execute(asked).one_or_none()


def _claimed(connection: Connection, lease: Lease, row: AnyRow, when: Moment) -> Claim | Idle:
    attempt = row.attempt + 1
    claimed = connection.execute(
        update(rows)
        .where(rows.c.id == row.id, rows.c.state == RowState.PENDING)
        .values(
            state=RowState.SENDING,
            attempt=attempt,
            claimed_at=when.now,
            claimant=claimant(lease),
            reason=None,
        ),
    )
    if claimed.rowcount == 0:
        # A person has decided on it between our look and now.
        return Idle.JUDGING
    spend(connection, row.file_id, when.day, 1)
    return Claim(
        row_id=row.id,
        attempt=attempt,
        file_id=row.file_id,
        line=row.line,
        phone=row.phone,
        cells=tuple(json.loads(row.cells)),
        claimed_at=when.now,
        day=when.day,
    )


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

"""Rows in doubt: nothing is sent from `uncertain` but by a claim, and what a look has shown is
applied under guard of the attempt it was about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.claims import Moment, claimant
from sftp_sync.ledger.conditions import is_called, is_in_doubt
from sftp_sync.ledger.destinations import destination_id
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.identities import is_any_ours
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import campaigns as paused
from sftp_sync.ledger.schema import destinations, files, rows
from sftp_sync.ledger.settling import note
from sftp_sync.ledger.withholding import count_if_first, is_withheld
from sftp_sync.model import Campaign, Claim, Doubt, RowState

AT_ONCE = 500


class Doubts:
    """The verbs for rows that may have been called."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take_over(
        self, lease: Lease, campaigns: Sequence[str], now: datetime, look_after: timedelta
    ) -> int:
        """What an earlier holder was sending when it ended may have been called: of these
        campaigns, and of whatever others this lease was for then.
        """
        theirs = select(files.c.id).where(files.c.campaign.in_(campaigns))
        before = rows.c.claimant.startswith(f"{lease.name}/", autoescape=True)
        # Rows of a file's campaign are in doubt together, by that.
        sending = is_in_doubt() & (rows.c.state == RowState.SENDING) & rows.c.launch_id.is_(None)
        sending &= (rows.c.claimant != claimant(lease)) & (before | rows.c.file_id.in_(theirs))
        # By destination, as the index of what is in doubt goes.
        sending &= rows.c.destination_id.in_(select(destinations.c.id))
        with writing(self._engine) as connection:
            lease.guard(connection)
            taken = connection.execute(
                update(rows)
                .where(sending)
                .values(
                    state=RowState.UNCERTAIN,
                    doubt_since=func.coalesce(rows.c.doubt_since, rows.c.claimed_at),
                    given_up_at=now,
                    next_look_at=now + look_after,
                    looks=0,
                    reason="the process that was sending it ended",
                ),
            )
        return taken.rowcount

    def due(self, campaign: Campaign, now: datetime) -> list[Doubt]:
        """The rows of a campaign whose time to look has come, longest in doubt first."""
        with reading(self._engine) as connection:
            found = connection.execute(
                _in_doubt(campaign)
                .where(rows.c.next_look_at <= now)
                .order_by(rows.c.next_look_at)
                .limit(AT_ONCE),
            ).all()
            return [_doubt(connection, row) for row in found]

    def due_campaigns(self, campaigns: Sequence[str], now: datetime) -> set[str]:
        """Those of these campaigns, unless paused, with rows whose time to look has come."""
        return self._campaigns_with(campaigns, rows.c.next_look_at <= now)

    def is_any_waiting(self, campaigns: Sequence[str], until: datetime) -> bool:
        """Whether anything in doubt may be settled by then, without a person."""
        return bool(self._campaigns_with(campaigns, rows.c.next_look_at <= until))

    def _campaigns_with(self, campaigns: Sequence[str], which: ColumnElement[bool]) -> set[str]:
        asked = (
            select(files.c.campaign)
            .distinct()
            .join(rows, rows.c.file_id == files.c.id)
            .where(rows.c.state == RowState.UNCERTAIN, which, files.c.campaign.in_(campaigns))
            .where(~exists().where(paused.c.name == files.c.campaign, paused.c.paused))
        )
        with reading(self._engine) as connection:
            return set(connection.execute(asked).scalars())

    def held(self, destination: str, phones: Iterable[str]) -> set[str]:
        """The calls to these numbers that belong to a row already, by their ids."""
        numbers = list(phones)
        with reading(self._engine) as connection:
            here = rows.c.destination_id == destination_id(connection, destination)
            found: set[str] = set()
            for start in range(0, len(numbers), AT_ONCE):
                these = rows.c.phone.in_(numbers[start : start + AT_ONCE])
                asked = select(rows.c.call_id).where(here, these, is_called())
                found.update(id_ for id_ in connection.execute(asked).scalars() if id_ is not None)
        return found

    def ids_agree(self, destination: str) -> bool:
        """Whether an id that an answer gave us was ever seen in the vendor's list."""
        asked = select(destinations.c.ids_agree).where(destinations.c.identity == destination)
        with reading(self._engine) as connection:
            return bool(connection.execute(asked).scalar_one_or_none())

    def learn_ids(self, destination: str, listed: Iterable[str]) -> None:
        """See whether any of the listed ids is one that an answer gave us."""
        if self.ids_agree(destination):
            return
        with reading(self._engine) as connection:
            if not is_any_ours(connection, destination, list(listed)):
                return
        agreed = update(destinations).where(destinations.c.identity == destination)
        with writing(self._engine) as connection:
            connection.execute(agreed.values(ids_agree=True))

    def found(
        self, lease: Lease, doubt: Doubt, call: tuple[str, str], source: str, now: datetime
    ) -> bool:
        """The row was called: this (id, status) is its call. False where somebody was faster."""
        call_id, status = call
        values = {
            "state": RowState.ACCEPTED,
            "call_id": call_id,
            "call_status": status or None,
            "id_source": source,
            "queued_at": doubt.since,
            "next_look_at": None,
            "reason": None,
        }
        try:
            return self._apply(lease, doubt, values, now, f"found its call {call_id} {status}")
        except IntegrityError:
            return False

    def look_again(
        self, lease: Lease, doubt: Doubt, at: datetime | None, now: datetime, why: str
    ) -> bool:
        """Nothing is proven yet: look again then, or, without a time, leave it to a person."""
        values = {"next_look_at": at, "looks": doubt.looks + 1, "reason": why}
        return self._apply(lease, doubt, values, now, why)

    def claim(self, lease: Lease, campaign: Campaign, doubt: Doubt, when: Moment) -> Claim | None:
        """Claim a row in doubt, to ask again; None where somebody was faster, where a person has
        paused the campaign, where its number is not to be called any more, and where it is too late
        to call: the vendor has no call for it.
        """
        with writing(self._engine) as connection:
            lease.guard(connection)
            asked = select(rows).where(_guard(doubt)).with_for_update()
            row = connection.execute(asked).one_or_none()
            if row is None or is_withheld(connection, campaign, row, when):
                return None
            count_if_first(connection, row, when)
            connection.execute(
                update(rows)
                .where(_guard(doubt))
                .values(
                    state=RowState.SENDING,
                    attempt=doubt.attempt + 1,
                    claimed_at=when.now,
                    claimant=claimant(lease),
                    looks=doubt.looks + 1,
                ),
            )
            return Claim(
                row_id=row.id,
                attempt=doubt.attempt + 1,
                file_id=row.file_id,
                line=row.line,
                phone=row.phone,
                cells=tuple(json.loads(row.cells)),
                claimed_at=when.now,
                day=when.day,
                doubt_since=doubt.since,
                looks=doubt.looks + 1,
            )

    def _apply(
        self, lease: Lease, doubt: Doubt, values: Mapping[str, object], now: datetime, said: str
    ) -> bool:
        with writing(self._engine) as connection:
            lease.guard(connection)
            applied = connection.execute(update(rows).where(_guard(doubt)).values(**values))
            if applied.rowcount == 0:
                return False
            note(connection, doubt.row_id, doubt.attempt, now, said)
            advance(connection, doubt.file_id)
        return True


def _guard(doubt: Doubt) -> ColumnElement[bool]:
    ours = (rows.c.id == doubt.row_id) & (rows.c.attempt == doubt.attempt)
    return ours & (rows.c.state == RowState.UNCERTAIN)


def _in_doubt(campaign: Campaign) -> Select[*tuple[Any, ...]]:
    return (
        select(rows, files.c.campaign)
        .join(files, files.c.id == rows.c.file_id)
        .join(destinations, destinations.c.id == rows.c.destination_id)
        .where(
            destinations.c.identity == campaign.destination,
            files.c.campaign == campaign.name,
            rows.c.state == RowState.UNCERTAIN,
        )
    )


def _doubt(connection: Connection, row: AnyRow) -> Doubt:
    called = exists().where(
        rows.c.destination_id == row.destination_id,
        rows.c.phone == row.phone,
        is_called(),
    )
    return Doubt(
        row_id=row.id,
        attempt=row.attempt,
        file_id=row.file_id,
        campaign=row.campaign,
        phone=row.phone,
        since=row.doubt_since,
        given_up_at=row.given_up_at,
        looks=row.looks,
        called_elsewhere=connection.execute(select(called)).scalar_one(),
    )

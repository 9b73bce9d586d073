"""Rows in doubt: nothing is sent from `uncertain` but by a claim, and what a look has shown is
applied under guard of the attempt it was about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, exists, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.claim_numbers import ClaimNumbers
from sftp_sync.ledger.claims import Moment, Noting, claimant
from sftp_sync.ledger.conditions import is_called, is_in_doubt
from sftp_sync.ledger.destinations import is_place_of, pairs_of, place_of
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.given_up import (
    NO_LOOK,
    BoundTime,
    doubt_since,
    first_asked,
    given_up,
    given_up_by_now,
    is_look_due,
    is_look_near,
    is_unseen,
    next_look,
    see_anew,
)
from sftp_sync.ledger.identities import do_ids_agree, held_ids, is_any_ours
from sftp_sync.ledger.known_calls import known_calls, look_at_others
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow, claim_of
from sftp_sync.ledger.schema import campaigns as paused
from sftp_sync.ledger.schema import destinations, files, rows
from sftp_sync.ledger.settling import note
from sftp_sync.ledger.withholding import count_if_first, is_withheld
from sftp_sync.model import Campaign, Claim, Doubt, Instant, KnownCalls, RowState

AT_ONCE = 500


@lru_cache(maxsize=64)
def _looked_into(pairs: tuple[tuple[str, str], ...], within: timedelta | None) -> Select[str]:
    # What nobody looks into is not waited for: rows of another destination are not theirs.
    return (
        select(files.c.campaign)
        .distinct()
        .join(rows, rows.c.file_id == files.c.id)
        .join(destinations, destinations.c.id == rows.c.destination_id)
        .where(is_in_doubt(), rows.c.state == RowState.UNCERTAIN)
        .where(is_look_near(rows, BoundTime(), within))
        .where(is_place_of(pairs, files.c.campaign))
        .where(~exists().where(paused.c.name == files.c.campaign, paused.c.paused))
    )


class Doubts:
    """The verbs for rows that may have been called."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers, noting: Noting) -> None:
        self._engine = engine
        self._numbers = numbers
        self._noting = noting

    def take_over(
        self, lease: Lease, campaigns: Sequence[str], when: Instant, look_after: timedelta
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
            taken = connection.execute(select(rows).where(sending).with_for_update()).all()
            for row in taken:
                values = {
                    "state": RowState.UNCERTAIN,
                    "doubt_since": first_asked(row, when),
                    "looks": 0,
                    "reason": "the process that was sending it ended",
                    **given_up(when, look_after),
                }
                connection.execute(update(rows).where(rows.c.id == row.id).values(**values))
        return len(taken)

    def see(self, lease: Lease, campaign: Campaign, when: Instant, wait: timedelta) -> None:
        """Rows whose request was given up before another boot, or on another machine, wait anew
        from now on.
        """
        unseen = is_unseen(rows, when.boot_time)
        asked = _in_doubt(campaign, rows.c.id).where(unseen, rows.c.next_look_at.is_not(None))
        with reading(self._engine) as connection:
            if connection.execute(asked.limit(1)).one_or_none() is None:
                return
        with writing(self._engine) as connection:
            lease.guard(connection)
            found = connection.execute(asked.with_for_update(of=rows)).scalars()
            see_anew(connection, rows, list(found), when, wait)

    def due(self, campaign: Campaign, when: Instant, wait: timedelta) -> list[Doubt]:
        """The rows of a campaign whose time to look has come, longest in doubt first."""
        with reading(self._engine) as connection:
            found = connection.execute(
                _in_doubt(campaign, rows, files.c.campaign)
                .where(is_look_due(rows, when.boot_time, wait))
                .order_by(rows.c.next_look_clock)
                .limit(AT_ONCE),
            ).all()
            return [_doubt(connection, row, when) for row in found]

    def looked_into(
        self,
        campaigns: Sequence[Campaign],
        when: Instant,
        within: timedelta | None = timedelta(),
    ) -> set[str]:
        """Those of these campaigns, unless paused, with rows in doubt that are looked into within
        so long, or at all: what may be settled by then without a person.
        """
        with reading(self._engine) as connection:
            asked = _looked_into(pairs_of(campaigns), within)
            values = BoundTime.values(when.boot_time) if within is not None else {}
            return set(connection.execute(asked, values).scalars())

    def held(self, destination: str, phones: Iterable[str]) -> set[str]:
        """The calls to these numbers that belong to a row already, by their ids."""
        with reading(self._engine) as connection:
            return held_ids(connection, destination, list(phones))

    def known_calls(
        self, campaign: Campaign, doubts: Sequence[Doubt], earlier: timedelta
    ) -> dict[int, KnownCalls]:
        """The calls of ours that the vendor's list must show if these rows' absence is to count,
        by the rows' ids. Their windows open so much earlier than they were asked for.
        """
        with reading(self._engine) as connection:
            return known_calls(connection, campaign, doubts, earlier)

    def ids_agree(self, destination: str) -> bool:
        """Whether an id that an answer gave us was ever seen in the vendor's list."""
        with reading(self._engine) as connection:
            return do_ids_agree(connection, destination)

    def learn_ids(self, destination: str, listed: Iterable[str]) -> None:
        """See whether any of the listed ids is one that an answer gave us."""
        with reading(self._engine) as connection:
            if do_ids_agree(connection, destination):
                return
            if not is_any_ours(connection, destination, list(listed)):
                return
        agreed = update(destinations).where(destinations.c.identity == destination)
        with writing(self._engine) as connection:
            connection.execute(agreed.values(ids_agree=True))

    def found(
        self, lease: Lease, doubt: Doubt, call: tuple[str, str], source: str, when: Instant
    ) -> bool:
        """The row was called: this (id, status) is its call. False where somebody was faster."""
        call_id, status = call
        values = NO_LOOK | {
            "state": RowState.ACCEPTED,
            "call_id": call_id,
            "call_status": status or None,
            "id_source": source,
            "queued_at": doubt.since,
            "reason": None,
        }
        try:
            with writing(self._engine) as connection:
                lease.guard(connection)
                said = f"found its call {call_id} {status}"
                is_found = _apply(connection, doubt, values, when.at, said)
                if is_found:
                    look_at_others(connection, doubt.row_id, when)
                return is_found
        except IntegrityError:
            return False

    def look_again(
        self, lease: Lease, doubt: Doubt, after: timedelta | None, when: Instant, why: str
    ) -> bool:
        """Nothing is proven yet: look again so much later, or leave it to a person."""
        values = next_look(when, after) | {"looks": doubt.looks + 1, "reason": why}
        with writing(self._engine) as connection:
            lease.guard(connection)
            return _apply(connection, doubt, values, when.at, why)

    def claim(self, lease: Lease, campaign: Campaign, doubt: Doubt, when: Moment) -> Claim | None:
        """Claim a row in doubt, to ask again; None where somebody was faster, where a person has
        paused the campaign, where its number is not to be called any more, and where it is too late
        to call: the vendor has no call for it.
        """
        with self._noting(when.now) as note_claim, self._numbers.claiming(lease) as claiming:
            connection = claiming.connection
            here = _guard(doubt) & (rows.c.destination_id == place_of(campaign))
            row = connection.execute(select(rows).where(here).with_for_update()).one_or_none()
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
                    claimed_boot=when.boot_time.boot,
                    claimed_clock=when.boot_time.seconds,
                    claimant=claimant(lease),
                    doubt_since=doubt.since,
                    # Both by the wall clock as it is now.
                    given_up_at=given_up_by_now(row, when.instant),
                    looks=doubt.looks + 1,
                ),
            )
            number = claiming.count(rows.c.id == row.id, when.now)
            again = claim_of(row, when.instant, when.day)
            claim = replace(again, doubt_since=doubt.since, looks=doubt.looks + 1, number=number)
            note_claim(claim)
            return claim


def _apply(
    connection: Connection, doubt: Doubt, values: Mapping[str, object], now: datetime, said: str
) -> bool:
    applied = connection.execute(update(rows).where(_guard(doubt)).values(**values))
    if applied.rowcount == 0:
        return False
    note(connection, doubt.row_id, doubt.attempt, now, said)
    advance(connection, doubt.file_id)
    return True


def _guard(doubt: Doubt) -> ColumnElement[bool]:
    ours = (rows.c.id == doubt.row_id) & (rows.c.attempt == doubt.attempt)
    return ours & (rows.c.state == RowState.UNCERTAIN)


def _in_doubt(campaign: Campaign, *what: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 - SQLAlchemy's own
    return (
        select(*what)
        .join(files, files.c.id == rows.c.file_id)
        .join(destinations, destinations.c.id == rows.c.destination_id)
        .where(
            destinations.c.identity == campaign.destination,
            files.c.campaign == campaign.name,
            rows.c.state == RowState.UNCERTAIN,
        )
    )


def _doubt(connection: Connection, row: AnyRow, when: Instant) -> Doubt:
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
        since=doubt_since(row, when),
        unanswered=timedelta(seconds=when.boot_time.seconds - row.given_up_clock),
        looks=row.looks,
        called_elsewhere=connection.execute(select(called)).scalar_one(),
    )

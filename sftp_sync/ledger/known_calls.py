"""Calls of ours that the vendor's list must show: those next to a row in doubt, in time.

Of one kind with it: a vendor that leaves test calls out shows the others all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    func,
    select,
    true,
    type_coerce,
    update,
)

from sftp_sync.ledger.conditions import is_accepted, is_in_doubt
from sftp_sync.ledger.given_up import next_look
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import rows
from sftp_sync.model import Campaign, Doubt, Instant, KnownCall, KnownCalls, RowState

# Not a person's word: it says nothing of what the vendor has. A call that a look has recognised, or
# a conflict has named, is one that the vendor has shown.
SEEN_AT_THE_VENDOR = ("answer", "list", "conflict")
AT_ONCE = 500
ERASED = ""


def known_calls(
    connection: Connection, campaign: Campaign, doubts: Sequence[Doubt], earlier: timedelta
) -> dict[int, KnownCalls]:
    """Of each row in doubt, by its id. The window opens so much earlier than it was asked for."""
    asked = _neighbours(campaign, earlier // timedelta(microseconds=1))
    known: dict[int, KnownCalls] = {}
    for start in range(0, len(doubts), AT_ONCE):
        part = {doubt.row_id: doubt for doubt in doubts[start : start + AT_ONCE]}
        found = connection.execute(asked.where(rows.c.id.in_(part))).all()
        calls = _calls(connection, {id_ for row in found for id_ in row[2:] if id_ is not None})
        for row in found:
            # By the wall clock as it is now, as the doubt is.
            step = part[row.id].since - row.doubt_since
            known[row.id] = _known(row, calls, step)
    return known


def _neighbours(campaign: Campaign, earlier: int) -> Select[*tuple[Any, ...]]:
    # All by the clock of their time: rows that are next to each other were stamped by one.
    since = type_coerce(rows.c.doubt_since, BigInteger)
    opens = since - earlier
    given_up = func.coalesce(type_coerce(rows.c.given_up_at, BigInteger), since)
    other = rows.alias("known")
    at = type_coerce(other.c.queued_at, BigInteger)
    is_of_its_kind = true() if campaign.is_testing else rows.c.is_test
    ours = and_(
        other.c.destination_id == rows.c.destination_id,
        is_accepted(other),
        other.c.is_test == is_of_its_kind,
        other.c.id_source.in_(SEEN_AT_THE_VENDOR),
        other.c.phone != ERASED,
        other.c.id != rows.c.id,
    )

    def nearest(order: ColumnElement[int], *where: ColumnElement[bool]) -> ScalarSelect[int]:
        one = select(other.c.id).where(ours, *where).order_by(order).limit(1)
        return one.correlate(rows).scalar_subquery()

    return select(
        rows.c.id,
        rows.c.doubt_since,
        nearest(at.desc(), at <= opens).label("before"),
        nearest(at.asc(), at > opens, at <= given_up).label("first_beside"),
        nearest(at.desc(), at > opens, at <= given_up).label("last_beside"),
        nearest(at.asc(), at > given_up).label("after"),
    )


def _calls(connection: Connection, ids: set[int]) -> dict[int, KnownCall]:
    calls: dict[int, KnownCall] = {}
    wanted = sorted(ids)
    columns = (rows.c.id, rows.c.call_id, rows.c.phone, rows.c.queued_at, rows.c.id_source)
    for start in range(0, len(wanted), AT_ONCE):
        these = rows.c.id.in_(wanted[start : start + AT_ONCE])
        for row in connection.execute(select(*columns).where(these)):
            calls[row.id] = KnownCall(
                row.call_id, row.phone, row.queued_at, is_told=row.id_source == "answer"
            )
    return calls


def _known(row: AnyRow, calls: Mapping[int, KnownCall], step: timedelta) -> KnownCalls:
    def told(row_id: int | None) -> KnownCall | None:
        if row_id is None or row_id not in calls:
            return None
        call = calls[row_id]
        return replace(call, accepted_at=call.accepted_at + step)

    beside = (told(row_id) for row_id in (row.first_beside, row.last_beside))
    return KnownCalls(told(row.before), tuple(one for one in beside if one), told(row.after))


def look_at_others(connection: Connection, row_id: int, when: Instant) -> None:
    """A row's call was recognised at the vendor: that may vouch for others there which were left to
    a person, and they are looked at once more.
    """
    place = select(rows.c.destination_id).where(rows.c.id == row_id).scalar_subquery()
    left = and_(rows.c.destination_id == place, is_in_doubt(), rows.c.next_look_at.is_(None))
    doubtful = left & (rows.c.state == RowState.UNCERTAIN) & rows.c.launch_id.is_(None)
    connection.execute(update(rows).where(doubtful).values(**next_look(when, timedelta())))

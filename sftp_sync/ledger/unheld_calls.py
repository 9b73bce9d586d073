"""Calls that the vendor lists and no row has, made after our last claim: they were made with a
ledger that we do not have, before a whole machine was put back. Rows with their numbers look before
they are sent, whether they are due now or come in later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, exists, func, select, update
from sqlalchemy.sql.expression import ScalarSelect

from sftp_sync.ledger.conditions import is_called, is_in_doubt
from sftp_sync.ledger.destinations import destination_id
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import destinations, rows, unheld_calls
from sftp_sync.ledger.upserts import insert_if_absent
from sftp_sync.model import Campaign, RowState

AT_ONCE = 500
# The lists of the lost time lie in the inbox still, and are taken in soon. What is older was called
# by somebody else.
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Unheld:
    """A call that may be nobody's, by our own clock. `is_retry`: the vendor may have made it again
    for a row that has called.
    """

    call_id: str
    phone: str
    made_at: datetime
    is_retry: bool = False


class UnheldCalls:
    """The verbs for such calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last_claim(self, campaign: Campaign) -> datetime | None:
        """When a row was last claimed for where the campaign calls; None where none ever was."""
        asked = select(destinations.c.claimed_at).where(
            destinations.c.identity == campaign.destination
        )
        with reading(self._engine) as connection:
            found: datetime | None = connection.execute(asked).scalar_one_or_none()
        return found

    def keep(self, lease: Lease, campaign: Campaign, calls: Sequence[Unheld]) -> int:
        """Keep those of these calls that no row has; how many there are."""
        kept = 0
        with writing(self._engine) as connection:
            lease.guard(connection)
            place = destination_id(connection, campaign.destination)
            for some in _parts(calls):
                held = _held(connection, place, [one.call_id for one in some])
                called = _called(connection, place, [one.phone for one in some if one.is_retry])
                # Their rows look for them anyway.
                doubtful = _in_doubt(connection, place, [one.phone for one in some])
                for one in some:
                    is_again = one.is_retry and one.phone in called
                    if one.call_id in held or one.phone in doubtful or is_again:
                        continue
                    told = {"call_id": one.call_id, "phone": one.phone, "made_at": one.made_at}
                    insert_if_absent(connection, unheld_calls, {"destination_id": place, **told})
                    kept += 1
        return kept

    def open_gap(self, lease: Lease, campaign: Campaign, since: datetime) -> int:
        """What is due may have been called since then, as far as the vendor's list tells: all of it
        looks before it is sent. How many rows.
        """
        with writing(self._engine) as connection:
            lease.guard(connection)
            place = destination_id(connection, campaign.destination)
            due = update(rows).where(
                rows.c.destination_id == place,
                rows.c.state == RowState.PENDING,
                rows.c.doubt_since.is_(None),
            )
            return connection.execute(due.values(doubt_since=since)).rowcount


def made_at(now: datetime) -> ScalarSelect[datetime | None]:
    """Of a row: when somebody has called its number whom no row knows, if at all."""
    first = func.min(unheld_calls.c.made_at, type_=unheld_calls.c.made_at.type)
    here = unheld_calls.c.destination_id == rows.c.destination_id
    here &= (unheld_calls.c.phone == rows.c.phone) & (unheld_calls.c.made_at > now - KEPT_FOR)
    holder = rows.alias("holder")
    held = exists().where(
        holder.c.destination_id == unheld_calls.c.destination_id,
        holder.c.call_id == unheld_calls.c.call_id,
        is_called(holder),
    )
    return select(first).where(here, ~held).scalar_subquery()


def forget(connection: Connection, destination: int, phone: str) -> None:
    """A row of this number looks into it now."""
    here = unheld_calls.c.destination_id == destination
    connection.execute(delete(unheld_calls).where(here, unheld_calls.c.phone == phone))


def _parts(calls: Sequence[Unheld]) -> Iterator[Sequence[Unheld]]:
    return (calls[start : start + AT_ONCE] for start in range(0, len(calls), AT_ONCE))


def _held(connection: Connection, place: int | None, ids: Collection[str]) -> set[str]:
    asked = select(rows.c.call_id).where(
        rows.c.destination_id == place, rows.c.call_id.in_(ids), is_called()
    )
    return set(connection.execute(asked).scalars())


def _called(connection: Connection, place: int | None, phones: Collection[str]) -> set[str]:
    asked = select(rows.c.phone).where(
        rows.c.destination_id == place, rows.c.phone.in_(phones), is_called()
    )
    return set(connection.execute(asked).scalars())


def _in_doubt(connection: Connection, place: int | None, phones: Collection[str]) -> set[str]:
    asked = select(rows.c.phone).where(
        rows.c.destination_id == place, rows.c.phone.in_(phones), is_in_doubt(rows)
    )
    return set(connection.execute(asked).scalars())

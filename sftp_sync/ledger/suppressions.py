"""Numbers that are not to be called: added by hand for every campaign, or by a partner's list for
that partner's. A list replaces the one before it as a whole, at one moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, tuple_, update

from sftp_sync.ledger.claim_numbers import ClaimNumbers
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.forbidding import among, wanting
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import listed_numbers, suppression_lists, suppressions
from sftp_sync.ledger.upserts import insert_if_absent, put
from sftp_sync.model import Campaign, ListSource, SuppressedNumber, SuppressionList

NUMBERS_AT_ONCE = 20_000


class Suppressions:
    """The verbs for numbers that are not to be called."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers) -> None:
        self._engine = engine
        self._numbers = numbers

    def add(self, phone: str, reason: str, at: datetime) -> None:
        """Never call this number; since when stays as it was first said."""
        said = {"phone": phone, "reason": reason, "since": at}
        with self._numbers.deciding() as connection:
            put(connection, suppressions, said, keep=["since"])

    def remove(self, phone: str) -> bool:
        """Call this number again, as far as we are concerned; whether it was on our list."""
        with writing(self._engine) as connection:
            gone = connection.execute(delete(suppressions).where(suppressions.c.phone == phone))
        return gone.rowcount > 0

    def by_hand(self) -> list[SuppressedNumber]:
        """The numbers that we have decided not to call, longest standing first."""
        asked = select(suppressions).order_by(suppressions.c.since, suppressions.c.phone)
        with reading(self._engine) as connection:
            found = connection.execute(asked).all()
        return [SuppressedNumber(row.phone, row.reason, row.since) for row in found]

    def among(self, campaign: str, phones: Sequence[str]) -> dict[str, str]:
        """Those of these numbers that are not to be called in a campaign, each with why."""
        with reading(self._engine) as connection:
            return dict(among(connection, campaign, phones))

    def wanting(self, campaign: Campaign, now: datetime) -> str | None:
        """What is wrong with the partner's list, so that nothing is sent; None where nothing is."""
        with reading(self._engine) as connection:
            return wanting(connection, campaign, now)

    def lists(self) -> list[SuppressionList]:
        """The partners' lists in force, by campaign."""
        asked = select(suppression_lists).order_by(suppression_lists.c.campaign)
        with reading(self._engine) as connection:
            return [_list(row) for row in connection.execute(asked)]

    def current(self, campaign: str) -> SuppressionList:
        """A campaign's list in force, or that there is none."""
        asked = select(suppression_lists).where(suppression_lists.c.campaign == campaign)
        with reading(self._engine) as connection:
            row = connection.execute(asked).one_or_none()
        return SuppressionList(campaign, None) if row is None else _list(row)

    def numbers(self, campaign: str) -> list[str]:
        """Every number that is not to be called in a campaign, by hand or by list."""
        with reading(self._engine) as connection:
            in_force = select(listed_numbers.c.phone).where(
                listed_numbers.c.campaign == campaign,
                listed_numbers.c.generation == _generation(connection, campaign),
            )
            by_hand = select(suppressions.c.phone)
            return sorted(connection.execute(in_force.union(by_hand)).scalars())

    def begin(self, lease: Lease, campaign: str) -> int:
        """A new list is about to be written; what an interrupted run has left of one goes first."""
        with reading(self._engine) as connection:
            in_force = _generation(connection, campaign) or 0
        self._clear(lease, campaign, keep=in_force)
        return in_force + 1

    def write(self, lease: Lease, campaign: str, generation: int, phones: Sequence[str]) -> None:
        """Some of its numbers, which count for nothing yet."""
        if not phones:
            return
        with writing(self._engine) as connection:
            lease.guard(connection)
            values = [
                {"campaign": campaign, "generation": generation, "phone": phone} for phone in phones
            ]
            connection.execute(insert(listed_numbers), values)

    def put_in_force(
        self, lease: Lease, campaign: str, source: ListSource, at: datetime, unreadable: int
    ) -> None:
        """What was written is the list from now on; the one before it goes."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            generation = (_generation(connection, campaign) or 0) + 1
            written = (listed_numbers.c.campaign == campaign) & (
                listed_numbers.c.generation == generation
            )
            counted = select(func.count()).select_from(listed_numbers).where(written)
            numbers = connection.execute(counted).scalar_one()
            said = {"numbers": numbers, "unreadable": unreadable, "taken_at": at}
            values = {"campaign": campaign, "generation": generation, "problem": None}
            put(connection, suppression_lists, values | vars(source) | said)
        self._clear(lease, campaign, keep=generation)

    def met_again(self, lease: Lease, campaign: str, source: ListSource) -> None:
        """The same numbers lie at the partner's under another name or time."""
        here = suppression_lists.c.campaign == campaign
        with writing(self._engine) as connection:
            lease.guard(connection)
            renewed = update(suppression_lists).where(here)
            connection.execute(renewed.values(problem=None, **vars(source)))

    def refuse(self, lease: Lease, campaign: str, problem: str) -> None:
        """The newest list cannot be read: nothing is sent until one can."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            insert_if_absent(connection, suppression_lists, {"campaign": campaign})
            here = suppression_lists.c.campaign == campaign
            connection.execute(update(suppression_lists).where(here).values(problem=problem))

    def _clear(self, lease: Lease, campaign: str, *, keep: int) -> None:
        """Remove the numbers of every other list, a part at a time: nobody waits for a million."""
        key = tuple_(*listed_numbers.primary_key)
        others = (listed_numbers.c.campaign == campaign) & (listed_numbers.c.generation != keep)
        some = select(*listed_numbers.primary_key).where(others).limit(NUMBERS_AT_ONCE)
        removed = NUMBERS_AT_ONCE
        while removed == NUMBERS_AT_ONCE:
            with writing(self._engine) as connection:
                lease.guard(connection)
                removed = connection.execute(delete(listed_numbers).where(key.in_(some))).rowcount


def _generation(connection: Connection, campaign: str) -> int | None:
    asked = select(suppression_lists.c.generation).where(suppression_lists.c.campaign == campaign)
    return connection.execute(asked).scalar_one_or_none()


def _list(row: AnyRow) -> SuppressionList:
    source = None
    if row.generation is not None:
        source = ListSource(row.name, row.sha256, row.size, row.modified_at, row.dated_at)
    return SuppressionList(
        campaign=row.campaign,
        source=source,
        taken_at=row.taken_at,
        numbers=row.numbers or 0,
        unreadable=row.unreadable or 0,
        problem=row.problem,
    )

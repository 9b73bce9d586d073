"""The vendor's campaigns, by identity: what `once` is counted over, and where rows may go.

A row goes only to the destination that it was recorded with: whoever asks for rows to send, to look
into or to follow names the destinations that the configuration has now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    ScalarSelect,
    Select,
    func,
    literal,
    select,
    tuple_,
    union_all,
    update,
)

from sftp_sync.ledger.schema import destinations, files, rows
from sftp_sync.ledger.upserts import insert_if_absent
from sftp_sync.model import Campaign, FileState

# No destination has this number.
NOWHERE = 0
WITH_OPEN_ROWS = (FileState.HELD, FileState.DISPATCHING)


def destination_id(connection: Connection, identity: str) -> int | None:
    """The number of a vendor campaign; None while nothing was ever recorded for it."""
    asked = select(destinations.c.id).where(destinations.c.identity == identity)
    return connection.execute(asked).scalar_one_or_none()


def known_destination(connection: Connection, campaign: Campaign) -> int:
    """The number of a campaign's destination, given now if it has none."""
    asked = select(destinations.c.id, destinations.c.takes_lists).where(
        destinations.c.identity == campaign.destination
    )
    found = connection.execute(asked).one_or_none()
    if found is None:
        told = {"identity": campaign.destination, "takes_lists": campaign.takes_lists}
        insert_if_absent(connection, destinations, told)
        found = connection.execute(asked).one()
    if found.takes_lists != campaign.takes_lists:
        here = update(destinations).where(destinations.c.id == found.id)
        connection.execute(here.values(takes_lists=campaign.takes_lists))
    number: int = found.id
    return number


def place_of(campaign: Campaign) -> ScalarSelect[int]:
    """The same as part of a question: it is true of no row while nothing was recorded for it."""
    asked = select(destinations.c.id).where(destinations.c.identity == campaign.destination)
    return asked.scalar_subquery()


def elsewhere(asked: Select[Any], campaign: Campaign) -> CompoundSelect[Any]:
    """A question about rows, asked of those only that were recorded for another destination than
    their campaign has now. Two ranges of an index: where there are none, none are read.
    """
    place = func.coalesce(place_of(campaign), NOWHERE)
    before, behind = rows.c.destination_id < place, rows.c.destination_id > place
    return union_all(asked.where(before), asked.where(behind))


@dataclass(frozen=True)
class Place:
    """Where a campaign's rows go now, and with it where others of them went before. They may be one
    campaign of the vendor's under another address or id: a number that is in doubt at one of them
    is called at none.
    """

    number: int
    with_former: tuple[int, ...]


def place_now(connection: Connection, campaign: Campaign) -> Place:
    """A campaign's place; it is true of no row while nothing was recorded for it."""
    now = select(destinations.c.id, literal(1)).where(
        destinations.c.identity == campaign.destination
    )
    before = select(files.c.destination_id, literal(0)).where(
        files.c.campaign == campaign.name, files.c.state.in_(WITH_OPEN_ROWS)
    )
    found = connection.execute(now.union(before)).all()
    number = next((one for one, is_now in found if is_now), NOWHERE)
    return Place(number, tuple({number, *(one for one, _ in found)}))


def pairs_of(campaigns: Sequence[Campaign]) -> tuple[tuple[str, str], ...]:
    """These campaigns by their names, and where each of them goes now."""
    return tuple((one.name, one.destination) for one in campaigns)


def is_place_of(pairs: Sequence[tuple[str, str]], name: ColumnElement[str]) -> ColumnElement[bool]:
    """A destination is the one that the campaign of this name, one of these, has now."""
    # By identity first, as the index goes; which of them goes with which name comes after.
    here = destinations.c.identity.in_({identity for _, identity in pairs})
    return here & tuple_(name, destinations.c.identity).in_(pairs)

"""The vendor's campaigns, by identity: what `once` is counted over."""

from __future__ import annotations

from sqlalchemy import Connection, select

from sftp_sync.ledger.schema import destinations
from sftp_sync.ledger.upserts import insert_if_absent


def destination_id(connection: Connection, identity: str) -> int | None:
    """The number of a vendor campaign; None while nothing was ever recorded for it."""
    asked = select(destinations.c.id).where(destinations.c.identity == identity)
    return connection.execute(asked).scalar_one_or_none()


def known_destination(connection: Connection, identity: str) -> int:
    """The number of a vendor campaign, given now if it has none."""
    found = destination_id(connection, identity)
    if found is not None:
        return found
    insert_if_absent(connection, destinations, {"identity": identity})
    asked = select(destinations.c.id).where(destinations.c.identity == identity)
    number: int = connection.execute(asked).scalar_one()
    return number

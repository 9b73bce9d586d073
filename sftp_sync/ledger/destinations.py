"""The vendor's campaigns, by identity: what `once` is counted over."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from sftp_sync.ledger.schema import destinations


def destination_id(connection: Connection, identity: str) -> int | None:
    """The number of a vendor campaign; None while nothing was ever recorded for it."""
    asked = select(destinations.c.id).where(destinations.c.identity == identity)
    return connection.execute(asked).scalar_one_or_none()


def known_destination(connection: Connection, identity: str) -> int:
    """The number of a vendor campaign, given now if it has none."""
    found = destination_id(connection, identity)
    if found is not None:
        return found
    made = insert(destinations).values(identity=identity).returning(destinations.c.id)
    number: int = connection.execute(made).scalar_one()
    return number

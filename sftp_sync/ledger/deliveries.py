"""What goes back to the partner: written down before its first byte leaves, struck off after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from sftp_sync.ledger.engine import database_now, reading, writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import deliveries
from sftp_sync.model import Delivery, NewDelivery

DUE = deliveries.c.delivered_at.is_(None)


def write_down(
    connection: Connection, file_id: int, campaign: str, composed: Sequence[NewDelivery]
) -> list[int]:
    """Record deliveries as part of the transaction that makes them due."""
    made_at = database_now(connection)
    ids = []
    for delivery in composed:
        made = insert(deliveries).values(
            campaign=campaign,
            file_id=file_id,
            kind=delivery.kind,
            folder=delivery.folder,
            name=delivery.name,
            sha256=delivery.sha256,
            size=delivery.size,
            spooled=delivery.spooled,
            may_replace=delivery.may_replace,
            created_at=made_at,
        )
        ids.append(connection.execute(made.returning(deliveries.c.id)).scalar_one())
    return ids


class Deliveries:
    """The verbs for files on their way to the partner."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, campaign: str) -> list[Delivery]:
        """What the partner should have and has not, oldest first."""
        asked = select(deliveries).where(DUE, deliveries.c.campaign == campaign)
        with reading(self._engine) as connection:
            found = connection.execute(asked.order_by(deliveries.c.id)).all()
        return [delivery_of(row) for row in found]

    def of_file(self, file_id: int) -> list[Delivery]:
        """Everything that was or will be delivered about a file."""
        asked = select(deliveries).where(deliveries.c.file_id == file_id)
        with reading(self._engine) as connection:
            found = connection.execute(asked.order_by(deliveries.c.id)).all()
        return [delivery_of(row) for row in found]

    def spooled(self) -> set[str]:
        """The files in the spool that are to be delivered."""
        with reading(self._engine) as connection:
            return set(connection.execute(select(deliveries.c.spooled).where(DUE)).scalars())

    def is_taken(self, campaign: str, folder: str, name: str) -> bool:
        """Whether a delivery already has this name."""
        asked = select(deliveries.c.id).where(
            deliveries.c.campaign == campaign,
            deliveries.c.folder == folder,
            deliveries.c.name == name,
        )
        with reading(self._engine) as connection:
            return connection.execute(asked).first() is not None

    def is_ours(self, sha256: str) -> bool:
        """Whether these bytes are a file that we composed for a partner ourselves."""
        asked = select(deliveries.c.id).where(deliveries.c.sha256 == sha256).limit(1)
        with reading(self._engine) as connection:
            return connection.execute(asked).first() is not None

    def begun(self, lease: Lease, delivery: Delivery) -> None:
        """Its bytes leave now: from here on the partner may have it, whatever becomes of us."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery.id)
                .values(attempts=deliveries.c.attempts + 1),
            )

    def held_back(self, lease: Lease, delivery: Delivery) -> None:
        """Its name was taken: of the attempt that has just begun nothing is there."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery.id)
                .values(attempts=delivery.attempts),
            )

    def struck_off(self, lease: Lease, delivery: Delivery, at: datetime) -> None:
        """It is there."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery.id, DUE)
                .values(delivered_at=at, error=None),
            )
            advance(connection, delivery.file_id)

    def renamed(self, lease: Lease, delivery: Delivery) -> None:
        """Somebody else has the name: it goes under another one, where nothing of it is yet."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery.id, DUE)
                .values(name=delivery.name, attempts=0),
            )

    def failed(self, lease: Lease, delivery: Delivery, error: str) -> None:
        """It is not there, and why; it stays due."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(
                update(deliveries).where(deliveries.c.id == delivery.id).values(error=error),
            )


def delivery_of(row: AnyRow) -> Delivery:
    """A delivery, as a value."""
    return Delivery(
        id=row.id,
        campaign=row.campaign,
        file_id=row.file_id,
        kind=row.kind,
        folder=row.folder,
        name=row.name,
        sha256=row.sha256,
        size=row.size,
        spooled=row.spooled,
        may_replace=row.may_replace,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
        attempts=row.attempts,
    )

"""Who is at work, as somebody beside them can see it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from sftp_sync.ledger.database_mark import mark_of
from sftp_sync.ledger.engine import database_now, reading
from sftp_sync.ledger.holder import is_dead, this_boot
from sftp_sync.ledger.schema import leases
from sftp_sync.model import Holding


class Presence:
    """Looks at leases without wanting any."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mark = mark_of(engine)

    def of(self, lease: str) -> Holding | None:
        """Who holds a lease; None where nobody does."""
        asked = select(leases).where(leases.c.name == lease, leases.c.holder.is_not(None))
        with reading(self._engine) as connection:
            row = connection.execute(asked).one_or_none()
            now = database_now(connection)
        if row is None or (row.mark or self._mark) != self._mark:
            # Nobody, or it came with a copy.
            return None
        is_gone = row.host == this_boot() and is_dead(Path(row.lock))
        return Holding((now - row.renewed_at).total_seconds(), is_dead=is_gone)

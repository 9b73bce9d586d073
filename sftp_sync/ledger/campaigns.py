"""What is remembered of a campaign between runs: tested or not, paused, when to knock again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, exists, select

from sftp_sync.ledger.claim_numbers import DECISIONS, ClaimNumbers
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.schema import campaigns, notices
from sftp_sync.ledger.upserts import put
from sftp_sync.model import CampaignRecord

LEDGER = "ledger"


class Campaigns:
    """The verbs for campaigns."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers) -> None:
        self._engine = engine
        self._numbers = numbers

    def get(self, name: str) -> CampaignRecord:
        """What is remembered; nothing is remembered of a campaign that never ran."""
        asked = select(campaigns).where(campaigns.c.name == name)
        with reading(self._engine) as connection:
            row = connection.execute(asked).one_or_none()
        return CampaignRecord(name) if row is None else CampaignRecord(**row._mapping)  # noqa: SLF001 - the public name of a row's mapping

    def tested(self, name: str, connection: str, at: datetime, *, passed: bool) -> None:
        """The outcome of a connection test, and on which settings it has passed."""
        values: dict[str, Any] = {"tested_at": at, "tested_ok": passed}
        if passed:
            values |= {"connection": connection, "refused_sign_ins": 0, "not_before": None}
        self._remember(name, **values)

    def pause(self, name: str, *, paused: bool) -> None:
        """Stop or go on: what asks for the next row sees this at once."""
        if not paused:
            self._remember(name, paused=False)
            self._note_resumed()
            return
        with self._numbers.deciding() as connection:
            put(connection, campaigns, {"name": name, "paused": True})

    def collected(self, name: str, at: datetime) -> None:
        """The inbox was read to its end."""
        self._remember(name, collected_at=at)

    def refused(self, name: str, refusals: int, not_before: datetime) -> None:
        """The sign-in was refused: not to be tried again before."""
        self._remember(name, refused_sign_ins=refusals, not_before=not_before)

    def welcomed(self, name: str) -> None:
        """The sign-in works."""
        if self.get(name).refused_sign_ins:
            self._remember(name, refused_sign_ins=0, not_before=None)

    def _note_resumed(self) -> None:
        """Once nothing is paused any more, nothing is said of what was decided and lost."""
        here = (notices.c.scope == LEDGER) & (notices.c.cause == DECISIONS)
        none = ~exists().where(campaigns.c.paused)
        with writing(self._engine) as connection:
            connection.execute(delete(notices).where(here, none))

    def _remember(self, name: str, **values: Any) -> None:  # noqa: ANN401 - columns of one table
        with writing(self._engine) as connection:
            put(connection, campaigns, {"name": name, **values})

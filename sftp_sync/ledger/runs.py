"""What the daemon has run of each campaign, so that a restart knows what was missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select, update

from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import runs
from sftp_sync.ledger.upserts import put
from sftp_sync.model import PlannedStep, RunRecord

Key = tuple[str, PlannedStep]


class Runs:
    """The verbs for runs. A daemon that was taken over has nothing to say about them any more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[Key, RunRecord]:
        """The last run of each step of each campaign."""
        with reading(self._engine) as connection:
            found = connection.execute(select(runs)).all()
        records = (RunRecord(**row._mapping) for row in found)  # noqa: SLF001 - the public name of a row's mapping
        return {(one.campaign, one.step): one for one in records}

    def plan(self, lease: Lease, records: list[RunRecord], unplanned: list[Key]) -> None:
        """Write down what is planned, and forget what is planned no more."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            for one in records:
                put(connection, runs, vars(one))
            for campaign, step in unplanned:
                here = (runs.c.campaign == campaign) & (runs.c.step == step)
                connection.execute(delete(runs).where(here))

    def began(self, lease: Lease, key: Key, at: datetime) -> None:
        """A run has begun."""
        self._change(lease, key, {"started_at": at})

    def ended(self, lease: Lease, record: RunRecord) -> None:
        """A run has ended, well or not."""
        self._change(lease, (record.campaign, record.step), vars(record))

    def _change(self, lease: Lease, key: Key, values: dict[str, Any]) -> None:
        here = (runs.c.campaign == key[0]) & (runs.c.step == key[1])
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(update(runs).where(here).values(values))

"""What the daemon has run of each campaign, so that a restart knows what was missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, delete, select, update

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

    def plan(self, lease: Lease, records: Sequence[RunRecord], unplanned: Sequence[Key]) -> None:
        """Write down what is planned, and forget what is planned no more."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            for one in records:
                put(connection, runs, vars(one))
            for campaign, step in unplanned:
                connection.execute(delete(runs).where(_here(campaign, step)))

    def began(self, lease: Lease, key: Key, at: datetime) -> None:
        """A run has begun."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(update(runs).where(_here(*key)).values(started_at=at))

    def ended(self, lease: Lease, records: Sequence[RunRecord]) -> None:
        """A run has ended, well or not, and with it perhaps another."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            for one in records:
                here = _here(one.campaign, one.step)
                connection.execute(update(runs).where(here).values(vars(one)))


def _here(campaign: str, step: PlannedStep) -> ColumnElement[bool]:
    return (runs.c.campaign == campaign) & (runs.c.step == step)

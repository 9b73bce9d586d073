"""What is not done of campaigns that nobody looks after: a configuration does not have them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, select

from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.progress import UNREPORTED
from sftp_sync.ledger.results import CALLED, OVER, WITH_ROWS
from sftp_sync.ledger.schema import deliveries, files, rows
from sftp_sync.model import FileState, RowState

GOES_ON = files.c.state.in_(WITH_ROWS)
DUE = deliveries.c.delivered_at.is_(None)


@dataclass(frozen=True)
class Leftover:
    """So much of a campaign is not done."""

    campaign: str
    held_files: int = 0
    rows_to_send: int = 0
    rows_in_doubt: int = 0
    open_calls: int = 0
    rows_to_report: int = 0
    files_to_deliver: int = 0


class Leftovers:
    """The question of whoever watches. Where every campaign is configured it costs next to nothing:
    rows are gone through only of those that are not.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beside(self, configured: Collection[str]) -> list[Leftover]:
        """Every other campaign that is not done, by name."""
        going_on = select(files.c.campaign).where(GOES_ON)
        undelivered = select(deliveries.c.campaign).where(DUE)
        with reading(self._engine) as connection:
            names = set(connection.execute(going_on.union(undelivered)).scalars())
            return [_leftover(connection, one) for one in sorted(names.difference(configured))]


def _leftover(connection: Connection, campaign: str) -> Leftover:
    asked = (
        select(
            _number(rows.c.state == RowState.PENDING),
            _number(rows.c.state.in_((RowState.SENDING, RowState.UNCERTAIN))),
            _number(and_(rows.c.state.in_(CALLED), rows.c.over_at.is_(None))),
            _number(and_(UNREPORTED, OVER)),
        )
        .join(files, files.c.id == rows.c.file_id)
        .where(files.c.campaign == campaign, GOES_ON)
    )
    to_send, in_doubt, open_calls, to_report = connection.execute(asked).one()
    held = (files.c.campaign == campaign) & (files.c.state == FileState.HELD)
    due = (deliveries.c.campaign == campaign) & DUE
    return Leftover(
        campaign=campaign,
        held_files=_counted(connection, held),
        rows_to_send=to_send,
        rows_in_doubt=in_doubt,
        open_calls=open_calls,
        rows_to_report=to_report,
        files_to_deliver=_counted(connection, due),
    )


def _number(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((which, 1)))


def _counted(connection: Connection, which: ColumnElement[bool]) -> int:
    number: int = connection.execute(select(func.count()).where(which)).scalar_one()
    return number

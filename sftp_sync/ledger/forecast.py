"""What claims go by, to look at: how much may still be sent, and what is due, with nothing claimed
and nothing settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, exists, func, select

from sftp_sync.ledger.claims import Moment, calls_left, is_expired, stops_campaign
from sftp_sync.ledger.conditions import is_in_doubt
from sftp_sync.ledger.destinations import destination_id, place_of
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.forbidding import wanting
from sftp_sync.ledger.schema import campaigns, files, rows
from sftp_sync.model import Campaign, FileState, Idle, RowState

AT_ONCE = 500


@dataclass(frozen=True)
class Prospect:
    """What a campaign may still send now. `wants` is what is wrong with its do-not-call list;
    `in_doubt` are its rows that may have been called.
    """

    stopped: Idle | None
    wants: str | None
    calls_left: int | None
    in_doubt: int


@dataclass(frozen=True)
class DueFile:
    """A file whose rows are due, and how many of them its limit lets through; None: all. A file
    that is not in the ledger yet has no id.
    """

    id: int | None
    name: str
    room: int | None
    is_late: bool = False


class Forecast:
    """The verbs by which a dry run looks ahead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def prospect(self, campaign: Campaign, when: Moment) -> Prospect:
        """What the next claim would go by."""
        doubted = (
            select(func.count())
            .select_from(rows)
            .join(files, files.c.id == rows.c.file_id)
            .where(files.c.campaign == campaign.name, is_in_doubt())
            .where(rows.c.destination_id == place_of(campaign))
        )
        with reading(self._engine) as connection:
            return Prospect(
                stopped=stops_campaign(connection, campaign, when),
                wants=wanting(connection, campaign, when.now),
                calls_left=calls_left(connection, campaign, when.day),
                in_doubt=connection.execute(doubted).scalar_one(),
            )

    def files(self, campaign: Campaign, now: datetime) -> list[DueFile]:
        """The files of a campaign with rows to send, in the order in which they are sent."""
        limit = campaign.limits.calls_per_file
        pending = exists().where(
            rows.c.file_id == files.c.id,
            rows.c.state == RowState.PENDING,
            rows.c.destination_id == place_of(campaign),
        )
        asked = select(files).where(
            files.c.campaign == campaign.name, files.c.state == FileState.DISPATCHING, pending
        )
        with reading(self._engine) as connection:
            found = connection.execute(asked.order_by(files.c.id)).all()
        return [
            DueFile(
                id=file.id,
                name=file.name,
                room=None if limit is None or file.limit_waived else max(0, limit - file.calls),
                is_late=is_expired(campaign, file.received_at, now),
            )
            for file in found
        ]

    def numbers(self, campaign: Campaign, file: DueFile) -> list[str]:
        """The numbers of a file that are due, in the order of the lines."""
        here = (rows.c.file_id == file.id) & (rows.c.state == RowState.PENDING)
        here &= rows.c.destination_id == place_of(campaign)
        with reading(self._engine) as connection:
            asked = select(rows.c.phone).where(here).order_by(rows.c.id)
            return list(connection.execute(asked).scalars())

    def in_doubt(self, campaign: Campaign, phones: Sequence[str]) -> set[str]:
        """Those of these numbers that a row calls at this moment, or may have called."""
        found: set[str] = set()
        with reading(self._engine) as connection:
            place = destination_id(connection, campaign.destination)
            here = (rows.c.destination_id == place) & is_in_doubt()
            for start in range(0, len(phones), AT_ONCE):
                numbers = rows.c.phone.in_(phones[start : start + AT_ONCE])
                asked = select(rows.c.phone).where(here, numbers)
                found.update(connection.execute(asked).scalars())
        return found

    def marked(self, campaign: Campaign) -> set[str]:
        """The numbers that may have been called before the ledger was put back."""
        ours = (files.c.campaign == campaign.name) & (rows.c.destination_id == place_of(campaign))
        asked = _due(rows.c.phone).where(ours, rows.c.doubt_since.is_not(None))
        with reading(self._engine) as connection:
            return set(connection.execute(asked).scalars())

    def due_elsewhere(self, campaign: Campaign) -> dict[str, int]:
        """The numbers that other campaigns of ours are about to call in the same campaign of the
        vendor, each with the first file that it is in.
        """
        paused = select(campaigns.c.name).where(campaigns.c.paused)
        others = (files.c.campaign != campaign.name) & files.c.campaign.not_in(paused)
        asked = _due(rows.c.phone, func.min(files.c.id)).group_by(rows.c.phone)
        with reading(self._engine) as connection:
            place = destination_id(connection, campaign.destination)
            here = rows.c.destination_id == place
            return dict(connection.execute(asked.where(others, here)).all())


def _due(*columns: ColumnElement[Any]) -> Select[Any]:
    """Something of every row that is to be sent."""
    found = select(*columns).join_from(files, rows, rows.c.file_id == files.c.id)
    return found.where(files.c.state == FileState.DISPATCHING, rows.c.state == RowState.PENDING)

"""What is not done and nobody looks after: a configuration does not have its campaign, or has
another destination for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)

from sftp_sync.ledger.conditions import FILE_GOES_ON
from sftp_sync.ledger.destinations import NOWHERE, is_place_of, pairs_of, place_of
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.progress import UNREPORTED
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.results import CALLED, OVER
from sftp_sync.ledger.schema import deliveries, destinations, files, rows
from sftp_sync.model import Campaign, FileState, RowState

DUE = deliveries.c.delivered_at.is_(None)
IN_DOUBT = (RowState.SENDING, RowState.UNCERTAIN)
IS_OPEN = rows.c.state.in_((RowState.PENDING, *IN_DOUBT, *CALLED))


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


@dataclass(frozen=True)
class Elsewhere:
    """So much of a campaign was recorded for another destination than it has now, and is not done:
    rows to be sent and in doubt by file; `not_looked_into` are those in doubt that need no person
    but for that.
    """

    campaign: str
    recorded_for: str
    to_send: Mapping[int, int] = field(default_factory=dict)
    in_doubt: Mapping[int, int] = field(default_factory=dict)
    not_looked_into: Mapping[int, int] = field(default_factory=dict)
    open_calls: int = 0


class Leftovers:
    """The question of whoever watches. Where every campaign is configured as it was it costs next
    to nothing: rows are gone through only of those that are not.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beside(self, configured: Collection[str]) -> list[Leftover]:
        """Every other campaign that is not done, by name."""
        going_on = select(files.c.campaign).where(FILE_GOES_ON)
        undelivered = select(deliveries.c.campaign).where(DUE)
        with reading(self._engine) as connection:
            names = set(connection.execute(going_on.union(undelivered)).scalars())
            return [_leftover(connection, one) for one in sorted(names.difference(configured))]

    def elsewhere(self, campaigns: Sequence[Campaign]) -> dict[str, list[Elsewhere]]:
        """What these campaigns have for destinations that they do not have now, by their names."""
        place = func.coalesce(destinations.c.id, NOWHERE)
        # Two ranges of an index: where there are none, none are read.
        has_some = or_(
            *(
                exists().where(rows.c.file_id == files.c.id, IS_OPEN, there)
                for there in (rows.c.destination_id < place, rows.c.destination_id > place)
            )
        )
        asked = (
            select(files.c.campaign)
            .distinct()
            .outerjoin(destinations, is_place_of(pairs_of(campaigns), files.c.campaign))
            .where(files.c.campaign.in_([one.name for one in campaigns]), FILE_GOES_ON, has_some)
        )
        with reading(self._engine) as connection:
            names = set(connection.execute(asked).scalars())
            return {
                one.name: list(found)
                for one in campaigns
                if one.name in names and (found := _elsewhere(connection, one))
            }


def _leftover(connection: Connection, campaign: str) -> Leftover:
    asked = (
        select(
            _number(rows.c.state == RowState.PENDING),
            _number(rows.c.state.in_(IN_DOUBT)),
            _number(and_(rows.c.state.in_(CALLED), rows.c.over_at.is_(None))),
            _number(and_(UNREPORTED, OVER)),
        )
        .join(files, files.c.id == rows.c.file_id)
        .where(files.c.campaign == campaign, FILE_GOES_ON)
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


def _elsewhere(connection: Connection, campaign: Campaign) -> list[Elsewhere]:
    here = rows.c.destination_id.is_distinct_from(place_of(campaign))
    asked = (
        select(
            destinations.c.identity,
            rows.c.file_id,
            _number(rows.c.state == RowState.PENDING),
            _number(rows.c.state.in_(IN_DOUBT)),
            _number(and_(rows.c.state == RowState.UNCERTAIN, rows.c.next_look_at.is_not(None))),
            _number(and_(rows.c.state.in_(CALLED), rows.c.over_at.is_(None))),
        )
        .join(files, files.c.id == rows.c.file_id)
        .join(destinations, destinations.c.id == rows.c.destination_id)
        .where(files.c.campaign == campaign.name, FILE_GOES_ON, IS_OPEN, here)
        .group_by(destinations.c.identity, rows.c.file_id)
        .order_by(destinations.c.identity, rows.c.file_id)
    )
    told: dict[str, list[AnyRow]] = {}
    for counted in connection.execute(asked).all():
        told.setdefault(counted.identity, []).append(counted)
    return [
        Elsewhere(
            campaign=campaign.name,
            recorded_for=identity,
            to_send={one.file_id: one[2] for one in counted if one[2]},
            in_doubt={one.file_id: one[3] for one in counted if one[3]},
            not_looked_into={one.file_id: one[4] for one in counted if one[4]},
            open_calls=sum(one[5] for one in counted),
        )
        for identity, counted in told.items()
        if any(one[2] or one[3] or one[5] for one in counted)
    ]


def _number(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((which, 1)))


def _counted(connection: Connection, which: ColumnElement[bool]) -> int:
    number: int = connection.execute(select(func.count()).where(which)).scalar_one()
    return number

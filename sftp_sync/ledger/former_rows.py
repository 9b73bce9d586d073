"""Rows of a former destination that a person says is the present one: what of them may be moved.

They are moved a part at a time, under the campaign's lease, in an order that is safe to be broken
off and taken up again: what a number was called for first, what is in doubt next, and what is due
last, so that at no moment a due row is where its number seems never to have been called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    exists,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.conditions import is_accepted, is_called, is_in_doubt
from sftp_sync.ledger.destinations import known_destination
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.launched import shelve
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import destinations, files, launches, rows, unheld_calls
from sftp_sync.model import Campaign, FileState, LaunchState, RowState

AT_ONCE = 5_000
IDS_AT_ONCE = 500
REFUSED_AT_MOST = 20
ADOPTED = "its contacts are called in the campaign's new place"
UNSTARTED = (LaunchState.PLANNED, LaunchState.DRAFTED)
ENTERED = files.c.state != FileState.ENTERING


@dataclass(frozen=True)
class Former:
    """A destination that rows of a campaign were recorded for, and that it does not have now."""

    number: int
    identity: str


class FormerRows:
    """The verbs by which rows are moved to the destination that their campaign has now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def places(self, campaign: Campaign) -> list[Former]:
        """The former destinations of a campaign, those of files that are over among them: their
        calls are what tells a repeat.
        """
        ours = and_(files.c.campaign == campaign.name, ENTERED)
        asked = select(destinations.c.id, destinations.c.identity).where(
            destinations.c.identity != campaign.destination,
            or_(
                exists().where(ours, files.c.destination_id == destinations.c.id),
                exists().where(
                    ours,
                    rows.c.file_id == files.c.id,
                    rows.c.destination_id == destinations.c.id,
                ),
            ),
        )
        with reading(self._engine) as connection:
            found = connection.execute(asked.order_by(destinations.c.id)).all()
        return [Former(*one) for one in found]

    def knows_any(self, former: Former, listed: Mapping[str, str]) -> bool:
        """Whether any of these calls, numbers by id, is one that was accepted there."""
        ids = list(listed)
        with reading(self._engine) as connection:
            for start in range(0, len(ids), IDS_AT_ONCE):
                asked = select(rows.c.call_id, rows.c.phone).where(
                    rows.c.destination_id == former.number,
                    rows.c.call_id.in_(ids[start : start + IDS_AT_ONCE]),
                    is_accepted(),
                )
                if any(listed[one] == phone for one, phone in connection.execute(asked)):
                    return True
        return False

    def move(
        self, lease: Lease, campaign: Campaign, former: Former, now: datetime, *, is_same: bool
    ) -> int:
        """Move what may be moved: all but what would be there twice where the two are known to be
        the `same`; else only what was never claimed, of numbers that never were. How many rows.
        """
        with writing(self._engine) as connection:
            lease.guard(connection)
            place = known_destination(connection, campaign)
            if not is_same:
                _shelve_drafts(connection, campaign, former, now)
        ours = _is_of(campaign, former.number)
        is_due = rows.c.state == RowState.PENDING
        ours &= ~and_(is_due, _was_imported_there(place))
        steps = _in_order(former.number, place) if is_same else [_never_claimed(former.number)]
        moved = sum(self._move_all(lease, and_(ours, step), place) for step in steps)
        with writing(self._engine) as connection:
            lease.guard(connection)
            # One after the other with whoever records the same bytes there at this moment.
            both = select(destinations.c.id).where(destinations.c.id.in_((former.number, place)))
            connection.execute(both.order_by(destinations.c.id).with_for_update())
            if is_same:
                _move_launches(connection, campaign, former.number, place)
                _carry_over(connection, former.number, place)
            _move_files(connection, campaign, former.number, place)
        return moved

    def _move_all(self, lease: Lease, which: ColumnElement[bool], place: int) -> int:
        some = select(rows.c.id).where(which).order_by(rows.c.id).limit(AT_ONCE)
        # Judged once more as it is changed: it may have been claimed meanwhile.
        here = update(rows).where(rows.c.id.in_(some), which).values(destination_id=place)
        moved, last, refused = 0, AT_ONCE, 0
        while last:
            try:
                with writing(self._engine) as connection:
                    lease.guard(connection)
                    last = connection.execute(here).rowcount
            except IntegrityError:
                # A number has been claimed there at this moment: the next look leaves it here.
                refused += 1
                if refused > REFUSED_AT_MOST:
                    raise
                continue
            moved += last
        return moved


def _is_of(campaign: Campaign, number: int) -> ColumnElement[bool]:
    ours = exists().where(files.c.id == rows.c.file_id, files.c.campaign == campaign.name, ENTERED)
    return and_(rows.c.destination_id == number, ours)


def _was_imported_there(place: int) -> ColumnElement[bool]:
    """The same bytes are a first import there too: their rows are called by that."""
    ours, twin = files.alias("ours"), files.alias("twin")
    return exists().where(
        ours.c.id == rows.c.file_id,
        ours.c.original,
        twin.c.destination_id == place,
        twin.c.sha256 == ours.c.sha256,
        twin.c.original,
    )


def _never_claimed(former: int) -> ColumnElement[bool]:
    """Nobody was called for it, nor for another row of its number, as far as anybody knows."""
    other = rows.alias("other")
    alike = and_(other.c.destination_id == former, other.c.phone == rows.c.phone)
    unheld = exists().where(
        unheld_calls.c.destination_id == former, unheld_calls.c.phone == rows.c.phone
    )
    return and_(
        rows.c.state == RowState.PENDING,
        rows.c.attempt == 0,
        rows.c.doubt_since.is_(None),
        rows.c.launch_id.is_(None),
        ~exists().where(alike, is_called(other)),
        ~exists().where(alike, is_in_doubt(other)),
        ~unheld,
    )


def _in_order(former: int, place: int) -> list[ColumnElement[bool]]:
    """Calls, then doubts, then the rest. What is being sent at this moment stays until it is not;
    a number that is in doubt here and there stays where it is, and a call that both have.
    """
    twin = rows.alias("twin")
    same_call = exists().where(
        twin.c.destination_id == place, twin.c.call_id == rows.c.call_id, is_accepted(twin)
    )
    same_doubt = exists().where(
        twin.c.destination_id == place, twin.c.phone == rows.c.phone, is_in_doubt(twin)
    )
    open_launch = exists().where(
        launches.c.id == rows.c.launch_id,
        launches.c.state.in_((LaunchState.STARTING, LaunchState.UNCERTAIN)),
        _is_stuck(former, place),
    )
    is_open = rows.c.state.in_((RowState.SENDING, RowState.UNCERTAIN))
    return [
        and_(is_called(), ~same_call),
        and_(is_in_doubt(), rows.c.state == RowState.UNCERTAIN, ~same_doubt, ~open_launch),
        and_(~is_open, ~is_called()),
    ]


def _is_stuck(former: int, place: int) -> ColumnElement[bool]:
    """A file's campaign that is being started, or of which a number is in doubt in both places: its
    rows move together or not at all.
    """
    one, twin = rows.alias("one"), rows.alias("other_twin")
    doubt = exists().where(
        one.c.launch_id == launches.c.id,
        one.c.destination_id == former,
        twin.c.destination_id == place,
        twin.c.phone == one.c.phone,
        is_in_doubt(twin),
    )
    return or_(launches.c.state == LaunchState.STARTING, doubt)


def _shelve_drafts(
    connection: Connection, campaign: Campaign, former: Former, now: datetime
) -> None:
    """Nobody starts them there, and their contacts are free for a campaign in the new place."""
    asked = select(launches.c.id).where(
        launches.c.campaign == campaign.name,
        launches.c.destination_id == former.number,
        launches.c.state.in_(UNSTARTED),
    )
    for launch_id in connection.execute(asked).scalars().all():
        shelve(connection, launch_id, ADOPTED, now)


def _move_launches(connection: Connection, campaign: Campaign, former: int, place: int) -> None:
    """Those of which no row stays behind; where a call is held by both, its row alone does."""
    behind = exists().where(
        rows.c.launch_id == launches.c.id,
        rows.c.destination_id == former,
        or_(is_in_doubt(), rows.c.state == RowState.PENDING),
    )
    here = and_(launches.c.campaign == campaign.name, launches.c.destination_id == former)
    moved = update(launches).where(here, launches.c.state != LaunchState.STARTING, ~behind)
    connection.execute(moved.values(destination_id=place))


def _move_files(connection: Connection, campaign: Campaign, former: int, place: int) -> None:
    """Those of which no row stays behind. Bytes that were imported there too are no first import
    of it a second time.
    """
    twin = files.alias("twin")
    behind = exists().where(rows.c.file_id == files.c.id, rows.c.destination_id == former)
    is_known = exists().where(
        twin.c.destination_id == place, twin.c.sha256 == files.c.sha256, twin.c.original
    )
    here = and_(
        files.c.campaign == campaign.name, files.c.destination_id == former, ENTERED, ~behind
    )
    moved = update(files).where(here, ~and_(files.c.original, is_known))
    connection.execute(moved.values(destination_id=place))


def _carry_over(connection: Connection, former: int, place: int) -> None:
    """What is known of the vendor's list, and of calls that no row has."""
    before = destinations.alias("before")
    is_true = exists().where(before.c.id == former, before.c.ids_agree)
    here = update(destinations).where(destinations.c.id == place, is_true)
    connection.execute(here.values(ids_agree=True))
    claimed = select(destinations.c.claimed_at).where(destinations.c.id == former).scalar_subquery()
    here = update(destinations).where(destinations.c.id == place)
    later = here.where(
        or_(destinations.c.claimed_at.is_(None), destinations.c.claimed_at < claimed)
    )
    connection.execute(later.values(claimed_at=claimed))
    known = unheld_calls.alias("known")
    is_known = exists().where(
        known.c.destination_id == place, known.c.call_id == unheld_calls.c.call_id
    )
    told = select(
        literal(place), unheld_calls.c.call_id, unheld_calls.c.phone, unheld_calls.c.made_at
    ).where(unheld_calls.c.destination_id == former, ~is_known)
    names = ["destination_id", "call_id", "phone", "made_at"]
    connection.execute(unheld_calls.insert().from_select(names, told))

"""Requests that were given up: when, by a clock that nobody can set, and from when on somebody may
look, ask again or send again. The same of rows and of files' campaigns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    String,
    Table,
    and_,
    bindparam,
    case,
    exists,
    literal,
    or_,
    select,
    update,
)

from sftp_sync.ledger.conditions import is_decided_early
from sftp_sync.ledger.gap import put_row_in_doubt
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import launches, rows
from sftp_sync.ledger.unheld_calls import forget
from sftp_sync.model import BootTime, Instant, RowState, wait_left

COLUMNS = ("given_up_at", "given_up_boot", "given_up_clock", "next_look_at", "next_look_clock")
NOT_GIVEN_UP = dict.fromkeys(("doubt_since", *COLUMNS))
NO_LOOK: dict[str, object] = {"next_look_at": None, "next_look_clock": None}
LONG_OVER = timedelta(days=1)
MAY_BE_HANDLED = "a request for this number was given up a short time ago, and may yet be handled"


def given_up(when: Instant, look_after: timedelta) -> dict[str, object]:
    """Nobody waits for the answer any more. The next look is so much later."""
    stamp = {
        "given_up_at": when.at,
        "given_up_boot": when.boot_time.boot,
        "given_up_clock": when.boot_time.seconds,
    }
    return stamp | next_look(when, look_after)


def next_look(when: Instant, after: timedelta | None) -> dict[str, object]:
    """When to look again; without a time it is left to a person. The wall's time is for people: the
    boot's clock decides.
    """
    if after is None:
        return NO_LOOK
    clock = when.boot_time.seconds + after.total_seconds()
    return {"next_look_at": when.at + after, "next_look_clock": clock}


def told_at(row: AnyRow) -> Instant | None:
    """When it was given up, by both clocks."""
    if row.given_up_boot is None or row.given_up_clock is None:
        return None
    return Instant(row.given_up_at, BootTime(row.given_up_boot, row.given_up_clock))


def waits_for(row: AnyRow, now: BootTime, wait: timedelta) -> timedelta:
    """For how long nothing may be done about it yet."""
    known = told_at(row)
    return wait_left(None if known is None else known.boot_time, now, wait)


def doubt_since(row: AnyRow, when: Instant) -> datetime:
    """When it was asked for first, by the wall clock as it is now."""
    known = told_at(row)
    since: datetime = row.doubt_since
    return since if known is None else when.translated(since, known)


def given_up_by_now(row: AnyRow, when: Instant) -> datetime:
    """When it was given up, by the wall clock as it is now."""
    known = told_at(row)
    at: datetime = row.given_up_at
    return at if known is None else when.translated(at, known)


def first_asked(row: AnyRow, when: Instant) -> datetime:
    """When a row that is being sent was asked for first, by the wall clock as it is now."""
    since: datetime = row.doubt_since or row.claimed_at
    if row.claimed_boot is None or row.claimed_clock is None:
        return since
    claimed_at = Instant(row.claimed_at, BootTime(row.claimed_boot, row.claimed_clock))
    return when.translated(since, claimed_at)


@dataclass(frozen=True)
class BoundTime:
    """A moment by the boot's clock that a statement gets each time it runs: building a statement
    costs more than running it, and a waiting daemon asks the same at every tick.
    """

    boot: BindParameter[str] = field(default_factory=lambda: bindparam("boot", type_=String()))
    seconds: BindParameter[float] = field(
        default_factory=lambda: bindparam("seconds", type_=Float())
    )

    @staticmethod
    def values(now: BootTime) -> dict[str, object]:
        """What to run the statement with."""
        return {"boot": now.boot, "seconds": now.seconds}


def is_unseen(table: FromClause, now: BootTime | BoundTime) -> ColumnElement[bool]:
    """It was given up before another boot, or on another machine: nobody knows how long ago."""
    elsewhere = table.c.given_up_boot.is_distinct_from(now.boot)
    return or_(elsewhere, table.c.given_up_clock > now.seconds)


def is_look_due(table: FromClause, now: BootTime, wait: timedelta) -> ColumnElement[bool]:
    """Its wait is over, and the time of its next look has come."""
    return and_(
        table.c.next_look_at.is_not(None),
        table.c.given_up_boot == now.boot,
        table.c.given_up_clock <= now.seconds - wait.total_seconds(),
        or_(table.c.next_look_clock.is_(None), table.c.next_look_clock <= now.seconds),
    )


def is_look_near(
    table: FromClause, now: BootTime | BoundTime, within: timedelta | None
) -> ColumnElement[bool]:
    """It is looked into within so long, or at some time, without a person. What is unseen must be
    seen soon.
    """
    if within is None:
        return table.c.next_look_at.is_not(None)
    near = or_(
        is_unseen(table, now),
        table.c.next_look_clock.is_(None),
        table.c.next_look_clock <= now.seconds + within.total_seconds(),
    )
    return and_(table.c.next_look_at.is_not(None), near)


def see_anew(
    connection: Connection, table: Table, ids: Sequence[int], when: Instant, wait: timedelta
) -> None:
    """These are seen first on this boot of this machine: their wait begins anew."""
    anew = given_up(when, wait)
    # What waits for a person goes on waiting for one.
    is_looked_into = table.c.next_look_at.is_not(None)
    is_waited_for = or_(is_looked_into, table.c.next_look_clock.is_not(None))
    for name, which in (("next_look_at", is_looked_into), ("next_look_clock", is_waited_for)):
        anew[name] = case((which, literal(anew[name], table.c[name].type)))
    for start in range(0, len(ids), 500):
        these = update(table).where(table.c.id.in_(ids[start : start + 500]))
        connection.execute(these.values(**anew))


def forget_waits(connection: Connection) -> None:
    """Of a ledger that was put back: what it says of times may have come after others that it does
    not know. Every wait begins anew.
    """
    for table in (rows, launches):
        known = table.c.given_up_boot.is_not(None)
        connection.execute(
            update(table).where(known).values(given_up_boot=None, given_up_clock=None)
        )


def is_number_given_up(when: Instant) -> ColumnElement[bool]:
    """A request for the same number, on whose row a person has decided, may yet be handled."""
    other = rows.alias("given_up")
    here = and_(other.c.destination_id == rows.c.destination_id, other.c.phone == rows.c.phone)
    return exists().where(here, _may_be_handled(other, when))


def is_doubted(connection: Connection, row: AnyRow, when: Instant) -> bool:
    """Whether a row whose turn it is, or its number, may have been called before: it is looked into
    from now on.
    """
    if row.is_given_up:
        _doubt_with_its_number(connection, row, when)
    elif row.doubt_since is not None:
        put_row_in_doubt(connection, row)
    elif row.unheld_at is not None:
        ours = update(rows).where(rows.c.id == row.id)
        connection.execute(ours.values(doubt_since=row.unheld_at))
        put_row_in_doubt(connection, row)
        forget(connection, row.destination_id, row.phone)
    else:
        return False
    return True


def _doubt_with_its_number(connection: Connection, row: AnyRow, when: Instant) -> None:
    """A row whose number another row's request may yet call: it looks first, when that one's time
    is over. From then on it is the one that waits.
    """
    here = and_(rows.c.destination_id == row.destination_id, rows.c.phone == row.phone)
    given = here & _may_be_handled(rows, when)
    asked = select(rows).where(given).order_by(rows.c.given_up_at.desc()).limit(1)
    latest = connection.execute(asked).one()
    doubt = {name: getattr(latest, name) for name in NOT_GIVEN_UP}
    doubt["next_look_at"] = latest.given_up_at
    ours = update(rows).where(rows.c.id == row.id)
    connection.execute(ours.values(state=RowState.SENDING))
    connection.execute(
        ours.values(state=RowState.UNCERTAIN, looks=0, reason=MAY_BE_HANDLED, **doubt)
    )
    connection.execute(update(rows).where(given).values(next_look_clock=None))


def _may_be_handled(table: FromClause, when: Instant) -> ColumnElement[bool]:
    now = when.boot_time
    here = and_(table.c.given_up_boot == now.boot, table.c.next_look_clock > now.seconds)
    # Nobody sees these anew: that a day is enough may be told by any clock.
    elsewhere = and_(
        table.c.given_up_boot.is_distinct_from(now.boot),
        table.c.given_up_at > when.at - LONG_OVER,
    )
    return and_(is_decided_early(table), or_(here, elsewhere))

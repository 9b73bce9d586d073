"""What all verbs for files' campaigns share: their records, and how their rows move together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from sftp_sync.ledger.claims import spend
from sftp_sync.ledger.given_up import NO_LOOK, NOT_GIVEN_UP, see_anew
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import launches, rows
from sftp_sync.model import Instant, Launch, LaunchState, RowState

FEW_LOOKS, MANY_LOOKS = 2, 20
LONGEST_PAUSE = timedelta(hours=1)
UNDECIDED = (LaunchState.STARTING, LaunchState.UNCERTAIN)


def launch_of(row: AnyRow) -> Launch:
    """A file's campaign, as a value."""
    return Launch(
        id=row.id,
        file_id=row.file_id,
        campaign=row.campaign,
        state=LaunchState(row.state),
        name=row.name,
        recipients=row.recipients,
        vendor_id=row.vendor_id or "",
        attempt=row.attempt,
        made_at=row.made_at,
        looks=row.looks,
        started_at=row.started_at,
        status=row.status,
        counts=json.loads(row.counts) if row.counts else {},
        assistant_id=row.assistant_id,
        phone_number_id=row.phone_number_id,
        ended_at=row.ended_at,
        reason=row.reason,
    )


def move_rows(
    connection: Connection, launch_id: int, before: RowState, values: Mapping[str, object]
) -> int:
    """Change the rows of a campaign that are in one state, all at once; how many they are."""
    ours = (rows.c.launch_id == launch_id) & (rows.c.state == before)
    return connection.execute(update(rows).where(ours).values(**values)).rowcount


def begin(
    connection: Connection, launch: AnyRow, claimed: tuple[datetime, str, str], before: RowState
) -> int:
    """Its rows are being sent from now on, by this claimant, on this day; how many they are."""
    now, claimed_by, day = claimed
    connection.execute(
        update(launches)
        .where(launches.c.id == launch.id)
        .values(
            state=LaunchState.STARTING,
            attempt=launch.attempt + 1,
            claimed_at=now,
            claimant=claimed_by,
            day=day,
            **NO_LOOK,
        ),
    )
    if before == RowState.PENDING:
        spend(connection, launch.file_id, day, launch.recipients)
    return move_rows(
        connection,
        launch.id,
        before,
        {
            "state": RowState.SENDING,
            "attempt": rows.c.attempt + 1,
            "claimed_at": now,
            "claimant": claimed_by,
            "reason": None,
            **NO_LOOK,
        },
    )


def started(connection: Connection, launch: AnyRow, at: datetime, status: str) -> None:
    """It was started: its rows are called."""
    connection.execute(
        update(launches)
        .where(launches.c.id == launch.id)
        .values(
            state=LaunchState.STARTED,
            started_at=at,
            status=status or None,
            reason=None,
            **NO_LOOK,
        ),
    )
    called = {"state": RowState.ACCEPTED, "queued_at": at, "reason": None, **NO_LOOK}
    for before in (RowState.SENDING, RowState.UNCERTAIN):
        move_rows(connection, launch.id, before, called)
    advance(connection, launch.file_id)


def doubted(
    connection: Connection, launch: AnyRow, given_up: Mapping[str, object], why: str
) -> None:
    """It may have been started. Its rows are looked into with it, never one by one."""
    since = launch.doubt_since or launch.claimed_at
    doubt = {"doubt_since": since, "reason": why, **given_up}
    ours = update(launches).where(launches.c.id == launch.id)
    connection.execute(ours.values(state=LaunchState.UNCERTAIN, **doubt))
    move_rows(connection, launch.id, RowState.SENDING, {"state": RowState.UNCERTAIN, **doubt})
    advance(connection, launch.file_id)


def seen_anew(connection: Connection, launch_id: int, when: Instant, wait: timedelta) -> None:
    """A start in doubt and its rows wait anew from now on."""
    see_anew(connection, launches, [launch_id], when, wait)
    ours = (rows.c.launch_id == launch_id) & (rows.c.state == RowState.UNCERTAIN)
    found = connection.execute(select(rows.c.id).where(ours)).scalars()
    see_anew(connection, rows, list(found), when, wait)


def pause_after(looks: int, look_after: timedelta) -> timedelta:
    """What was asked again and again, and is no clearer, is asked more rarely."""
    doublings = max(0, min(looks, MANY_LOOKS) - FEW_LOOKS)
    return max(look_after, min(look_after * (1 << doublings), LONGEST_PAUSE))


def taken_back(connection: Connection, launch: AnyRow, why: str) -> None:
    """It was certainly not started: all is as before the claim."""
    connection.execute(
        update(launches)
        .where(launches.c.id == launch.id)
        .values(state=LaunchState.DRAFTED, reason=why),
    )
    waiting = {"state": RowState.PENDING, "reason": why}
    moved = move_rows(connection, launch.id, RowState.SENDING, waiting)
    spend(connection, launch.file_id, launch.day, -moved)
    advance(connection, launch.file_id)


def lapse(connection: Connection, launch: AnyRow, why: str, now: datetime) -> None:
    """It was not started, and is not to be any more: its rows are judged anew."""
    cleared = NOT_GIVEN_UP | {"reason": None}
    moved = move_rows(
        connection, launch.id, RowState.UNCERTAIN, {"state": RowState.PENDING, **cleared}
    )
    spend(connection, launch.file_id, launch.day, -moved)
    shelve(connection, launch.id, why, now)
    advance(connection, launch.file_id)


def shelve(connection: Connection, launch_id: int, why: str, at: datetime | None) -> None:
    """It will not be started any more. `at`: since when a draft of it is left at the vendor, as
    far as anybody knows.
    """
    connection.execute(
        update(launches)
        .where(launches.c.id == launch_id)
        .values(
            state=LaunchState.STALE,
            reason=why,
            is_orphan=at is not None,
            ended_at=at,
            **NO_LOOK,
        ),
    )
    unpin(connection, launch_id)


def unpin(connection: Connection, launch_id: int) -> None:
    """Its rows are free for another campaign."""
    connection.execute(update(rows).where(rows.c.launch_id == launch_id).values(launch_id=None))


def conclude(connection: Connection, launch: AnyRow, verdict: str, now: datetime) -> None:
    """A person has settled the rows of a doubtful start: so is the campaign."""
    match verdict:
        case "accepted":
            started(connection, launch, launch.doubt_since, "")
        case "refused":
            ours = update(launches).where(launches.c.id == launch.id)
            state = NO_LOOK | {"state": LaunchState.REFUSED, "ended_at": now}
            connection.execute(ours.values(**state))
            # Sent again, they are as if never sent, but for when their request was given up.
            move_rows(connection, launch.id, RowState.REFUSED, {"doubt_since": None})
            unpin(connection, launch.id)
        case _:
            # Another campaign is made: what this one's start may still do is not known.
            shelve(connection, launch.id, "the operator decided to send its rows again", now)

"""Which rows of a file become one campaign at the vendor: judged and fixed in one transaction, so
that whoever must not be called is not among its contacts. Judged once more before it starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, insert, select, update

from sftp_sync.ledger.claims import (
    Moment,
    calls_left,
    due_files,
    is_any_due,
    is_expired,
    stops_campaign,
    stops_file,
)
from sftp_sync.ledger.conditions import is_called, is_number_in_doubt
from sftp_sync.ledger.destinations import Place, place_now
from sftp_sync.ledger.forbidding import among, suppress, was_called_recently
from sftp_sync.ledger.gap import put_in_doubt
from sftp_sync.ledger.given_up import is_number_given_up
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import files, launches, rows
from sftp_sync.model import (
    Campaign,
    FileState,
    Idle,
    Instant,
    LaunchState,
    RowState,
    Stale,
    Terms,
)

# They are claimed in one transaction, during which nobody else writes: a longer list becomes
# several campaigns.
MOST_RECIPIENTS = 25_000
AT_ONCE = 500
SHOWN_NAME = 60
OPEN = (
    LaunchState.PLANNED,
    LaunchState.DRAFTED,
    LaunchState.STARTING,
    LaunchState.UNCERTAIN,
)


def plan(connection: Connection, campaign: Campaign, terms: Terms, when: Moment) -> int | Idle:
    """Fix the contacts of the next campaign; the number of its launch, or why there is none."""
    stopped = stops_campaign(connection, campaign, when)
    if stopped is not None:
        return stopped
    left = calls_left(connection, campaign, when.day)
    place = place_now(connection, campaign)
    for file in due_files(connection, campaign, place, when.now):
        if _has_open_launch(connection, file.id):
            continue
        if stops_file(connection, campaign, file, when):
            return Idle.JUDGING
        put_in_doubt(connection, _is_of(place, file.id))
        most = min(MOST_RECIPIENTS if left is None else left, _room(campaign, file))
        found = _candidates(connection, (file.id, place), most, when.instant)
        chosen = _callable(connection, campaign, found, when.now)
        if chosen:
            return _fixed(connection, (file.id, place), chosen, terms, when.now)
        advance(connection, file.id)
        if found:
            return Idle.JUDGING
    return Idle.IN_DOUBT if is_any_due(connection, campaign, place) else Idle.NOTHING


def why_not_now(
    connection: Connection, campaign: Campaign, row: AnyRow, terms: Terms, when: Moment
) -> Stale | Idle | None:
    """Why a draft may not be started at this moment, or not as it is; None where it may."""
    if row.state != LaunchState.DRAFTED or not is_at_its_place(connection, campaign, row):
        return Idle.NOTHING
    if _is_given_up(connection, row):
        return Stale("nobody of it is to be called any more")
    if not _is_dispatching(connection, row.file_id):
        return Idle.NOTHING
    stopped = stops_campaign(connection, campaign, when)
    if stopped is not None:
        return stopped
    left, a_day = calls_left(connection, campaign, when.day), campaign.limits.calls_per_day
    # Asked again and again until tomorrow: before anything that takes a look at every row.
    if left is not None and a_day is not None and left < row.recipients <= a_day:
        return Idle.DAY_LIMIT
    return _why_stale(connection, campaign, row, terms, when)


def _why_stale(
    connection: Connection, campaign: Campaign, launch: AnyRow, terms: Terms, when: Moment
) -> Stale | None:
    """What has changed since the contacts were fixed, so that they must not be called as they
    are.
    """
    if launch.terms != terms.fingerprint:
        return Stale("the campaign's settings have changed since")
    asked = select(files.c.received_at, files.c.calls, files.c.limit_waived)
    file = connection.execute(asked.where(files.c.id == launch.file_id)).one()
    if is_expired(campaign, file.received_at, when.now):
        return Stale("it is too late to call its contacts (expires_after)")
    a_day = campaign.limits.calls_per_day
    if launch.recipients > min(_room(campaign, file), MOST_RECIPIENTS if a_day is None else a_day):
        return Stale("it has more contacts than the limits allow")
    return _why_not_called(connection, campaign, launch, when.now)


def _why_not_called(
    connection: Connection, campaign: Campaign, launch: AnyRow, now: datetime
) -> Stale | None:
    place = place_now(connection, campaign)
    here = (rows.c.launch_id == launch.id) & (rows.c.state == RowState.PENDING)
    phones = list(connection.execute(select(rows.c.phone).where(here)).scalars())
    if len(phones) != launch.recipients:
        return Stale("some of its contacts have been decided on since")
    if next(among(connection, campaign.name, phones), None) is not None:
        return Stale("some of its numbers are not to be called any more")
    if connection.execute(
        select(exists().where(here, _is_called(campaign, place, now)))
    ).scalar_one():
        return Stale("some of its numbers have been called since, or are in doubt")
    return None


def why_unwanted(
    connection: Connection, campaign: Campaign, launch: AnyRow, now: datetime
) -> str | None:
    """Why a start that was none is not to be asked for again, though nothing else has changed."""
    received = select(files.c.received_at).where(files.c.id == launch.file_id)
    if is_expired(campaign, connection.execute(received).scalar_one(), now):
        return "it is too late to call its contacts (expires_after)"
    here = (rows.c.launch_id == launch.id) & (rows.c.state == RowState.UNCERTAIN)
    phones = list(connection.execute(select(rows.c.phone).where(here)).scalars())
    if len(phones) != launch.recipients:
        return "some of its contacts have been decided on since"
    if next(among(connection, campaign.name, phones), None) is not None:
        return "some of its numbers are not to be called any more"
    return None


def is_at_its_place(connection: Connection, campaign: Campaign, launch: AnyRow) -> bool:
    """Whether a file's campaign is where the configuration says: nobody else knows its id."""
    return bool(launch.destination_id == place_now(connection, campaign).number)


def _is_of(place: Place, file_id: int) -> ColumnElement[bool]:
    return (rows.c.file_id == file_id) & (rows.c.destination_id == place.number)


def _is_given_up(connection: Connection, launch: AnyRow) -> bool:
    """Whether nobody of a draft is to be called any more."""
    here = exists().where(rows.c.launch_id == launch.id, rows.c.state == RowState.PENDING)
    return not connection.execute(select(here)).scalar_one()


def _is_dispatching(connection: Connection, file_id: int) -> bool:
    """Whether a file's rows may be sent at all."""
    asked = select(files.c.state).where(files.c.id == file_id)
    return bool(connection.execute(asked).scalar_one() == FileState.DISPATCHING)


def _room(campaign: Campaign, file: AnyRow) -> int:
    limit = campaign.limits.calls_per_file
    if limit is None or file.limit_waived:
        return MOST_RECIPIENTS
    return max(0, limit - int(file.calls))


def _has_open_launch(connection: Connection, file_id: int) -> bool:
    asked = exists().where(launches.c.file_id == file_id, launches.c.state.in_(OPEN))
    return bool(connection.execute(select(asked)).scalar_one())


def _candidates(
    connection: Connection, which: tuple[int, Place], most: int, now: Instant
) -> Sequence[AnyRow]:
    """Pending rows whose numbers are in no doubt, in the order of the lines."""
    file_id, place = which
    asked = select(rows.c.id, rows.c.phone, rows.c.destination_id).where(
        _is_of(place, file_id),
        rows.c.state == RowState.PENDING,
        ~is_number_in_doubt(place),
        ~is_number_given_up(now),
    )
    return connection.execute(asked.order_by(rows.c.id).limit(most)).all()


def _callable(
    connection: Connection, campaign: Campaign, found: Sequence[AnyRow], now: datetime
) -> list[int]:
    """Those that may be called, each number once: the others of a number wait for the next one."""
    chosen: dict[str, int] = {}
    for start in range(0, len(found), AT_ONCE):
        page = found[start : start + AT_ONCE]
        phones = [row.phone for row in page]
        unwanted = {phone for phone, _ in among(connection, campaign.name, phones)}
        called = _called(connection, page)
        for row in page:
            if row.phone in unwanted and suppress(connection, campaign, row):
                continue
            if row.phone in called and was_called_recently(connection, campaign, row, now):
                continue
            chosen.setdefault(row.phone, row.id)
    return list(chosen.values())


def _called(connection: Connection, page: Sequence[AnyRow]) -> set[str]:
    """Those of these rows' numbers that were ever called."""
    asked = select(rows.c.phone).where(
        rows.c.destination_id == page[0].destination_id,
        rows.c.phone.in_([row.phone for row in page]),
        is_called(),
    )
    return set(connection.execute(asked).scalars())


def _fixed(
    connection: Connection,
    where: tuple[int, Place],
    chosen: Sequence[int],
    terms: Terms,
    now: datetime,
) -> int:
    file_id, place = where
    made = insert(launches).values(
        file_id=file_id,
        campaign=select(files.c.campaign).where(files.c.id == file_id).scalar_subquery(),
        destination_id=place.number,
        state=LaunchState.PLANNED,
        name=_name(connection, file_id),
        terms=terms.fingerprint,
        assistant_id=terms.names("assistant_id"),
        phone_number_id=terms.names("phone_number_id"),
        recipients=len(chosen),
        made_at=now,
    )
    launch_id: int = connection.execute(made.returning(launches.c.id)).scalar_one()
    for start in range(0, len(chosen), AT_ONCE):
        ours = rows.c.id.in_(chosen[start : start + AT_ONCE])
        connection.execute(update(rows).where(ours).values(launch_id=launch_id))
    return launch_id


def _name(connection: Connection, file_id: int) -> str:
    """What the vendor shows, with our key in it: the content of the file, and which campaign of it
    this is.
    """
    asked = select(files.c.campaign, files.c.name, files.c.sha256)
    file = connection.execute(asked.where(files.c.id == file_id)).one()
    before = select(func.count()).select_from(launches).where(launches.c.file_id == file_id)
    number = connection.execute(before).scalar_one() + 1
    key = f"sftp-sync {file.sha256[:12]}.{file_id}.{number}"
    return f"{file.campaign}: {file.name[:SHOWN_NAME]} ({key})"


def _is_called(campaign: Campaign, place: Place, now: datetime) -> ColumnElement[bool]:
    if campaign.allow_duplicates:
        return is_number_in_doubt(place)
    other = rows.alias("called")
    return is_number_in_doubt(place) | exists().where(
        other.c.destination_id == rows.c.destination_id,
        other.c.phone == rows.c.phone,
        other.c.queued_at > now - campaign.repeat_after,
        is_called(other),
    )

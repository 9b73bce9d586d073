"""Whether a number may be called at all, judged in the transaction that would claim its row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from sftp_sync.ledger.conditions import is_called
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import listed_numbers, rows, suppression_lists, suppressions
from sftp_sync.model import Campaign, Code, RowState

AT_ONCE = 500
BY_HAND = "the number is on the do-not-call list here"
BY_LIST = "the number is on the partner's do-not-call list"


def among(
    connection: Connection, campaign: str, phones: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Those of these numbers that are not to be called, each with why."""
    numbers = list(phones)
    for column, here, why in _places(campaign):
        if connection.execute(select(column).where(here).limit(1)).first() is None:
            continue
        for start in range(0, len(numbers), AT_ONCE):
            asked = select(column).where(here, column.in_(numbers[start : start + AT_ONCE]))
            yield from ((phone, why) for phone in connection.execute(asked).scalars())


def _places(campaign: str) -> tuple[tuple[ColumnElement[str], ColumnElement[bool], str], ...]:
    in_force = (
        select(suppression_lists.c.generation)
        .where(suppression_lists.c.campaign == campaign)
        .scalar_subquery()
    )
    listed = listed_numbers.c
    return (
        (listed.phone, (listed.campaign == campaign) & (listed.generation == in_force), BY_LIST),
        (suppressions.c.phone, suppressions.c.phone.is_not(None), BY_HAND),
    )


def why_suppressed(connection: Connection, campaign: str, phone: str) -> str | None:
    """Why this number is not to be called; None where it may be."""
    asked = [
        (why, exists().where(here, column == phone)) for column, here, why in _places(campaign)
    ]
    if not connection.execute(select(or_(*(found for _, found in asked)))).scalar_one():
        return None
    return next(why for why, found in asked if connection.execute(select(found)).scalar_one())


def wanting(connection: Connection, campaign: Campaign, now: datetime) -> str | None:
    """What is wrong with the partner's do-not-call list; None where nothing is, or none is due."""
    rules = campaign.suppression
    if rules is None:
        return None
    asked = select(suppression_lists).where(suppression_lists.c.campaign == campaign.name)
    known = connection.execute(asked).one_or_none()
    if known is not None and known.problem is not None:
        return str(known.problem)
    if known is None or known.generation is None:
        return f"No do-not-call list matching {rules.pattern} has come in {rules.path} yet."
    if rules.max_age is not None and now - known.dated_at > rules.max_age:
        return (
            f"The do-not-call list {known.name} is of {known.dated_at:%Y-%m-%d %H:%M} UTC, older"
            " than suppression.max_age allows."
        )
    return None


def suppress(connection: Connection, campaign: Campaign, row: AnyRow) -> bool:
    """Judge a pending row: whether its number is not to be called, and it is `suppressed` now."""
    why = why_suppressed(connection, campaign.name, row.phone)
    if why is None:
        return False
    connection.execute(
        update(rows)
        .where(rows.c.id == row.id, rows.c.state == RowState.PENDING)
        .values(state=RowState.SUPPRESSED, code=Code.SUPPRESSED, reason=why),
    )
    return True


def was_called_recently(
    connection: Connection, campaign: Campaign, row: AnyRow, now: datetime
) -> bool:
    """Judge a row by `repeat_after`; one that was called a short time ago becomes `duplicate`."""
    if campaign.allow_duplicates or not campaign.repeat_after:
        return False
    asked = select(func.max(rows.c.queued_at, type_=rows.c.queued_at.type)).where(
        rows.c.destination_id == row.destination_id,
        rows.c.phone == row.phone,
        is_called(),
    )
    last = connection.execute(asked).scalar_one_or_none()
    if last is None or now - last >= campaign.repeat_after:
        return False
    connection.execute(
        update(rows)
        .where(rows.c.id == row.id)
        .values(
            state=RowState.DUPLICATE,
            code=Code.CALLED_RECENTLY,
            reason=f"the number was queued at {last:%Y-%m-%d %H:%M} UTC (repeat_after)",
        ),
    )
    return True

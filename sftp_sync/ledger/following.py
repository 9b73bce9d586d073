"""Calls that are not over yet, and what is heard of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine, bindparam, exists, func, select, update

from sftp_sync.ledger.conditions import FILE_GOES_ON, is_called, is_in_doubt
from sftp_sync.ledger.destinations import destination_id, elsewhere, place_of
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.model import CallNews, Campaign, OpenCall, RowState

AT_ONCE = 2_000
NUMBERS_AT_ONCE = 500
CALLED = (RowState.ACCEPTED, RowState.ALREADY_QUEUED)
UNKNOWN = "unknown"
OUT_OF_SIGHT = "it was made in a campaign of the vendor's that is not configured any more"


class Following:
    """The verbs for what becomes of calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def is_any_open(self, campaign: Campaign) -> bool:
        """Whether a campaign has calls that are not over."""
        here = rows.c.state.in_(CALLED) & rows.c.over_at.is_(None)
        here &= rows.c.destination_id == place_of(campaign)
        ours = (files.c.id == rows.c.file_id) & (files.c.campaign == campaign.name)
        with reading(self._engine) as connection:
            return bool(connection.execute(select(exists().where(ours, here))).scalar_one())

    def out_of_sight(self, campaign: Campaign, called_before: datetime) -> list[int]:
        """Some rows whose calls are not over, made before then and elsewhere than where this
        campaign calls now.
        """
        asked = (
            select(rows.c.id)
            .join(files, files.c.id == rows.c.file_id)
            .where(files.c.campaign == campaign.name, FILE_GOES_ON)
            .where(rows.c.state.in_(CALLED), rows.c.over_at.is_(None))
            .where(rows.c.queued_at < called_before)
        )
        with reading(self._engine) as connection:
            found = connection.execute(elsewhere(asked, campaign).limit(NUMBERS_AT_ONCE))
            return list(found.scalars())

    def end_out_of_sight(self, lease: Lease, row_ids: Sequence[int], now: datetime) -> None:
        """Nothing more will be heard of these: how they stand is reported."""
        status = func.coalesce(rows.c.call_status, UNKNOWN)
        over = {"call_status": status, "over_at": now, "matched_by": OUT_OF_SIGHT}
        with writing(self._engine) as connection:
            lease.guard(connection)
            these = update(rows).where(rows.c.id.in_(row_ids), rows.c.over_at.is_(None))
            connection.execute(these.values(**over))

    def open_calls(self, campaign: Campaign, after_row: int) -> list[OpenCall]:
        """A page of a campaign's calls that are not over, behind this row."""
        asked = (
            select(
                rows.c.id,
                rows.c.phone,
                rows.c.call_id,
                rows.c.call_status,
                rows.c.call_retries,
                rows.c.queued_at,
            )
            .join(files, files.c.id == rows.c.file_id)
            .where(files.c.campaign == campaign.name, rows.c.state.in_(CALLED))
            .where(rows.c.destination_id == place_of(campaign))
            .where(rows.c.over_at.is_(None), rows.c.id > after_row)
        )
        with reading(self._engine) as connection:
            found = connection.execute(asked.order_by(rows.c.id).limit(AT_ONCE)).all()
        return [OpenCall(*row) for row in found]

    def namesakes(
        self, destination: str, phones: Sequence[str]
    ) -> Mapping[str, list[tuple[int, str | None, datetime]]]:
        """Every row with one of these numbers that was called in the vendor's campaign or may have
        been, of whatever campaign of ours: (row, its call, when it was called at the earliest).
        """
        in_doubt_since = func.coalesce(
            rows.c.doubt_since, rows.c.claimed_at, type_=rows.c.claimed_at.type
        )
        found: dict[str, list[tuple[int, str | None, datetime]]] = {}
        with reading(self._engine) as connection:
            place = rows.c.destination_id == destination_id(connection, destination)
            for start in range(0, len(phones), NUMBERS_AT_ONCE):
                here = place & rows.c.phone.in_(phones[start : start + NUMBERS_AT_ONCE])
                # One question for each index.
                for which, at in ((is_called(), rows.c.queued_at), (is_in_doubt(), in_doubt_since)):
                    asked = select(rows.c.phone, rows.c.id, rows.c.call_id, at).where(here, which)
                    for phone, *row in connection.execute(asked):
                        found.setdefault(phone, []).append((row[0], row[1], row[2]))
        return found

    def hear(self, lease: Lease, news: Sequence[CallNews]) -> None:
        """Write down what is new."""
        if not news:
            return
        told = (
            update(rows)
            .where(rows.c.id == bindparam("row"), rows.c.over_at.is_(None))
            .values(
                call_status=bindparam("status"),
                call_retries=bindparam("retries"),
                call_duration=bindparam("duration"),
                call_updated_at=bindparam("updated", type_=rows.c.call_updated_at.type),
                over_at=bindparam("over", type_=rows.c.over_at.type),
                matched_by=bindparam("matched"),
                call_id=func.coalesce(bindparam("call", type_=rows.c.call_id.type), rows.c.call_id),
            )
        )
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(
                told,
                [
                    {
                        "row": one.row_id,
                        "status": one.status,
                        "retries": one.retries,
                        "duration": one.duration_seconds,
                        "updated": one.updated_at,
                        "over": one.over_at,
                        "matched": one.matched_by,
                        "call": one.call_id,
                    }
                    for one in news
                ],
            )

"""What is known of files' campaigns: which wait, which are in doubt, and which were started."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, Select, exists, select, update

from sftp_sync.ledger.conditions import is_called
from sftp_sync.ledger.destinations import is_place_of, pairs_of, place_of
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.given_up import is_look_due, is_look_near, is_unseen
from sftp_sync.ledger.launched import launch_of
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import campaigns as paused
from sftp_sync.ledger.schema import destinations, files, launches, rows
from sftp_sync.model import (
    Campaign,
    Contact,
    FileState,
    Instant,
    Launch,
    LaunchState,
    PinnedRow,
    RowState,
)

AT_ONCE = 500
CONTACTS_AT_ONCE = 2_000


class Departures:
    """The questions about files' campaigns, and what is heard of those that were started."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def waiting(self, campaign: Campaign) -> Launch | None:
        """A campaign that was begun and not brought to its start, the oldest."""
        begun = launches.c.state.in_((LaunchState.PLANNED, LaunchState.DRAFTED))
        asked = select(launches).where(_is_of(campaign), begun)
        with reading(self._engine) as connection:
            row = connection.execute(asked.order_by(launches.c.id).limit(1)).one_or_none()
        return None if row is None else launch_of(row)

    def due(self, campaign: Campaign, when: Instant, wait: timedelta) -> Launch | None:
        """The doubtful start of a campaign whose time to look has come, or whose wait is to begin
        anew.
        """
        unseen = is_unseen(launches, when.boot_time)
        asked = select(launches, unseen.label("is_unseen")).where(
            _is_of(campaign),
            launches.c.state == LaunchState.UNCERTAIN,
            launches.c.next_look_at.is_not(None),
            unseen | is_look_due(launches, when.boot_time, wait),
            ~exists().where(paused.c.name == campaign.name, paused.c.paused),
        )
        with reading(self._engine) as connection:
            first = asked.order_by(launches.c.next_look_clock).limit(1)
            row = connection.execute(first).one_or_none()
        return None if row is None else replace(launch_of(row), is_unseen=bool(row.is_unseen))

    def looked_into(
        self, campaigns: Sequence[Campaign], when: Instant, within: timedelta | None
    ) -> set[str]:
        """Those of these campaigns, unless paused, with a doubtful start that is looked into within
        so long, or at all.
        """
        asked = (
            select(launches.c.campaign)
            .join(destinations, destinations.c.id == launches.c.destination_id)
            .where(
                launches.c.campaign.in_([one.name for one in campaigns]),
                launches.c.state == LaunchState.UNCERTAIN,
                is_look_near(launches, when.boot_time, within),
                ~exists().where(paused.c.name == launches.c.campaign, paused.c.paused),
                is_place_of(pairs_of(campaigns), launches.c.campaign),
            )
        )
        with reading(self._engine) as connection:
            return set(connection.execute(asked).scalars())

    def orphans(self, campaign: str, since: datetime) -> list[Launch]:
        """Drafts that were left at the vendor since then, oldest first."""
        here = (launches.c.campaign == campaign) & (launches.c.state == LaunchState.STALE)
        asked = select(launches).where(here, launches.c.is_orphan, launches.c.ended_at >= since)
        with reading(self._engine) as connection:
            found = connection.execute(asked.order_by(launches.c.id)).all()
        return [launch_of(row) for row in found]

    def of_files(self, file_ids: Sequence[int]) -> dict[int, list[Launch]]:
        """What the vendor has of these files, oldest first: what was never made is left out."""
        found: dict[int, list[Launch]] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(file_ids), AT_ONCE):
                these = launches.c.file_id.in_(file_ids[start : start + AT_ONCE])
                asked = select(launches).where(these, launches.c.vendor_id.is_not(None))
                for row in connection.execute(asked.order_by(launches.c.id)):
                    found.setdefault(row.file_id, []).append(launch_of(row))
        return found

    def is_any_open(self, campaign: Campaign) -> bool:
        """Whether anything is still to be heard of a campaign's lists."""
        started = exists().where(
            _is_of(campaign),
            launches.c.state == LaunchState.STARTED,
            launches.c.ended_at.is_(None),
        )
        with reading(self._engine) as connection:
            return bool(
                connection.execute(select(started | exists(_adrift(campaign)))).scalar_one()
            )

    def adrift(self, campaign: Campaign, before: datetime) -> list[int]:
        """Some rows called before then, by no campaign that is known, whose calls are not over."""
        asked = _adrift(campaign).where(rows.c.queued_at < before)
        with reading(self._engine) as connection:
            return [row.id for row in connection.execute(asked.limit(AT_ONCE))]

    def under_way(self, campaign: Campaign) -> list[Launch]:
        """Campaigns that were started and of which something may still be heard, oldest first."""
        here = _is_of(campaign) & (launches.c.state == LaunchState.STARTED)
        asked = select(launches).where(here, launches.c.ended_at.is_(None))
        with reading(self._engine) as connection:
            found = connection.execute(asked.order_by(launches.c.id)).all()
        return [launch_of(row) for row in found]

    def recipients(self, launch: Launch) -> Iterator[PinnedRow]:
        """The rows that are to be the contacts of a campaign, in the order of the lines."""
        asked = select(rows.c.id, rows.c.line, rows.c.phone, rows.c.cells)
        here = asked.where(rows.c.launch_id == launch.id).order_by(rows.c.id)
        after = 0
        while True:
            with reading(self._engine) as connection:
                page = connection.execute(here.where(rows.c.id > after).limit(AT_ONCE)).all()
            if not page:
                return
            for row in page:
                yield PinnedRow(row.id, row.line, row.phone, tuple(json.loads(row.cells)))
            after = page[-1].id

    def contacts(self, launch: Launch) -> Iterator[list[Contact]]:
        """Those of a started campaign whose calls are not over, page by page."""
        after = 0
        while True:
            asked = select(
                rows.c.id, rows.c.phone, rows.c.call_id, rows.c.call_status, rows.c.queued_at
            ).where(
                rows.c.launch_id == launch.id,
                rows.c.state == RowState.ACCEPTED,
                rows.c.over_at.is_(None),
                rows.c.id > after,
            )
            with reading(self._engine) as connection:
                page = connection.execute(asked.order_by(rows.c.id).limit(CONTACTS_AT_ONCE)).all()
            if not page:
                return
            yield [Contact(*row) for row in page]
            after = page[-1].id

    def rivals(self, phones: Sequence[str]) -> Mapping[str, list[tuple[int, int, str | None]]]:
        """Every row that was called with these numbers by a file's campaign, of whatever campaign
        of ours: (row, launch, the call that it has).
        """
        found: dict[str, list[tuple[int, int, str | None]]] = {}
        # By destination, as the index of numbers goes.
        places = select(files.c.destination_id).join(launches, launches.c.file_id == files.c.id)
        with reading(self._engine) as connection:
            for start in range(0, len(phones), AT_ONCE):
                asked = select(rows.c.phone, rows.c.id, rows.c.launch_id, rows.c.call_id).where(
                    rows.c.destination_id.in_(places.distinct()),
                    rows.c.phone.in_(phones[start : start + AT_ONCE]),
                    is_called(),
                    rows.c.launch_id.is_not(None),
                )
                for phone, row_id, launch_id, call_id in connection.execute(asked):
                    found.setdefault(phone, []).append((row_id, launch_id, call_id))
        return found

    def all_started(self) -> dict[int, Launch]:
        """Every campaign that was started, of all campaigns of ours, by number."""
        asked = select(launches).where(launches.c.state == LaunchState.STARTED)
        with reading(self._engine) as connection:
            return {row.id: launch_of(row) for row in connection.execute(asked)}

    def heard(
        self, lease: Lease, launch: Launch, status: str, counts: Mapping[str, object]
    ) -> None:
        """What the vendor says of a campaign, word for word."""
        words = {"status": status, "counts": json.dumps(counts) if counts else None}
        with writing(self._engine) as connection:
            lease.guard(connection)
            ours = update(launches).where(launches.c.id == launch.id)
            connection.execute(ours.values(**words))

    def end(self, lease: Lease, launch: Launch, now: datetime) -> None:
        """Nothing more is to be heard of it, if all its calls are over."""
        still = exists().where(
            rows.c.launch_id == launch.id,
            rows.c.state == RowState.ACCEPTED,
            rows.c.over_at.is_(None),
        )
        with writing(self._engine) as connection:
            lease.guard(connection)
            ours = update(launches).where(launches.c.id == launch.id, ~still)
            connection.execute(ours.values(ended_at=now))


def _is_of(campaign: Campaign) -> ColumnElement[bool]:
    """It is this campaign's, and where the configuration says: nobody else knows its id."""
    here = launches.c.destination_id == place_of(campaign)
    return (launches.c.campaign == campaign.name) & here


def _adrift(campaign: Campaign) -> Select[tuple[int]]:
    following = (FileState.DISPATCHING, FileState.FOLLOWING)
    here = (files.c.campaign == campaign.name) & files.c.state.in_(following)
    here &= rows.c.destination_id == place_of(campaign)
    return (
        select(rows.c.id)
        .join(files, files.c.id == rows.c.file_id)
        .where(here, rows.c.launch_id.is_(None), rows.c.over_at.is_(None))
        .where(rows.c.state == RowState.ACCEPTED)
    )

"""How a file enters: whole or not at all.

Its rows are written in batches under a file that is `entering`, which nobody else sees, so that no
other writer waits for a million rows; one short transaction then makes it a file. What a crash
leaves behind is taken back by the next run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from sftp_sync.errors import TryLater
from sftp_sync.ledger import gap
from sftp_sync.ledger.deliveries import write_down
from sftp_sync.ledger.destinations import known_destination
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import destinations, files, rows
from sftp_sync.ledger.sightings import LARGEST, raw_name, sight
from sftp_sync.model import (
    Campaign,
    ClassifiedBatch,
    FileState,
    NewDelivery,
    RemoteFile,
    StagedFile,
    Understanding,
)

ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Arrival:
    """A file on its way in: where it came from, what it is, when it was received."""

    campaign: Campaign
    source: RemoteFile
    sha256: str
    size: int
    received_at: datetime
    reading: str

    @classmethod
    def of(cls, campaign: Campaign, staged: StagedFile, at: datetime, reading: str) -> Arrival:
        """The arrival of a staged file."""
        return cls(campaign, staged.source, staged.sha256, staged.size, at, reading)


@dataclass(frozen=True)
class Ending:
    """What an arrival became, and what goes to the partner about it."""

    state: FileState
    reason: str | None = None
    deliveries: Sequence[NewDelivery] = ()
    tidy: bool = False
    first_file_id: int | None = None


class Entering:
    """The verbs by which files enter. All of them commit only under the campaign's lease."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self,
        lease: Lease,
        arrival: Arrival,
        understanding: Understanding,
        mapping: Mapping[str, object],
    ) -> int:
        """A file whose rows are about to be written."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            values = _values(connection, arrival, FileState.ENTERING)
            values["understanding"] = json.dumps(asdict(understanding))
            values["mapping"] = json.dumps(mapping)
            made = insert(files).values(**values, original=False).returning(files.c.id)
            file_id: int = connection.execute(made).scalar_one()
        return file_id

    def add(self, lease: Lease, file_id: int, batch: ClassifiedBatch) -> None:
        """A batch of its rows."""
        if not len(batch):
            return
        with writing(self._engine) as connection:
            lease.guard(connection)
            place = select(files.c.destination_id).where(files.c.id == file_id)
            destination = connection.execute(place).scalar_one()
            connection.execute(insert(rows), row_values(file_id, destination, batch))

    def finish(self, lease: Lease, file_id: int, source: RemoteFile, ending: Ending) -> None:
        """The file is there: its rows count from now on, and what goes out about it is due."""
        counted = select(func.count()).where(rows.c.file_id == file_id).scalar_subquery()
        with writing(self._engine) as connection:
            lease.guard(connection)
            _refuse_second_import(connection, file_id)
            connection.execute(
                update(files)
                .where(files.c.id == file_id)
                .values(
                    state=ending.state,
                    reason=ending.reason,
                    original=True,
                    total=counted,
                    tidy="due" if ending.tidy else "none",
                ),
            )
            campaign = connection.execute(
                select(files.c.campaign).where(files.c.id == file_id),
            ).scalar_one()
            write_down(connection, file_id, campaign, ending.deliveries)
            sight(connection, campaign, source, file_id)
            gap.mark(connection, file_id, source.modified_at)

    def set_aside(self, lease: Lease, arrival: Arrival, ending: Ending) -> int:
        """A file without rows of its own: unreadable, or the same bytes once more."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            values = _values(connection, arrival, ending.state)
            values |= {"reason": ending.reason, "first_file_id": ending.first_file_id}
            values["tidy"] = "due" if ending.tidy else "none"
            made = insert(files).values(**values, original=False).returning(files.c.id)
            file_id: int = connection.execute(made).scalar_one()
            write_down(connection, file_id, arrival.campaign.name, ending.deliveries)
            sight(connection, arrival.campaign.name, arrival.source, file_id)
        return file_id

    def take_back(self, lease: Lease, campaign: str) -> None:
        """Remove what an interrupted run had begun to write for this campaign."""
        begun = select(files.c.id).where(
            files.c.campaign == campaign,
            files.c.state == FileState.ENTERING,
        )
        some = select(rows.c.id).where(rows.c.file_id.in_(begun)).limit(ROWS_AT_ONCE)
        removed = ROWS_AT_ONCE
        while removed == ROWS_AT_ONCE:
            # A part at a time: other writers do not wait for a million rows to go.
            with writing(self._engine) as connection:
                lease.guard(connection)
                removed = connection.execute(delete(rows).where(rows.c.id.in_(some))).rowcount
                if removed < ROWS_AT_ONCE:
                    connection.execute(delete(files).where(files.c.id.in_(begun)))


def _refuse_second_import(connection: Connection, file_id: int) -> None:
    """Two campaigns that share a vendor campaign may have read the same bytes at the same time."""
    entering = select(files.c.destination_id, files.c.sha256).where(files.c.id == file_id)
    destination, sha256 = connection.execute(entering).one()
    # One after the other: who comes second waits here until the first is recorded.
    place = select(destinations.c.id).where(destinations.c.id == destination)
    connection.execute(place.with_for_update(key_share=True))
    first = connection.execute(
        select(files.c.id, files.c.campaign).where(
            files.c.destination_id == destination,
            files.c.sha256 == sha256,
            files.c.original,
            files.c.id != file_id,
        ),
    ).one_or_none()
    if first is not None:
        raise TryLater(
            f"Campaign {first.campaign} imported the same bytes a moment ago, as file {first.id}.",
            fix="Nothing is lost: the next run records this one as a repeat.",
        )


def _values(connection: Connection, arrival: Arrival, state: FileState) -> dict[str, object]:
    return {
        "campaign": arrival.campaign.name,
        "destination_id": known_destination(connection, arrival.campaign),
        "name": arrival.source.shown_name,
        "name_raw": raw_name(arrival.source.name),
        "size": min(arrival.size, LARGEST),
        "modified_at": arrival.source.modified_at,
        "sha256": arrival.sha256,
        "state": state,
        "received_at": arrival.received_at,
        "reading": arrival.reading,
    }


def row_values(file_id: int, destination: int, batch: ClassifiedBatch) -> list[dict[str, object]]:
    """The rows of a batch as they are written."""
    columns = zip(
        batch.lines,
        batch.cells,
        batch.states,
        batch.phones,
        batch.codes,
        batch.columns,
        batch.reasons,
        strict=True,
    )
    return [
        {
            "file_id": file_id,
            "destination_id": destination,
            "line": line,
            "cells": json.dumps(cells),
            "state": state,
            "phone": phone,
            "code": code,
            "column_name": column,
            "reason": reason,
        }
        for line, cells, state, phone, code, column, reason in columns
    ]

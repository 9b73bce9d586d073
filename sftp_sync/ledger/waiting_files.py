"""Files that wait for a person, and whose rows are judged anew before they are sent.

Nobody claims a row of a held file, so that its rows may change their verdicts batch by batch; what
a crash leaves behind is held, and judged from its cells again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, case, delete, func, insert, select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger import gap
from sftp_sync.ledger.deliveries import write_down
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.entering import row_values
from sftp_sync.ledger.files import copy_rows, refuse_if_emptied
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import files, rows
from sftp_sync.ledger.sightings import name_of
from sftp_sync.model import (
    ClassifiedBatch,
    FileState,
    NewDelivery,
    RemoteFile,
    RowState,
    Understanding,
)

# What a row is before anything was done about it.
JUDGED = (RowState.PENDING, RowState.INVALID, RowState.DUPLICATE, RowState.SUPPRESSED)
TO_BE_JUDGED = "Its rows are judged anew when it is released."


@dataclass(frozen=True)
class WaitingFile:
    """A held or repeated file of which no row was sent. `judged_by`: the settings by which its
    rows, or those that it repeats, were judged.
    """

    id: int
    source: RemoteFile
    sha256: str
    size: int
    understanding: Understanding
    judged_by: str


class WaitingFiles:
    """The verbs for files whose rows are judged anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, file_id: int) -> WaitingFile | None:
        """A file that waits; None where it does not, and where rows of it were sent."""
        first = files.alias("first")
        asked = (
            select(files, first.c.understanding.label("read"), first.c.reading.label("judged_by"))
            .join(first, first.c.id == _whose_rows())
            .where(files.c.id == file_id, files.c.state.in_((FileState.HELD, FileState.REPEATED)))
        )
        touched = rows.c.state.not_in(JUDGED) | (rows.c.attempt > 0) | rows.c.launch_id.is_not(None)
        sent = select(rows.c.id).where(rows.c.file_id == file_id, touched).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(asked).one_or_none()
            if row is None or row.read is None or connection.execute(sent).one_or_none():
                return None
        source = RemoteFile(name_of(row.name_raw), row.size, row.modified_at)
        return WaitingFile(
            row.id, source, row.sha256, row.size, _understood(row.read), row.judged_by
        )

    def take_rows(self, lease: Lease, file_id: int) -> None:
        """Give a repeated file the rows that it repeats; it is held from then on."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            file = _waiting(connection, file_id)
            if file.state == FileState.HELD:
                return
            refuse_if_emptied(connection, file)
            copy_rows(connection, file)
            judged_by = select(files.c.reading).where(files.c.id == file.first_file_id)
            counted = select(func.count()).where(rows.c.file_id == file_id).scalar_subquery()
            held = update(files).where(files.c.id == file_id)
            connection.execute(
                held.values(
                    state=FileState.HELD,
                    reason=TO_BE_JUDGED,
                    total=counted,
                    reading=connection.execute(judged_by).scalar_one(),
                )
            )

    def judge(self, lease: Lease, file_id: int, batch: ClassifiedBatch) -> None:
        """The rows of a batch, in the place of those that stood on these lines."""
        lines = rows.c.line.between(batch.lines[0], batch.lines[-1])
        before = (rows.c.file_id == file_id) & lines & rows.c.state.in_(JUDGED)
        with writing(self._engine) as connection:
            lease.guard(connection)
            file = _waiting(connection, file_id)
            connection.execute(delete(rows).where(before))
            connection.execute(insert(rows), row_values(file_id, file.destination_id, batch))

    def judged(
        self,
        lease: Lease,
        waiting: WaitingFile,
        understanding: Understanding,
        by: tuple[Mapping[str, object], str],
        composed: Sequence[NewDelivery],
    ) -> None:
        """All of its rows are judged by these settings, its mapping and their fingerprint."""
        mapping, judged_by = by
        with writing(self._engine) as connection:
            lease.guard(connection)
            file = _waiting(connection, waiting.id)
            connection.execute(
                update(files)
                .where(files.c.id == waiting.id)
                .values(
                    understanding=json.dumps(asdict(understanding)),
                    mapping=json.dumps(mapping),
                    reading=judged_by,
                )
            )
            write_down(connection, waiting.id, file.campaign, composed)
            gap.mark(connection, waiting.id, waiting.source.modified_at)


def _whose_rows() -> ColumnElement[int]:
    """The file whose rows a waiting file has, or would get: a repeated one has none yet."""
    is_repeated = files.c.state == FileState.REPEATED
    return case((is_repeated, files.c.first_file_id), else_=files.c.id)


def _waiting(connection: Connection, file_id: int) -> AnyRow:
    waits = files.c.state.in_((FileState.HELD, FileState.REPEATED))
    asked = select(files).where(files.c.id == file_id, waits).with_for_update()
    file = connection.execute(asked).one_or_none()
    if file is None:
        raise UsageError(
            f"File {file_id} was decided on a moment ago.", fix=f"Type: sftp-sync rows {file_id}"
        )
    return file


def _understood(text: str) -> Understanding:
    values: dict[str, Any] = json.loads(text)
    for name in ("header", "other_sheets", "phone_columns"):
        values[name] = tuple(values[name])
    return Understanding(**values)

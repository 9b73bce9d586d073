"""Finished files: their rows are counted once, at their end, and never again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from sftp_sync.ledger.conditions import FILE_IS_OVER
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.outcomes import QUARTER, Counted, count_alike
from sftp_sync.ledger.records import AnyRow, count_rows
from sftp_sync.ledger.schema import EPOCH, files

FILES_AT_ONCE = 50


@dataclass(frozen=True)
class _Ended:
    """A finished file, and what there is in it."""

    file: AnyRow
    counts: str
    outcomes: str


def note_endings(engine: Engine, now: datetime) -> int:
    """Count the rows of files that have finished since the last time; how many files.

    Looked at first and written down after: nobody who sends waits for a million rows.
    """
    noted, after = 0, 0
    while ended := _uncounted(engine, after):
        noted += _write_down(engine, ended, now)
        after = ended[-1].file.id
    return noted


def _uncounted(engine: Engine, after: int) -> list[_Ended]:
    asked = select(files.c.id, files.c.finished_at).where(
        FILE_IS_OVER, files.c.counts.is_(None), files.c.id > after
    )
    with reading(engine) as connection:
        found = connection.execute(asked.order_by(files.c.id).limit(FILES_AT_ONCE)).all()
        return [_ended(connection, file) for file in found]


def _ended(connection: Connection, file: AnyRow) -> _Ended:
    counts = count_rows(connection, [file.id]).get(file.id, {})
    outcomes = _sorted_out(count_alike(connection, [file.id]))
    return _Ended(file, json.dumps(counts), json.dumps(outcomes))


def _sorted_out(counted: Iterable[Counted]) -> list[list[object]]:
    """Counts as they are kept: those that only their delivery tells apart stand together."""
    together: dict[tuple[object, ...], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for one in counted:
        quarter = None if one.queued_at is None else (one.queued_at - EPOCH) // QUARTER
        sums = together[one.state, one.code, one.call_status, one.is_over, quarter]
        sums[0] += one.rows
        sums[1] += one.calls_timed
        sums[2] += one.talk_seconds
    return [[*alike, *sums] for alike, sums in together.items()]


def _write_down(engine: Engine, ended: Sequence[_Ended], now: datetime) -> int:
    noted = 0
    with writing(engine) as connection:
        for one in ended:
            still_so = (files.c.id == one.file.id) & FILE_IS_OVER
            # Its refused rows may have been sent again meanwhile, and be over too.
            same_end = files.c.finished_at.is_not_distinct_from(one.file.finished_at)
            values = {
                "finished_at": one.file.finished_at or now,
                "counts": one.counts,
                "outcomes": one.outcomes,
            }
            done = update(files).where(still_so, same_end).values(**values)
            noted += connection.execute(done).rowcount
    return noted

"""What a person decides about rows: settle a doubt, or send refused ones again."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Engine, func, select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger import gap
from sftp_sync.ledger.claim_numbers import ClaimNumbers
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.given_up import (
    NO_LOOK,
    NOT_GIVEN_UP,
    is_unseen,
    next_look,
    see_anew,
    waits_for,
)
from sftp_sync.ledger.launched import conclude
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import files, launches, rows
from sftp_sync.ledger.settling import note
from sftp_sync.model import Instant, LaunchState, RowState

Verdict = Literal["accepted", "refused", "resend"]
BY_A_PERSON = "decided by the operator"
ERASED = ""


class Verdicts:
    """The verbs by which a person decides. They need no lease: each is one transaction."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers) -> None:
        self._engine = engine
        self._numbers = numbers

    def resolve_row(self, row_id: int, verdict: Verdict, when: Instant, wait: timedelta) -> int:
        """Settle one row in doubt."""
        self._see(rows.c.id == row_id, when, wait)
        with self._numbers.deciding() as connection:
            asked = select(rows).where(rows.c.id == row_id).with_for_update()
            row = connection.execute(asked).one_or_none()
            if row is None:
                raise UsageError(
                    f"There is no row {row_id}.",
                    fix="Type: sftp-sync rows FILE --state uncertain",
                )
            if row.state == RowState.UNCERTAIN and row.launch_id is not None:
                raise UsageError(
                    f"Row {row_id} went to the vendor with its whole file.",
                    fix=f"Type: sftp-sync resolve --file {row.file_id} {verdict}",
                )
            return _resolve(connection, [row], verdict, when, wait)

    def resolve_file(self, file_id: int, verdict: Verdict, when: Instant, wait: timedelta) -> int:
        """Settle every row in doubt of a file; how many there were."""
        self._see(rows.c.file_id == file_id, when, wait)
        with self._numbers.deciding() as connection:
            doubtful = (rows.c.file_id == file_id) & (rows.c.state == RowState.UNCERTAIN)
            found = connection.execute(select(rows).where(doubtful).with_for_update()).all()
            if not found:
                raise UsageError(f"No row of file {file_id} is in doubt.")
            resolved = _resolve(connection, list(found), verdict, when, wait)
            here = (launches.c.file_id == file_id) & (launches.c.state == LaunchState.UNCERTAIN)
            for launch in connection.execute(select(launches).where(here)).all():
                conclude(connection, launch, verdict, when.at)
            return resolved

    def retry(
        self, file_id: int, when: Instant, wait: timedelta, state: RowState = RowState.REFUSED
    ) -> int:
        """Make a file's refused, or rejected, rows due again; how many there were."""
        refused = (rows.c.file_id == file_id) & (rows.c.state == state)
        # What was erased cannot be sent.
        refused &= rows.c.phone != ERASED
        self._see(refused, when, wait)
        with writing(self._engine) as connection:
            _refuse_if_emptied(connection, file_id)
            _refuse_if_too_early(connection, refused, when, wait)
            retried = connection.execute(
                update(rows)
                .where(refused)
                .values(
                    state=RowState.PENDING,
                    reason=f"to be sent again since {when.at:%Y-%m-%d %H:%M} UTC, {BY_A_PERSON}",
                    over_at=None,
                    # What becomes of it now is news to the partner, and takes the place of what
                    # the partner was told.
                    supersedes_id=func.coalesce(rows.c.delivery_id, rows.c.supersedes_id),
                    delivery_id=None,
                    next_look_clock=None,
                ),
            )
            advance(connection, file_id)
            gap.mark(connection, file_id)
        return retried.rowcount

    def _see(self, which: ColumnElement[bool], when: Instant, wait: timedelta) -> None:
        """What was given up before another boot, or on another machine, waits anew from now on. A
        transaction of its own: a verdict that is refused takes back what it has written.
        """
        given = rows.c.given_up_at.is_not(None) & is_unseen(rows, when.boot_time)
        with writing(self._engine) as connection:
            found = connection.execute(select(rows.c.id).where(which, given).with_for_update())
            see_anew(connection, rows, list(found.scalars()), when, wait)


def _refuse_if_too_early(
    connection: Connection, which: ColumnElement[bool], when: Instant, wait: timedelta
) -> None:
    given = select(rows).where(which, rows.c.given_up_at.is_not(None))
    latest = connection.execute(given.order_by(rows.c.given_up_clock.desc()).limit(1))
    row = latest.one_or_none()
    if row is not None:
        _refuse_before_its_time(row, when, wait)


def _refuse_if_emptied(connection: Connection, file_id: int) -> None:
    asked = select(files.c.emptied_at).where(files.c.id == file_id).with_for_update()
    emptied_at = connection.execute(asked).scalar_one_or_none()
    if emptied_at is not None:
        raise UsageError(
            f"The rows of file {file_id} were emptied on {emptied_at:%Y-%m-%d} (keep_days): nobody"
            " knows their numbers any more.",
            fix="Ask the partner for the list, and drop it again with any change, as a blank line"
            " at its end: then it is a new file.",
        )


def _resolve(
    connection: Connection, found: list[AnyRow], verdict: Verdict, when: Instant, wait: timedelta
) -> int:
    for row in found:
        _refuse_unless_open(row)
        if verdict == "resend":
            _refuse_before_its_time(row, when, wait)
        changed = update(rows).where(rows.c.id == row.id)
        connection.execute(changed.values(**_values(row, verdict, when, wait)))
        note(connection, row.id, row.attempt, when.at, f"{verdict}: {BY_A_PERSON}")
    for file_id in {row.file_id for row in found}:
        advance(connection, file_id)
    return len(found)


def _refuse_unless_open(row: AnyRow) -> None:
    if row.state == RowState.SENDING:
        raise UsageError(f"Row {row.id} is being sent at this moment.", fix="Wait for its answer.")
    if row.state != RowState.UNCERTAIN:
        raise UsageError(f"Row {row.id} is {row.state}: there is no doubt to settle.")


def _refuse_before_its_time(row: AnyRow, when: Instant, wait: timedelta) -> None:
    left = waits_for(row, when.boot_time, wait).total_seconds()
    if left > 0:
        raise UsageError(
            f"The request for row {row.id} may still be on its way: sending it again now could"
            " ring twice.",
            fix=f"Type it again in {math.ceil(left)} s (uncertain_after_seconds).",
        )


def _values(row: AnyRow, verdict: Verdict, when: Instant, wait: timedelta) -> dict[str, object]:
    settled = NO_LOOK | {"reason": BY_A_PERSON}
    match verdict:
        case "accepted":
            called = {"queued_at": row.doubt_since, "id_source": "person"}
            return settled | called | {"state": RowState.ACCEPTED}
        case "refused":
            # Its request may be handled all the same: until then no other row calls the number.
            left = waits_for(row, when.boot_time, wait)
            late = {"next_look_clock": next_look(when, left)["next_look_clock"]} if left else {}
            return settled | late | {"state": RowState.REFUSED}
        case "resend":
            return settled | NOT_GIVEN_UP | {"state": RowState.PENDING}

"""What a person decides about rows: settle a doubt, or send refused ones again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine, select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger import gap
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.launched import conclude
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import files, launches, rows
from sftp_sync.ledger.settling import note
from sftp_sync.model import LaunchState, RowState

Verdict = Literal["accepted", "refused", "resend"]
BY_A_PERSON = "decided by the operator"
ERASED = ""


class Verdicts:
    """The verbs by which a person decides. They need no lease: each is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resolve_row(self, row_id: int, verdict: Verdict, now: datetime, wait: float) -> int:
        """Settle one row in doubt."""
        with writing(self._engine) as connection:
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
            return _resolve(connection, [row], verdict, now, wait)

    def resolve_file(self, file_id: int, verdict: Verdict, now: datetime, wait: float) -> int:
        """Settle every row in doubt of a file; how many there were."""
        with writing(self._engine) as connection:
            doubtful = (rows.c.file_id == file_id) & (rows.c.state == RowState.UNCERTAIN)
            found = connection.execute(select(rows).where(doubtful).with_for_update()).all()
            if not found:
                raise UsageError(f"No row of file {file_id} is in doubt.")
            resolved = _resolve(connection, list(found), verdict, now, wait)
            here = (launches.c.file_id == file_id) & (launches.c.state == LaunchState.UNCERTAIN)
            for launch in connection.execute(select(launches).where(here)).all():
                conclude(connection, launch, verdict, now)
            return resolved

    def retry(self, file_id: int, now: datetime) -> int:
        """Make a file's refused rows due again; how many there were."""
        with writing(self._engine) as connection:
            _refuse_if_emptied(connection, file_id)
            refused = (rows.c.file_id == file_id) & (rows.c.state == RowState.REFUSED)
            # What was erased cannot be sent.
            refused &= rows.c.phone != ERASED
            retried = connection.execute(
                update(rows)
                .where(refused)
                .values(
                    state=RowState.PENDING,
                    reason=f"to be sent again since {now:%Y-%m-%d %H:%M} UTC, {BY_A_PERSON}",
                    over_at=None,
                    # What becomes of it now is news to the partner.
                    delivery_id=None,
                ),
            )
            advance(connection, file_id)
            gap.mark(connection, file_id)
        return retried.rowcount


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
    connection: Connection, found: list[AnyRow], verdict: Verdict, now: datetime, wait: float
) -> int:
    for row in found:
        _refuse_unless_open(row, verdict, now, wait)
        changed = update(rows).where(rows.c.id == row.id).values(**_values(row, verdict))
        connection.execute(changed)
        note(connection, row.id, row.attempt, now, f"{verdict}: {BY_A_PERSON}")
    for file_id in {row.file_id for row in found}:
        advance(connection, file_id)
    return len(found)


def _refuse_unless_open(row: AnyRow, verdict: Verdict, now: datetime, wait: float) -> None:
    if row.state == RowState.SENDING:
        raise UsageError(f"Row {row.id} is being sent at this moment.", fix="Wait for its answer.")
    if row.state != RowState.UNCERTAIN:
        raise UsageError(f"Row {row.id} is {row.state}: there is no doubt to settle.")
    left = wait - (now - row.given_up_at).total_seconds()
    if verdict == "resend" and left > 0:
        raise UsageError(
            f"The request for row {row.id} may still be on its way: sending it again now could"
            " ring twice.",
            fix=f"Type it again in {left:.0f} s (uncertain_after_seconds).",
        )


def _values(row: AnyRow, verdict: Verdict) -> dict[str, object]:
    settled: dict[str, object] = {"next_look_at": None, "reason": BY_A_PERSON}
    match verdict:
        case "accepted":
            called = {"queued_at": row.doubt_since, "id_source": "person"}
            return settled | called | {"state": RowState.ACCEPTED}
        case "refused":
            return settled | {"state": RowState.REFUSED}
        case "resend":
            cleared = {"doubt_since": None, "given_up_at": None}
            return settled | cleared | {"state": RowState.PENDING}

"""Rules of dispatch, each taken out in a child process, to show that the tests would notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event, false, update

from sftp_sync import doubt
from sftp_sync.doubt import AskAgain
from sftp_sync.ledger import claims, ledger
from sftp_sync.ledger.claims import Claims
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.schema import rows
from sftp_sync.ledger.settling import Settling
from sftp_sync.model import Claim, RowState
from sftp_sync.sending import looks
from sftp_sync.sending.first_reading import FirstReading


def _rows_are_claimed_after_they_are_sent() -> None:
    """What is being sent is known to this process alone until its answer has come."""
    taken: set[int] = set()
    next_row, settle = claims._next_row, Settling.settle

    def other_row(connection: Any, *words: Any) -> Any:
        hidden = update(rows).where(rows.c.id.in_(taken), rows.c.state == RowState.PENDING)
        connection.execute(hidden.values(state=RowState.SENDING))
        return next_row(connection, *words)

    def remembered(self: Any, *words: Any) -> Any:
        with self._engine.connect() as connection:
            found = claims._claim(connection, *words)
            connection.rollback()
        if isinstance(found, Claim):
            taken.add(found.row_id)
        return found

    def both(self: Any, claim: Claim, *words: Any) -> Any:
        values = {"state": RowState.SENDING, "attempt": claim.attempt}
        with writing(self._engine) as connection:
            connection.execute(update(rows).where(rows.c.id == claim.row_id).values(**values))
        return settle(self, claim, *words)

    claims._next_row = other_row
    Claims.claim = remembered  # type: ignore[method-assign]  # that is the point
    Settling.settle = both  # type: ignore[method-assign]  # that is the point


def _nobody_looks() -> None:
    """What is in doubt is asked for again, whatever the vendor shows."""
    looks.judge = lambda *_: AskAgain()


def _several_rows_of_a_number_may_be_in_doubt() -> None:
    """Nothing keeps a second row of a number from being sent while a first is in doubt."""
    claims.is_number_in_doubt = false
    open_engine = ledger.open_engine

    def opened(database: str) -> Any:
        engine = open_engine(database)

        def without_index(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("DROP INDEX IF EXISTS one_in_doubt")
            cursor.close()

        event.listen(engine, "connect", without_index)
        return engine

    ledger.open_engine = opened


def _absence_is_believed() -> None:
    """A list that is complete by its own count shows all that there is."""
    doubt._absent = lambda *_: AskAgain()


def _nobody_reads_first() -> None:
    """After a start rows are sent at once."""
    FirstReading.lets = lambda *_: True  # type: ignore[method-assign]  # that is the point


RULES: dict[str, Callable[[], None]] = {
    "rows are claimed before they are sent": _rows_are_claimed_after_they_are_sent,
    "a look comes before asking again": _nobody_looks,
    "one row of a number is in doubt": _several_rows_of_a_number_may_be_in_doubt,
    "an absence counts beside calls of ours": _absence_is_believed,
    "the vendor's list is read before the first claim": _nobody_reads_first,
}

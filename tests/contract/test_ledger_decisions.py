"""A person decides on files that wait: their rows are sent after all, or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.model import Code, FileRecord, FileState, RowState
from tests.support.builders import (
    ARow,
    a_batch,
    a_duplicate_row,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_invalid_row,
    enter_file,
)
from tests.support.databases import looked_at, written

HELD = an_ending(FileState.HELD, reason="strange")


def states(file: FileRecord) -> dict[str, int]:
    return {str(state): number for state, number in file.rows.items() if number}


class TestReleasing:
    def test_makes_the_rows_of_a_held_file_due(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, ending=HELD)
        file = ledger.files.release(file_id)
        assert (file.state, file.reason) == (FileState.DISPATCHING, None)
        assert states(file) == {"pending": 3}

    def test_of_a_file_with_nothing_due_ends_it(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, a_batch(an_invalid_row()), ending=HELD)
        assert ledger.files.release(file_id).state == FileState.FINISHED

    @pytest.mark.parametrize("verb", ["release", "reject"])
    def test_leaves_a_file_open_while_a_row_is_in_doubt(
        self, ledger: Ledger, lease: Lease, verb: str
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(pending=1))
        with written(ledger) as connection:
            for state in (RowState.SENDING, RowState.UNCERTAIN):
                connection.execute(update(rows).values(state=state))
            connection.execute(update(files).values(state=FileState.HELD))
        assert getattr(ledger.files, verb)(file_id).state == FileState.DISPATCHING

    @pytest.mark.parametrize("verb", ["release", "reject"])
    def test_is_for_files_that_wait(self, ledger: Ledger, lease: Lease, verb: str) -> None:
        file_id = enter_file(ledger, lease)
        with pytest.raises(UsageError, match=f"is dispatching: there is nothing to {verb}"):
            getattr(ledger.files, verb)(file_id)
        with pytest.raises(UsageError, match="no file 999"):
            getattr(ledger.files, verb)(999)

    def test_a_repeated_file_imports_the_rows_once_more(self, ledger: Ledger, lease: Lease) -> None:
        note = "The extension 12 was dropped."
        batch = a_batch(
            ARow(a_phone(1), reason=note),
            a_duplicate_row(a_phone(1)),
            an_invalid_row(),
            *(ARow(a_phone(number)) for number in range(2, 6)),
        )
        first = enter_file(ledger, lease, batch)
        ends: dict[int, dict[str, object]] = {
            5: {"state": RowState.DUPLICATE, "code": Code.CALLED_RECENTLY, "reason": "recently"},
            6: {"attempt": 1, "reason": "not now, says the vendor"},
            7: {"state": RowState.EXPIRED, "reason": "not in time"},
            8: {"state": RowState.SUPPRESSED, "code": Code.SUPPRESSED, "reason": "do not call"},
        }
        with written(ledger) as connection:
            for line, values in ends.items():
                connection.execute(update(rows).where(rows.c.line == line).values(**values))
        again = an_ending(FileState.REPEATED, first_file_id=first)
        other = an_arrival(source=a_remote_file("again.csv"))
        file_id = ledger.entering.set_aside(lease, other, again)

        file = ledger.files.release(file_id)

        assert (file.state, file.total) == (FileState.DISPATCHING, 7)
        copied = {row.line: row for row in ledger.rows.of_file(file_id)}
        original = {row.line: row for row in ledger.rows.of_file(first)}
        assert {line: str(row.state) for line, row in copied.items()} == {
            2: "pending",
            3: "duplicate",
            4: "invalid",
            5: "pending",
            6: "pending",
            7: "pending",
            8: "suppressed",
        }
        assert [row.cells for row in copied.values()] == [row.cells for row in original.values()]
        assert [row.phone for row in copied.values()] == [row.phone for row in original.values()]
        assert copied[2].reason == note
        assert [(copied[line].code, copied[line].reason) for line in (5, 6, 7)] == [
            (None, None)
        ] * 3
        assert file.understanding == ledger.files.get(first).understanding
        assert ledger.files.get(first).total == 7

    def test_a_repeated_file_with_nothing_due_ends_it(self, ledger: Ledger, lease: Lease) -> None:
        first = enter_file(ledger, lease, a_batch(an_invalid_row()))
        ending = an_ending(FileState.REPEATED, first_file_id=first)
        file_id = ledger.entering.set_aside(lease, an_arrival(), ending)
        assert ledger.files.release(file_id).state == FileState.FINISHED


class TestRejecting:
    def test_refuses_the_rows_of_a_held_file(self, ledger: Ledger, lease: Lease) -> None:
        batch = a_batch(ARow(), an_invalid_row())
        file_id = enter_file(ledger, lease, batch, ending=HELD)
        file = ledger.files.reject(file_id)
        assert (file.state, file.reason) == (FileState.FOLLOWING, "rejected by the operator")
        assert states(file) == {"refused": 1, "invalid": 1}

    def test_ends_a_repeated_file(self, ledger: Ledger, lease: Lease) -> None:
        first = enter_file(ledger, lease)
        ending = an_ending(FileState.REPEATED, first_file_id=first)
        file_id = ledger.entering.set_aside(lease, an_arrival(), ending)
        file = ledger.files.reject(file_id)
        assert (file.state, file.total) == (FileState.FINISHED, 0)

    def test_of_a_repeat_that_only_has_suppressed_rows_leaves_them_to_be_reported(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        first = enter_file(ledger, lease, a_batch(pending=1))
        with written(ledger) as connection:
            connection.execute(update(rows).values(state="suppressed", code=Code.SUPPRESSED))
        ending = an_ending(FileState.REPEATED, first_file_id=first)
        file_id = ledger.entering.set_aside(lease, an_arrival(), ending)
        assert ledger.files.release(file_id).state == FileState.FOLLOWING

    def test_leaves_the_bytes_known(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, ending=HELD)
        ledger.files.reject(file_id)
        with looked_at(ledger) as connection:
            kept = select(func.count()).select_from(files).where(files.c.original)
            assert connection.execute(kept).scalar_one() == 1

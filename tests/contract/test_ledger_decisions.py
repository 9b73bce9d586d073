"""A person decides on files that wait: their rows are sent after all, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.ledger.sightings import ANY_READING
from sftp_sync.model import Code, FileRecord, FileState, RowState
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_delivery,
    a_duplicate_row,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_instant,
    an_invalid_row,
    enter_file,
)
from tests.support.databases import looked_at, written

HELD = an_ending(FileState.HELD, reason="strange")


def report_all(ledger: Ledger, lease: Lease, file_id: int, name: str = "it.results.csv") -> None:
    """What is over goes to the partner, and arrives there."""
    found = [row.row_id for row in ledger.results.rows(file_id, only_new=True)]
    assert ledger.results.report(
        lease, ledger.files.get(file_id), a_delivery(name, kind="results"), found
    )
    for delivery in ledger.deliveries.due("renewals"):
        ledger.deliveries.struck_off(lease, delivery, NOW)


def states(file: FileRecord) -> dict[str, int]:
    return {str(state): number for state, number in file.rows.items() if number}


class TestReadingAgain:
    def test_has_an_unreadable_file_met_as_if_it_were_new(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        arrival = an_arrival(reading="as now")
        file_id = ledger.entering.set_aside(lease, arrival, an_ending(FileState.UNREADABLE))
        other = an_arrival(reading="as now", source=a_remote_file("other.csv"))
        ledger.entering.set_aside(lease, other, an_ending(FileState.UNREADABLE))
        inbox = [arrival.source, other.source]
        assert ledger.files.unseen("renewals", "as now", inbox) == []
        assert ledger.files.read_again(file_id).state == FileState.UNREADABLE
        assert ledger.files.unseen("renewals", "as now", inbox) == [arrival.source]

    def test_is_not_for_what_we_composed(self, ledger: Ledger, lease: Lease) -> None:
        arrival = an_arrival(reading=ANY_READING)
        file_id = ledger.entering.set_aside(lease, arrival, an_ending(FileState.UNREADABLE))
        with pytest.raises(UsageError, match="was composed by us"):
            ledger.files.read_again(file_id)

    def test_is_not_for_what_was_read(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, ending=HELD)
        with pytest.raises(UsageError, match="is held: there is nothing to release"):
            ledger.files.read_again(file_id)


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
    def test_rejects_the_rows_of_a_held_file(self, ledger: Ledger, lease: Lease) -> None:
        batch = a_batch(ARow(), an_invalid_row())
        file_id = enter_file(ledger, lease, batch, ending=HELD)
        file = ledger.files.reject(file_id)
        assert (file.state, file.reason) == (FileState.REJECTED, "rejected by the operator")
        assert states(file) == {"rejected": 1, "invalid": 1}

    def test_is_over_when_the_partner_has_been_told(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, a_batch(pending=1), ending=HELD)
        file = ledger.files.reject(file_id)
        assert ledger.results.files("renewals") == [file]
        assert ledger.summaries.note_endings(NOW) == 0
        report_all(ledger, lease, file_id)
        assert ledger.files.get(file_id).state == FileState.REJECTED
        assert ledger.results.files("renewals") == []
        assert ledger.summaries.note_endings(NOW) == 1
        assert ledger.retention.empty(NOW + timedelta(days=36_500), NOW) == 1

    def test_what_is_told_again_names_what_it_supersedes(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(pending=1), ending=HELD)
        ledger.files.reject(file_id)
        for number, before in enumerate((None, "0.results.csv", "1.results.csv")):
            (row,) = ledger.results.rows(file_id, only_new=True)
            assert row.supersedes == before
            report_all(ledger, lease, file_id, f"{number}.results.csv")
            state = RowState.REJECTED if number == 0 else RowState.REFUSED
            assert ledger.verdicts.retry(file_id, an_instant(), timedelta(), state) == 1
            with written(ledger) as connection:
                connection.execute(update(rows).values(state=RowState.REFUSED))
        (row,) = ledger.results.rows(file_id, only_new=False)
        assert row.supersedes is None

    def test_can_be_taken_back(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, a_batch(pending=2), ending=HELD)
        ledger.files.reject(file_id)
        report_all(ledger, lease, file_id)
        retry = ledger.verdicts.retry
        assert retry(file_id, an_instant(), timedelta(), RowState.REFUSED) == 0
        assert retry(file_id, an_instant(), timedelta(), RowState.REJECTED) == 2
        file = ledger.files.get(file_id)
        assert (file.state, file.reason, states(file)) == ("dispatching", None, {"pending": 2})

    def test_of_what_was_called_in_part_leaves_the_calls_to_be_followed(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(pending=2))
        with written(ledger) as connection:
            first = rows.c.line == 2
            for state in (RowState.SENDING, RowState.ACCEPTED):
                connection.execute(update(rows).where(first).values(state=state, call_id="1"))
            connection.execute(update(files).values(state=FileState.HELD))
        file = ledger.files.reject(file_id)
        assert (file.state, states(file)) == ("following", {"accepted": 1, "rejected": 1})

    def test_puts_an_unreadable_file_aside(self, ledger: Ledger, lease: Lease) -> None:
        ending = an_ending(FileState.UNREADABLE, reason="No phone column.")
        file_id = ledger.entering.set_aside(lease, an_arrival(), ending)
        assert ledger.files.get(file_id).lies_unread
        file = ledger.files.reject(file_id)
        assert (file.state, file.lies_unread) == (FileState.REJECTED, False)
        assert file.reason == "rejected by the operator: No phone column."
        with pytest.raises(UsageError, match=f"File {file_id} is rejected: there is nothing to"):
            ledger.files.reject(file_id)

    def test_ends_a_repeated_file(self, ledger: Ledger, lease: Lease) -> None:
        first = enter_file(ledger, lease)
        ending = an_ending(FileState.REPEATED, first_file_id=first)
        file_id = ledger.entering.set_aside(lease, an_arrival(), ending)
        file = ledger.files.reject(file_id)
        assert (file.state, file.total) == (FileState.REJECTED, 0)
        assert ledger.summaries.note_endings(NOW) == 1

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

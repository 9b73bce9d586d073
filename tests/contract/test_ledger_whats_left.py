"""What is left to do: of the results of each file, and of campaigns that nobody looks after."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import update

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.leftovers import Leftover
from sftp_sync.ledger.returns import Returned
from sftp_sync.ledger.schema import rows
from sftp_sync.model import FileState, RowState
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_delivery,
    a_duplicate_row,
    a_phone,
    an_arrival,
    an_ending,
    an_invalid_row,
    enter_file,
    sha256_of,
)
from tests.support.databases import written

CALLED = 4


def a_called_file(ledger: Ledger, lease: Lease) -> int:
    """A file of so many calls, all but the last of them over; two more rows are in the receipt."""
    called = [ARow(a_phone(one)) for one in range(CALLED)]
    batch = a_batch(*called, an_invalid_row(), a_duplicate_row())
    ending = an_ending(deliveries=[a_delivery("a receipt")])
    file_id = enter_file(ledger, lease, batch, ending=ending)
    with written(ledger) as connection:
        due = rows.c.file_id == file_id, rows.c.state == RowState.PENDING
        connection.execute(update(rows).where(*due).values(state=RowState.SENDING))
        sent = rows.c.file_id == file_id, rows.c.state == RowState.SENDING
        connection.execute(update(rows).where(*sent).values(state=RowState.ACCEPTED))
        over = rows.c.file_id == file_id, rows.c.line < CALLED + 1
        connection.execute(update(rows).where(*over).values(over_at=NOW))
    return file_id


def report(ledger: Ledger, lease: Lease, file_id: int, name: str, number: int) -> None:
    """So many more of its rows are in a result file that is due."""
    found = [one.row_id for one in ledger.results.rows(file_id, only_new=True)][:number]
    delivery = a_delivery(name, kind="results")
    assert ledger.results.report(lease, ledger.files.get(file_id), delivery, found)


class TestResults:
    def test_are_told_by_file_as_delivered_as_due_and_as_rows_in_none(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = a_called_file(ledger, lease)
        told = Returned(rows_outstanding=CALLED)
        assert ledger.returns.of_files(ledger.files.all()) == {file_id: told}

        report(ledger, lease, file_id, "first", 2)
        (_, first) = ledger.deliveries.due("renewals")
        ledger.deliveries.failed(lease, first, "no room there")
        told = Returned(0, None, 1, "no room there", CALLED - 2)
        assert ledger.returns.of_files(ledger.files.all()) == {file_id: told}

        ledger.deliveries.struck_off(lease, first, NOW)
        report(ledger, lease, file_id, "second", 1)
        told = Returned(1, NOW, 1, None, CALLED - 3)
        assert ledger.returns.of_files(ledger.files.all()) == {file_id: told}

    def test_are_not_looked_for_in_the_rows_of_a_file_that_has_ended(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = a_called_file(ledger, lease)
        (file,) = ledger.files.all()
        ended = replace(file, state=FileState.FINISHED)
        assert ledger.returns.of_files([ended]) == {file_id: Returned()}
        assert ledger.returns.of_files([]) == {}


class TestLeftovers:
    def test_are_everything_that_is_not_done_of_campaigns_that_are_not_configured(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = a_called_file(ledger, lease)
        report(ledger, lease, file_id, "first", 2)
        for name, state in (("due", FileState.DISPATCHING), ("held", FileState.HELD)):
            arrival, ending = an_arrival(sha256=sha256_of(name)), an_ending(state)
            enter_file(ledger, lease, a_batch(pending=3), arrival=arrival, ending=ending)
        with written(ledger) as connection:
            some = (rows.c.state == RowState.PENDING) & (rows.c.line == 2)
            one = connection.execute(rows.select().where(some)).first()
            assert one is not None
            row = update(rows).where(rows.c.id == one.id)
            connection.execute(row.values(state=RowState.SENDING))

        assert ledger.leftovers.beside(["renewals", "others"]) == []
        assert ledger.leftovers.beside(["renewals2"]) == [
            Leftover(
                "renewals",
                held_files=1,
                rows_to_send=5,
                rows_in_doubt=1,
                open_calls=1,
                rows_to_report=1,
                files_to_deliver=2,
            )
        ]

    def test_are_none_of_a_campaign_that_is_done_but_for_what_was_not_delivered(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        for name in ("done", "owing"):
            arrival = an_arrival(a_campaign(name), sha256=sha256_of(name))
            told = [a_delivery(name)] if name == "owing" else []
            ending = an_ending(FileState.FINISHED, deliveries=told)
            enter_file(ledger, lease, a_batch(an_invalid_row()), arrival=arrival, ending=ending)
        assert ledger.leftovers.beside([]) == [Leftover("owing", files_to_deliver=1)]

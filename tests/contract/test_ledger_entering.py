"""A file enters whole or not at all, and the same bytes are first only once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sftp_sync.errors import TryLater, UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.entering import Arrival
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import FileState, RowState, StagedFile
from tests.support.builders import (
    MAPPING,
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_delivery,
    a_duplicate_row,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_invalid_row,
    an_understanding,
    enter_file,
    sha256_of,
)
from tests.support.databases import contents


class TestAFile:
    def test_is_there_with_its_rows_and_what_was_understood(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        rows_of_it = (ARow(a_phone(1)), a_duplicate_row(a_phone(1)), an_invalid_row())
        file_id = enter_file(ledger, lease, a_batch(*rows_of_it))

        file = ledger.files.get(file_id)

        assert (file.name, file.state, file.total) == ("leads.csv", FileState.DISPATCHING, 3)
        assert file.received_at == NOW
        assert file.understanding["header"] == ["name", "phone"]
        assert {state: n for state, n in file.rows.items() if n} == {
            RowState.PENDING: 1,
            RowState.DUPLICATE: 1,
            RowState.INVALID: 1,
        }

    def test_arrives_as_it_was_staged(self, tmp_path: Path) -> None:
        staged = StagedFile(a_remote_file(size=None), tmp_path, sha256_of("leads"), 99)
        arrival = Arrival.of(a_campaign(), staged, NOW, "one way to read")
        assert arrival == an_arrival(source=staged.source, size=99)

    def test_is_nobodys_while_its_rows_are_written(self, ledger: Ledger, lease: Lease) -> None:
        file_id = ledger.entering.begin(lease, an_arrival(), an_understanding(), MAPPING)
        ledger.entering.add(lease, file_id, a_batch(pending=2))

        assert ledger.files.all() == []
        assert ledger.files.first_import(a_campaign(), sha256_of("leads")) is None
        with pytest.raises(UsageError, match=rf"no file {file_id}.*sftp-sync files"):
            ledger.files.get(file_id)
        with pytest.raises(UsageError, match="no file"):
            ledger.files.release(file_id)

    def test_takes_its_rows_in_batches_and_an_empty_one_is_none(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = ledger.entering.begin(lease, an_arrival(), an_understanding(), MAPPING)
        ledger.entering.add(lease, file_id, a_batch(pending=2))
        ledger.entering.add(lease, file_id, a_batch(pending=0))
        ledger.entering.add(lease, file_id, a_batch(pending=2, first_line=4))
        ledger.entering.finish(lease, file_id, a_remote_file(), an_ending())

        assert [row.line for row in ledger.rows.of_file(file_id)] == [2, 3, 4, 5]
        assert ledger.files.get(file_id).total == 4

    def test_brings_what_goes_to_the_partner_and_what_is_to_be_cleared(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        ending = an_ending(FileState.HELD, reason="strange", deliveries=[a_delivery()], tidy=True)
        file_id = enter_file(ledger, lease, ending=ending)

        assert ledger.files.get(file_id).reason == "strange"
        assert [delivery.file_id for delivery in ledger.deliveries.due("renewals")] == [file_id]
        assert [file.name for file in ledger.files.untidy("renewals")] == ["leads.csv"]
        assert ledger.files.unseen("renewals", "any", [a_remote_file()]) == []

    def test_can_be_set_aside_without_rows(self, ledger: Ledger, lease: Lease) -> None:
        first = enter_file(ledger, lease)
        ending = an_ending(FileState.REPEATED, first_file_id=first, tidy=True, reason="again")
        other = an_arrival(source=a_remote_file("again.csv"))
        file_id = ledger.entering.set_aside(lease, other, ending)

        file = ledger.files.get(file_id)
        assert (file.state, file.total, file.first_file_id) == (FileState.REPEATED, 0, first)
        assert ledger.files.unseen("renewals", "any", [a_remote_file("again.csv")]) == []

    def test_whose_size_no_database_can_hold_is_recorded_all_the_same(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        source = a_remote_file(size=2**64 - 1)
        refused = an_ending(FileState.UNREADABLE)
        ledger.entering.set_aside(lease, an_arrival(source=source, reading="r"), refused)
        assert ledger.files.unseen("renewals", "r", [source]) == []

    def test_holds_any_words_a_partner_can_write(self, ledger: Ledger, lease: Lease) -> None:
        cells = ("a\0b", "half a character: \ud83d", "日本 \U0001f600", "")
        row = an_invalid_row(cells=cells, column="pho\0ne", reason="strange: \udc80")
        header = ("na\0me", "half: \ud83d")
        arrival = an_arrival(source=a_remote_file("bad-\udcff.csv"))
        file_id = ledger.entering.begin(lease, arrival, an_understanding(header=header), MAPPING)
        ledger.entering.add(lease, file_id, a_batch(row))
        ledger.entering.finish(lease, file_id, arrival.source, an_ending(reason="a \0 and \ud83d"))

        (found,) = ledger.rows.of_file(file_id)
        file = ledger.files.get(file_id)

        assert found.cells == cells
        assert (found.column, found.reason) == (r"pho\x00ne", r"strange: \udc80")
        assert (file.name, file.reason) == (r"bad-\xff.csv", r"a \x00 and \ud83d")
        assert file.understanding["header"] == list(header)


class TestWhatAnInterruptedRunLeft:
    def test_is_taken_back_and_the_rest_stays(
        self, ledger: Ledger, lease: Lease, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Small enough that the rows go in several parts.
        monkeypatch.setattr("sftp_sync.ledger.entering.ROWS_AT_ONCE", 2)
        whole = enter_file(ledger, lease)
        theirs = an_arrival(a_campaign("other"), sha256=sha256_of("theirs"))
        ledger.entering.begin(lease, theirs, an_understanding(), MAPPING)
        before = contents(ledger)
        arrival = an_arrival(sha256=sha256_of("half"))
        begun = ledger.entering.begin(lease, arrival, an_understanding(), MAPPING)
        ledger.entering.add(lease, begun, a_batch(pending=5))

        ledger.entering.take_back(lease, "renewals")

        assert contents(ledger) == before
        assert ledger.files.get(whole).total == 3

    def test_keeps_no_bytes_from_being_imported(self, ledger: Ledger, lease: Lease) -> None:
        ledger.entering.begin(lease, an_arrival(), an_understanding(), MAPPING)
        ledger.entering.take_back(lease, "renewals")
        enter_file(ledger, lease)
        assert ledger.files.first_import(a_campaign(), sha256_of("leads")) is not None


class TestOneFirstImport:
    def test_two_campaigns_of_one_vendor_campaign_cannot_both_be_first(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        arrivals = [an_arrival(), an_arrival(a_campaign("twin"))]
        begun = [
            ledger.entering.begin(lease, arrival, an_understanding(), MAPPING)
            for arrival in arrivals
        ]
        ledger.entering.finish(lease, begun[0], arrivals[0].source, an_ending())
        before = contents(ledger)

        with pytest.raises(TryLater, match=r"renewals imported the same bytes.*next run") as caught:
            ledger.entering.finish(
                lease, begun[1], arrivals[1].source, an_ending(deliveries=[a_delivery()])
            )

        assert type(caught.value) is TryLater
        assert contents(ledger) == before
        ledger.entering.take_back(lease, "twin")
        first = ledger.files.first_import(a_campaign(), arrivals[1].sha256)
        assert first is not None
        assert first.id == begun[0]

    def test_other_vendor_campaigns_have_their_own(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        elsewhere = a_campaign("elsewhere", destination="another")
        enter_file(ledger, lease, arrival=an_arrival(elsewhere))
        assert len(ledger.files.all()) == 2

"""Files in the ledger: recognised, shown with a balance that closes, decided on by a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, update

from sftp_sync.errors import LedgerMismatch, UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.ledger.sightings import ANY_READING
from sftp_sync.model import Code, FileRecord, FileState, RowState, StagedFile
from tests.support.builders import (
    ARow,
    a_batch,
    a_campaign,
    a_duplicate_row,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_invalid_row,
    enter_file,
    sha256_of,
)
from tests.support.databases import looked_at, written

HELD = an_ending(FileState.HELD, reason="strange")


class TestSightings:
    def test_spare_what_was_met_by_name_size_and_time(self, ledger: Ledger, lease: Lease) -> None:
        known = a_remote_file()
        enter_file(ledger, lease)
        others = [
            a_remote_file("other.csv"),
            a_remote_file(size=121),
            a_remote_file(modified_at=1_763_620_001),
        ]
        assert ledger.files.unseen("renewals", "any", [known, *others]) == others
        assert ledger.files.unseen("another", "any", [known]) == [known]

    def test_spare_nothing_where_the_server_tells_no_size_or_time(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        mute = [a_remote_file(size=None), a_remote_file("b.csv", modified_at=None)]
        for number, source in enumerate(mute):
            arrival = an_arrival(source=source, sha256=sha256_of(str(number)))
            enter_file(ledger, lease, arrival=arrival)
        assert ledger.files.unseen("renewals", "any", mute) == mute

    def test_follow_a_name_to_its_latest_file(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease)
        touched = a_remote_file(modified_at=1_763_629_999)
        ledger.files.sight(lease, "renewals", touched, file_id)
        assert ledger.files.unseen("renewals", "any", [touched]) == []
        assert ledger.files.unseen("renewals", "any", [a_remote_file()]) == [a_remote_file()]

    def test_know_names_that_are_not_utf_8(self, ledger: Ledger, lease: Lease) -> None:
        source = a_remote_file("caf\udce9.csv")
        enter_file(ledger, lease, arrival=an_arrival(source=source), ending=an_ending(tidy=True))
        utf8 = a_remote_file("café.csv")
        assert ledger.files.unseen("renewals", "any", [source, utf8]) == [utf8]
        assert ledger.files.untidy("renewals")[0].name == source.name
        assert ledger.files.all()[0].name == r"caf\xe9.csv"

    @pytest.mark.parametrize(
        ("read_as", "is_spared"), [("as now", True), ("otherwise", False), (ANY_READING, True)]
    )
    def test_give_a_refused_file_another_try_when_it_would_be_read_otherwise(
        self, ledger: Ledger, lease: Lease, read_as: str, *, is_spared: bool
    ) -> None:
        arrival = an_arrival(reading=read_as)
        ledger.entering.set_aside(lease, arrival, an_ending(FileState.REFUSED))
        unseen = ledger.files.unseen("renewals", "as now", [arrival.source])
        assert unseen == ([] if is_spared else [arrival.source])

    def test_work_for_an_inbox_of_thousands(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, arrival=an_arrival(source=a_remote_file("1499.csv")))
        inbox = [a_remote_file(f"{number}.csv") for number in range(2000)]
        assert len(ledger.files.unseen("renewals", "any", inbox)) == 1999


class TestRecognition:
    def test_the_first_import_is_found_by_vendor_campaign_and_content(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = enter_file(ledger, lease)
        found = ledger.files.first_import(a_campaign().destination, sha256_of("leads"))
        assert found == ledger.files.get(file_id)
        assert ledger.files.first_import(a_campaign().destination, sha256_of("others")) is None
        assert ledger.files.first_import("elsewhere", sha256_of("leads")) is None

    def test_the_latest_of_a_name_and_content_is_told(self, ledger: Ledger, lease: Lease) -> None:
        staged = StagedFile(a_remote_file(), Path("unused"), sha256_of("leads"), 120)
        assert ledger.files.latest_alike("renewals", staged) is None
        enter_file(ledger, lease)
        refused = an_arrival(reading="another way")
        latest = ledger.entering.set_aside(lease, refused, an_ending(FileState.REFUSED))
        found = ledger.files.latest_alike("renewals", staged)
        assert found is not None
        assert found[:3] == (latest, FileState.REFUSED, "another way")
        assert ledger.files.latest_alike("another", staged) is None

    def test_files_are_listed_oldest_first_for_one_campaign_or_all(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        first = enter_file(ledger, lease)
        twin = an_arrival(a_campaign("twin"), sha256=sha256_of("twin"))
        second = enter_file(ledger, lease, arrival=twin, ending=HELD)
        assert [file.id for file in ledger.files.all()] == [first, second]
        assert [file.id for file in ledger.files.all("twin")] == [second]
        assert ledger.files.held() == [second]

    def test_what_was_read_is_cleared_away_once(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, ending=an_ending(tidy=True))
        (read,) = ledger.files.untidy("renewals")
        assert (read.id, read.sha256) == (file_id, sha256_of("leads"))
        ledger.files.tidied(lease, file_id)
        assert ledger.files.untidy("renewals") == []


class TestTheBalance:
    @pytest.mark.parametrize("tampering", ["a row goes", "a row comes", "the total changes"])
    def test_that_does_not_close_stops_everything_with_what_to_do(
        self, ledger: Ledger, lease: Lease, tampering: str
    ) -> None:
        file_id = enter_file(ledger, lease)
        with written(ledger) as connection:
            if tampering == "a row goes":
                connection.execute(delete(rows).where(rows.c.line == 3))
            elif tampering == "a row comes":
                row = connection.execute(select(rows).limit(1)).one()
                values = {**row._mapping, "id": row.id + 100, "line": 99}
                connection.execute(insert(rows).values(**values))
            else:
                connection.execute(update(files).values(total=7))

        for look in (lambda: ledger.files.get(file_id), ledger.files.all):
            with pytest.raises(LedgerMismatch, match=rf"File {file_id}.*leads.csv.*backup"):
                look()

    def test_counts_the_rows_of_many_files(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        with written(ledger) as connection:
            values = dict(connection.execute(select(files)).one()._mapping)
            del values["id"]
            copies = [values | {"original": False, "total": 0} for _ in range(600)]
            connection.execute(insert(files), copies)
        assert sum(file.total for file in ledger.files.all()) == 3


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
        ends = {
            5: {"state": RowState.DUPLICATE, "code": Code.CALLED_RECENTLY, "reason": "recently"},
            6: {"state": RowState.REFUSED, "reason": "the vendor's sentence"},
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

    def test_leaves_the_bytes_known(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, ending=HELD)
        ledger.files.reject(file_id)
        with looked_at(ledger) as connection:
            kept = select(func.count()).select_from(files).where(files.c.original)
            assert connection.execute(kept).scalar_one() == 1

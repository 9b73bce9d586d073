"""Files in the ledger: recognised by content, shown with a balance that closes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from sftp_sync.errors import LedgerMismatch
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.ledger.sightings import ANY_READING
from sftp_sync.model import FileState, StagedFile
from tests.support.builders import (
    a_campaign,
    a_remote_file,
    an_arrival,
    an_ending,
    enter_file,
    sha256_of,
)
from tests.support.databases import written

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
        ledger.entering.set_aside(lease, arrival, an_ending(FileState.UNREADABLE))
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
        found = ledger.files.first_import(a_campaign(), sha256_of("leads"))
        assert found == ledger.files.get(file_id)
        assert ledger.files.first_import(a_campaign(), sha256_of("others")) is None
        assert (
            ledger.files.first_import(
                a_campaign("surveys", destination="elsewhere"), sha256_of("leads")
            )
            is None
        )

    def test_the_latest_of_a_name_and_content_is_told(self, ledger: Ledger, lease: Lease) -> None:
        staged = StagedFile(a_remote_file(), Path("unused"), sha256_of("leads"), 120)
        assert ledger.files.latest_alike("renewals", staged) is None
        enter_file(ledger, lease)
        refused = an_arrival(reading="another way")
        latest = ledger.entering.set_aside(lease, refused, an_ending(FileState.UNREADABLE))
        found = ledger.files.latest_alike("renewals", staged)
        assert found is not None
        assert found[:3] == (latest, FileState.UNREADABLE, "another way")
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

"""All campaigns at once: counted right, whoever counts, and finished files only once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from sftp_sync.errors import (
    ConfigError,
    DiskFull,
    LedgerMismatch,
    NeedsOperator,
    RemoteRefused,
    RemoteUnavailable,
    SyncError,
    VendorRefused,
    VendorUnavailable,
)
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.model import FileState, RowState
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_delivery,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_instant,
    an_invalid_row,
    enter_file,
    sha256_of,
)
from tests.support.databases import looked_at, written

LATER = NOW + timedelta(hours=3)


def a_finished_file(ledger: Ledger, lease: Lease, name: str = "leads.csv") -> int:
    """A file of which there is nothing to send, and nothing to report."""
    arrival = an_arrival(source=a_remote_file(name), sha256=sha256_of(name))
    batch = a_batch(an_invalid_row(), an_invalid_row(), first_line=2)
    return enter_file(
        ledger, lease, batch, arrival=arrival, ending=an_ending(state=FileState.FINISHED)
    )


class TestFinishedFiles:
    def test_are_counted_once(self, ledger: Ledger, lease: Lease) -> None:
        file_id = a_finished_file(ledger, lease)
        going_on = enter_file(ledger, lease, arrival=an_arrival(sha256=sha256_of("b")))

        assert ledger.summaries.note_endings(LATER) == 1
        assert ledger.summaries.note_endings(LATER) == 0

        with looked_at(ledger) as connection:
            asked = select(files.c.id, files.c.counts, files.c.finished_at).order_by(files.c.id)
            first, second = connection.execute(asked).all()
        assert (first.id, first.counts, first.finished_at) == (file_id, '{"invalid": 2}', LATER)
        assert (second.id, second.counts, second.finished_at) == (going_on, None, None)

    def test_are_shown_as_they_were_counted_and_looked_at_one_by_one_anew(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = a_finished_file(ledger, lease)
        ledger.summaries.note_endings(LATER)
        with written(ledger) as connection:
            connection.execute(delete(rows).where(rows.c.file_id == file_id, rows.c.line == 2))

        (listed,) = ledger.files.all()
        assert listed.rows[RowState.INVALID] == 2
        with pytest.raises(LedgerMismatch, match="had 2 rows when it was recorded and has 1 now"):
            ledger.files.get(file_id)

    def test_whose_counts_were_changed_from_outside_do_not_balance(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = a_finished_file(ledger, lease)
        ledger.summaries.note_endings(LATER)
        with written(ledger) as connection:
            changed = update(files).where(files.c.id == file_id)
            connection.execute(changed.values(counts='{"invalid": 1}'))
        with pytest.raises(LedgerMismatch, match="changed from outside"):
            ledger.files.all()

    def test_that_go_on_after_all_are_counted_anew(self, ledger: Ledger, lease: Lease) -> None:
        ending = an_ending(FileState.HELD)
        file_id = enter_file(ledger, lease, a_batch(pending=2), ending=ending)
        ledger.files.reject(file_id)
        with written(ledger) as connection:
            connection.execute(update(files).values(finished_at=LATER))
        ledger.summaries.note_endings(LATER)
        retried = ledger.verdicts.retry(file_id, an_instant(LATER), timedelta(), RowState.REJECTED)
        assert retried == 2

        (file,) = ledger.files.all()

        assert (file.state, file.rows[RowState.PENDING]) == (FileState.DISPATCHING, 2)


class TestASummary:
    def test_counts_every_file_and_shows_what_goes_on_and_the_latest(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        going_on = enter_file(ledger, lease, arrival=an_arrival(sha256=sha256_of("first")))
        finished = [a_finished_file(ledger, lease, f"{number}.csv") for number in range(4)]
        for noted in (False, True):
            if noted:
                ledger.summaries.note_endings(LATER)
            summary = ledger.summaries.all(latest_files=2)["renewals"]
            shown = [file.id for file in summary.files]
            assert shown == [going_on, *(finished[2:] if noted else finished)]
            assert list(summary.rows) == list(RowState)
            counted = {state: number for state, number in summary.rows.items() if number}
            assert counted == {RowState.PENDING: 3, RowState.INVALID: 8}
            assert summary.file_states == {FileState.DISPATCHING: 1, FileState.FINISHED: 4}
            assert summary.lost_rows == 0
            assert summary.last_received_at == NOW

    def test_knows_campaigns_without_files(self, ledger: Ledger) -> None:
        ledger.campaigns.pause("surveys", paused=True)
        summary = ledger.summaries.all(5)["surveys"]
        assert summary.known.paused
        assert summary.files == ()
        assert summary.last_received_at is None

    def test_says_how_far_the_balance_is_from_closing(self, ledger: Ledger, lease: Lease) -> None:
        file_id = a_finished_file(ledger, lease)
        ledger.summaries.note_endings(LATER)
        for number in range(3):
            a_finished_file(ledger, lease, f"{number}.csv")
        ledger.summaries.note_endings(LATER)
        with written(ledger) as connection:
            changed = update(files).where(files.c.id == file_id)
            connection.execute(changed.values(counts='{"invalid": 1}'))
        assert ledger.summaries.all(latest_files=1)["renewals"].lost_rows == 1

    def test_tells_doubts_for_a_person_from_those_that_are_looked_into(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(*(ARow(a_phone(one)) for one in range(3))))
        with written(ledger) as connection:
            for line, look in ((2, None), (3, NOW)):
                row = update(rows).where(rows.c.line == line)
                connection.execute(row.values(state=RowState.SENDING))
                values = {"state": RowState.UNCERTAIN, "next_look_at": look}
                connection.execute(row.values(**values, doubt_since=NOW, given_up_at=NOW))
        assert ledger.summaries.all(5)["renewals"].for_a_person == {file_id: 1}

    def test_tells_what_is_due_to_the_partner(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery("a"), a_delivery("b")]))
        ledger.deliveries.failed(lease, ledger.deliveries.due("renewals")[0], "no room there")
        due = ledger.summaries.all(5)["renewals"].due
        assert due is not None
        assert (due.number, due.error) == (2, "no room there")


class TestOutcomes:
    def test_are_the_same_before_and_after_the_end_was_noted(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        a_finished_file(ledger, lease)
        before = ledger.summaries.outcomes(NOW)
        ledger.summaries.note_endings(LATER)
        after = ledger.summaries.outcomes(NOW)

        assert before == after
        (one,) = before["renewals"]
        assert (one.at, one.counted.rows, one.counted.code) == (NOW, 2, "invalid_number")

    def test_leave_out_what_ended_earlier(self, ledger: Ledger, lease: Lease) -> None:
        a_finished_file(ledger, lease)
        ledger.summaries.note_endings(NOW)
        assert ledger.summaries.outcomes(LATER) == {}

    def test_are_told_by_campaign(self, ledger: Ledger, lease: Lease) -> None:
        for name in ("renewals", "surveys"):
            arrival = an_arrival(a_campaign(name), sha256=sha256_of(name))
            enter_file(ledger, lease, a_batch(pending=2), arrival=arrival)
        found = ledger.summaries.outcomes(NOW)
        assert {name: [one.counted.rows for one in some] for name, some in found.items()} == {
            "renewals": [2],
            "surveys": [2],
        }


KINDS = [
    ("collect", RemoteRefused("changed", step="host_key"), "host_key_changed"),
    ("collect", RemoteRefused("no", step="sign_in"), "sign_in_refused"),
    ("read_import", RemoteRefused("no", step="list_import"), "read_import_failed"),
    ("publish", RemoteUnavailable("down"), "partner_unreachable"),
    ("collect", DiskFull("full"), "disk_full"),
    ("collect", ConfigError("wrong"), "configuration_wrong"),
    ("dispatch", VendorRefused("not active"), "campaign_refused"),
    ("account", VendorRefused("no credit", scope="account"), "account_refused"),
    ("account", VendorUnavailable("503"), "vendor_unreachable"),
    ("delivery_of_results", RemoteRefused("no", step="write_export"), "delivery_failing"),
    ("after_import", NeedsOperator("no"), "after_import_failed"),
]


@pytest.mark.parametrize(("cause", "error", "kind"), KINDS, ids=[kind for *_, kind in KINDS])
def test_a_notice_has_a_kind_that_stays(
    ledger: Ledger, cause: str, error: SyncError, kind: str
) -> None:
    ledger.notices.post("renewals", cause, error, NOW)
    assert [one.kind for one in ledger.notices.all()] == [kind]

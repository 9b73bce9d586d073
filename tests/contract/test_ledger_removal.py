"""Rows of files that were over long ago go, a part at a time; what they came to stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.schema import evidence, files, rows, totals
from sftp_sync.model import Accepted, Claim, Refused, Uncertain
from sftp_sync.report import Period, compose
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_duplicate_row,
    a_moment,
    a_phone,
    an_instant,
    an_invalid_row,
)
from tests.support.databases import contents, looked_at, written
from tests.support.outcomes import Called, received

DAY = timedelta(days=1)
END = NOW + DAY
MUCH_LATER = NOW + timedelta(days=100)


def a_file_long_ago(ledger: Ledger, name: str = "old.csv", number: int = 0) -> int:
    """Two calls, a refusal, an unreadable number and a repeated one; all of it was reported."""
    people = [ARow(a_phone(number + each)) for each in range(3)]
    batch = a_batch(*people, an_invalid_row(), a_duplicate_row())
    file = received(ledger, a_campaign(repeat_after=timedelta()), batch, name=name)
    first, second = (Accepted(f"{name} {each}", "queued") for each in range(2))
    file.send(NOW, first, second, Refused("no such line"))
    file.hear(["completed", "busy"], over_at=NOW, seconds=30)
    file.report(f"{name}.results.csv", delivered_at=END)
    end(ledger, file.file_id)
    return file.file_id


def end(ledger: Ledger, file_id: int, at: datetime = END) -> None:
    with written(ledger) as connection:
        here = files.c.id == file_id
        connection.execute(update(files).where(here).values(finished_at=at))
    ledger.summaries.note_endings(at)


def someone_lately(ledger: Ledger) -> Called:
    """The newest row of the ledger, which is going on."""
    return received(ledger, a_campaign(), a_batch(ARow(a_phone(77))), name="new.csv")


def remove(ledger: Ledger) -> int:
    ledger.retention.empty(MUCH_LATER - 90 * DAY, MUCH_LATER)
    return ledger.retention.remove(MUCH_LATER)


def lines_of(ledger: Ledger, file_id: int) -> list[int]:
    return [row.line for row in ledger.rows.of_file(file_id)]


class TestRows:
    def test_go_and_the_counts_stay(self, ledger: Ledger) -> None:
        file_id = a_file_long_ago(ledger)
        someone_lately(ledger)
        before = ledger.files.get(file_id)
        summary = ledger.summaries.all(5)["renewals"]

        assert remove(ledger) == 5
        assert remove(ledger) == 0

        assert lines_of(ledger, file_id) == []
        after = ledger.files.get(file_id)
        assert after == replace(before, removed_at=MUCH_LATER)
        assert after in ledger.files.all()
        assert sum(after.rows.values()) == after.total == 5
        for latest_files in (5, 1, 0):
            again = ledger.summaries.all(latest_files)["renewals"]
            assert again.rows == summary.rows
            assert again.file_states == summary.file_states
            assert again.lost_rows == 0

    def test_are_in_the_reports_of_their_days_as_before(self, ledger: Ledger) -> None:
        a_file_long_ago(ledger)
        someone_lately(ledger)
        period = Period.since("150d", MUCH_LATER, "UTC")

        def report() -> object:
            made = compose(
                "renewals", ledger.outcomes.since("renewals", period.begin), period, MUCH_LATER
            )
            lines = [(line.tally, line.rows_delivered, line.result_files) for line in made.files]
            return made.tally, made.days, lines, made.open, made.earlier_rows

        before = report()
        happened = ledger.summaries.outcomes(NOW - DAY)
        assert remove(ledger) == 5
        assert report() == before
        assert ledger.summaries.outcomes(NOW - DAY) == happened

    def test_of_several_files_are_added_up(self, ledger: Ledger) -> None:
        for number in range(3):
            a_file_long_ago(ledger, f"{number}.csv", 10 * number)
        someone_lately(ledger)
        assert remove(ledger) == 15
        with looked_at(ledger) as connection:
            asked = select(totals.c.state, totals.c.rows).where(totals.c.campaign == "renewals")
            assert dict(connection.execute(asked).all()) == {
                "accepted": 6,
                "refused": 3,
                "invalid": 3,
                "duplicate": 3,
            }

    def test_go_a_part_at_a_time_with_what_was_heard_of_them(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sftp_sync.ledger.removal.ROWS_AT_ONCE", 2)
        file_id = a_file_long_ago(ledger)
        someone_lately(ledger)
        ledger.retention.empty(MUCH_LATER - 90 * DAY, MUCH_LATER)
        with written(ledger) as connection:
            first = select(func.min(rows.c.id)).where(rows.c.file_id == file_id)
            row_id = connection.execute(first).scalar_one()
            heard = {"row_id": row_id, "attempt": 1, "at": NOW, "said": "late"}
            connection.execute(insert(evidence).values(**heard))
        assert ledger.retention.remove(MUCH_LATER) == 5
        assert contents(ledger)["evidence"] == []

    def test_of_the_newest_number_stay_so_that_it_is_not_given_again(self, ledger: Ledger) -> None:
        file_id = a_file_long_ago(ledger)
        with looked_at(ledger) as connection:
            newest = connection.execute(select(func.max(rows.c.id))).scalar_one()
        assert remove(ledger) == 4
        assert len(lines_of(ledger, file_id)) == 1
        (row,) = ledger.rows.of_file(someone_lately(ledger).file_id)
        assert row.id > newest
        assert remove(ledger) == 1
        assert lines_of(ledger, file_id) == []

    def test_that_are_not_emptied_stay(self, ledger: Ledger) -> None:
        file_id = a_file_long_ago(ledger)
        someone_lately(ledger)
        assert ledger.retention.remove(MUCH_LATER) == 0
        assert len(lines_of(ledger, file_id)) == 5

    @pytest.mark.parametrize(("doubt_since", "removed"), [(END + DAY, 0), (END + 3 * DAY, 5)])
    def test_stay_while_a_doubt_from_their_time_could_take_their_calls(
        self, ledger: Ledger, doubt_since: datetime, removed: int
    ) -> None:
        a_file_long_ago(ledger)
        someone_lately(ledger).send(doubt_since, Uncertain("no answer"))
        assert remove(ledger) == removed

    def test_stay_while_a_restored_ledger_has_such_doubts_to_come(self, ledger: Ledger) -> None:
        a_file_long_ago(ledger)
        later = someone_lately(ledger)
        marked = update(rows).where(rows.c.file_id == later.file_id)
        with written(ledger) as connection:
            connection.execute(marked.values(doubt_since=NOW))
        assert remove(ledger) == 0
        with written(ledger) as connection:
            connection.execute(marked.values(doubt_since=None))
        assert remove(ledger) == 5

    def test_are_not_missed_by_an_answer_that_comes_long_after(self, ledger: Ledger) -> None:
        file = received(ledger, a_campaign(), a_batch(ARow(a_phone(1))))
        with ledger.leases.hold("dispatch:vendor") as lease:
            claim = ledger.claims.claim(lease, a_campaign(), a_moment())
        assert isinstance(claim, Claim)
        ledger.settling.settle(claim, Accepted("c-1", "queued"), an_instant(), DAY)
        file.hear(["completed"], over_at=NOW)
        file.report("r.csv", delivered_at=END)
        end(ledger, file.file_id)
        someone_lately(ledger)
        assert remove(ledger) == 1
        before = contents(ledger)
        late = ledger.settling.settle(claim, Accepted("c-2", "queued"), an_instant(MUCH_LATER), DAY)
        assert late.state is None
        assert contents(ledger) == before

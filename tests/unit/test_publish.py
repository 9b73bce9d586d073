"""Result files: what stands in them to the letter, and that nothing is said twice or left out when
something changes between the writing and the writing down.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sftp_sync.around import Surroundings
from sftp_sync.errors import RemoteUnavailable
from sftp_sync.ledger import Ledger
from sftp_sync.model import (
    Campaign,
    FileState,
    Refused,
    ResultRow,
    ResultRules,
    RowState,
)
from sftp_sync.outbox.results import compose, result_name
from sftp_sync.remote.base import Remote
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.spool import SPARE_BYTES, Spool
from sftp_sync.steps.publish import Published, publish
from sftp_sync.wiring.parts import nobody_watches
from tests.support.builders import NOW, ARow, a_batch, a_campaign, a_phone, an_instant
from tests.support.databases import fresh_database
from tests.support.outcomes import Called, accepted, received
from tests.support.sftp_servers import make_folders

SNAPSHOT = ResultRules(mode="snapshot")
HOUR = timedelta(hours=1)
FIRST = "leads.csv.20261120T063000Z.results.csv"
COLUMNS = ["name", "phone"]
RESULTS = [
    *("result_phone", "result_status", "result_call_id", "result_retries"),
    *("result_duration_seconds", "result_queued_at", "result_updated_at", "result_final"),
    *("result_reason", "result_line"),
]


@dataclass
class Evening:
    """A ledger, a partner's folder, and a clock."""

    ledger: Ledger
    root: Path
    folder: Path
    at: datetime = NOW
    connections: list[Remote] = field(default_factory=list)

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            ledger=self.ledger,
            spool=Spool(self.folder / "spool", lambda _: 10 * SPARE_BYTES),
            now=lambda: self.at,
            wait=lambda _: None,
            watch=nobody_watches,
            monotonic=time.monotonic,
            boot_time=lambda: an_instant().boot_time,
        )

    def connect(self) -> Remote:
        self.connections.append(FolderRemote(self.root))
        return self.connections[-1]

    def publish(self, campaign: Campaign | None = None) -> Published:
        return publish(campaign or a_campaign(), self.connect, self.around)

    def outbox(self) -> set[str]:
        return {path.name for path in (self.root / "outbox").iterdir()}

    def read(self, name: str = FIRST) -> list[dict[str, str]]:
        text = (self.root / "outbox" / name).read_text("utf-8-sig")
        return list(csv.DictReader(text.splitlines()))

    def spooled(self) -> list[Path]:
        return [path for path in (self.folder / "spool").rglob("*") if path.is_file()]

    def state(self, called: Called) -> FileState:
        return self.ledger.files.get(called.file_id).state


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Evening]:
    make_folders(tmp_path / "partner")
    with fresh_database("sqlite", tmp_path) as database, database.open() as ledger:
        yield Evening(ledger, tmp_path / "partner", tmp_path)


def a_result(**changes: Any) -> ResultRow:
    row = ResultRow(
        row_id=1,
        line=2,
        cells=("Ann", "212-555-0000"),
        phone=a_phone(),
        state=RowState.ACCEPTED,
        reason=None,
        call_id="call-1",
        status="completed",
        retries=2,
        duration_seconds=61,
        queued_at=NOW,
        updated_at=NOW + HOUR,
        is_over=True,
        matched_by=None,
    )
    return replace(row, **changes)


def told(evening: Evening, row: ResultRow, form: str = "csv", **rules: Any) -> bytes:
    """A result file of one row."""
    campaign = a_campaign(results=ResultRules(format=form, **rules))  # type: ignore[arg-type]
    file = evening.ledger.files.get(received(evening.ledger, campaign).file_id)
    delivery, _ = compose(evening.around, campaign, file, f"x.{form}", [row])
    return evening.around.spool.path_of(delivery.spooled).read_bytes()


class TestARow:
    def test_says_all_that_is_known_of_its_call(self, evening: Evening) -> None:
        header, row = csv.reader(told(evening, a_result()).decode("utf-8-sig").splitlines())
        assert header == [*COLUMNS, *RESULTS]
        assert row == [
            *("Ann", "212-555-0000", a_phone(), "completed", "call-1", "2", "61"),
            *("2026-11-20T06:30:00Z", "2026-11-20T07:30:00Z", "true", "", "2"),
        ]

    def test_leaves_empty_what_is_not_known(self, evening: Evening) -> None:
        nothing = a_result(
            call_id=None,
            status=None,
            retries=None,
            duration_seconds=None,
            queued_at=None,
            updated_at=None,
            is_over=False,
        )
        _, row = csv.reader(told(evening, nothing).decode("utf-8-sig").splitlines())
        assert row[2:] == [a_phone(), "queued", *[""] * 5, "false", "", "2"]

    @pytest.mark.parametrize(
        ("changes", "status", "reason"),
        [
            ({"state": RowState.ACCEPTED}, "completed", ""),
            ({"matched_by": "matched by number"}, "completed", "matched by number"),
            (
                {"state": RowState.ALREADY_QUEUED},
                "completed",
                "the vendor had a call to this number queued already",
            ),
            (
                {"state": RowState.ALREADY_QUEUED, "reason": "by hand", "matched_by": "by number"},
                "completed",
                "the vendor had a call to this number queued already; by hand; by number",
            ),
            ({"state": RowState.REFUSED, "reason": "No."}, "refused", "No."),
            ({"state": RowState.EXPIRED, "reason": "Late."}, "expired", "Late."),
            ({"state": RowState.SUPPRESSED, "reason": "dnc"}, "suppressed", "dnc"),
            ({"state": RowState.DUPLICATE, "reason": "before"}, "duplicate", "before"),
        ],
    )
    def test_says_how_it_stands_and_why(
        self, evening: Evening, changes: dict[str, Any], status: str, reason: str
    ) -> None:
        text = told(evening, a_result(**changes)).decode("utf-8-sig")
        (row,) = csv.DictReader(text.splitlines())
        assert (row["result_status"], row["result_reason"]) == (status, reason)

    @pytest.mark.parametrize(
        ("cells", "fitted"), [(("Ann",), ["Ann", ""]), (("Ann", "1", "more"), ["Ann", "1"])]
    )
    def test_has_as_many_cells_as_there_are_columns(
        self, evening: Evening, cells: tuple[str, ...], fitted: list[str]
    ) -> None:
        text = told(evening, a_result(cells=cells)).decode("utf-8-sig")
        _, row = csv.reader(text.splitlines())
        assert row[:3] == [*fitted, a_phone()]

    @pytest.mark.parametrize(("is_safe", "cell"), [(True, "'=1+1"), (False, "=1+1")])
    def test_is_defused_unless_asked_otherwise(
        self, evening: Evening, *, is_safe: bool, cell: str
    ) -> None:
        row = a_result(cells=("=1+1", "x"))
        text = told(evening, row, spreadsheet_safe=is_safe).decode("utf-8-sig")
        assert next(csv.DictReader(text.splitlines()))["name"] == cell

    def test_in_json_has_numbers_and_nulls(self, evening: Evening) -> None:
        (line,) = told(evening, a_result(call_id=None), "jsonl").decode().splitlines()
        assert json.loads(line) == {
            "name": "Ann",
            "phone": "212-555-0000",
            "result_phone": a_phone(),
            "result_status": "completed",
            "result_call_id": None,
            "result_retries": 2,
            "result_duration_seconds": 61,
            "result_queued_at": "2026-11-20T06:30:00Z",
            "result_updated_at": "2026-11-20T07:30:00Z",
            "result_final": "true",
            "result_reason": None,
            "result_line": 2,
        }

    def test_in_a_workbook_has_text_and_numbers(self, evening: Evening, tmp_path: Path) -> None:
        (tmp_path / "told.xlsx").write_bytes(told(evening, a_result(), "xlsx"))
        book = openpyxl.load_workbook(tmp_path / "told.xlsx")
        assert book.active is not None
        header, row = book.active.iter_rows(values_only=True)
        book.close()
        assert header == (*COLUMNS, *RESULTS)
        assert row[2:7] == (a_phone(), "completed", "call-1", 2, 61)
        assert row[-1] == 2


def test_what_is_composed_lies_private_in_the_spool_with_its_hash_and_the_rows_that_are_over(
    evening: Evening,
) -> None:
    campaign = a_campaign()
    file = evening.ledger.files.get(received(evening.ledger, campaign).file_id)
    rows = [a_result(row_id=7), a_result(row_id=8, is_over=False), a_result(row_id=9)]
    name = result_name(campaign, file, NOW)
    delivery, over = compose(evening.around, campaign, file, name, rows)
    assert over == [7, 9]
    assert (delivery.kind, delivery.folder, delivery.name) == ("results", "/outbox", FIRST)
    assert not delivery.may_replace
    (spooled,) = evening.spooled()
    assert spooled == evening.around.spool.path_of(delivery.spooled)
    assert spooled.parent.name == "results"
    assert spooled.stat().st_mode & 0o777 == 0o600
    assert delivery.size == spooled.stat().st_size
    other, _ = compose(evening.around, campaign, file, name, rows)
    assert other.sha256 == delivery.sha256
    assert len(delivery.sha256) == 64


class TestFinalResults:
    def test_are_each_told_once_when_they_are_over(self, evening: Evening) -> None:
        called = received(evening.ledger, a_campaign())
        called.send(NOW, *accepted(3))
        assert evening.publish() == Published(0, 0)
        assert evening.connections == []
        called.hear(["completed", "busy"], over_at=NOW)
        assert evening.publish() == Published(1, 1)
        assert [row["result_status"] for row in evening.read()] == ["completed", "busy"]
        assert evening.state(called) == FileState.FOLLOWING
        assert evening.publish() == Published(0, 0)
        called.hear(["failed"], over_at=NOW)
        # In the same second: its name is taken, and the next one is free.
        assert evening.publish() == Published(1, 1)
        (second,) = evening.outbox() - {FIRST}
        assert second == "leads.csv.20261120T063001Z.results.csv"
        assert [row["result_line"] for row in evening.read(second)] == ["4"]
        assert evening.state(called) == FileState.FINISHED
        assert evening.spooled() == []

    def test_of_several_lists_are_a_file_each(self, evening: Evening) -> None:
        for number in range(2):
            batch = a_batch(ARow(a_phone(number)))
            called = received(evening.ledger, a_campaign(), batch, name=f"{number}.csv")
            called.send(NOW, *accepted(1))
            called.hear(["completed"], over_at=NOW)
        assert evening.publish() == Published(2, 2)
        assert len(evening.outbox()) == 2

    def test_of_another_campaign_are_not_told(self, evening: Evening) -> None:
        called = received(evening.ledger, a_campaign("winback"))
        called.send(NOW, *accepted(3))
        called.hear(["completed"], over_at=NOW)
        assert evening.publish() == Published(0, 0)
        assert evening.spooled() == []

    def test_that_cannot_be_brought_stay_due_and_are_composed_once(self, evening: Evening) -> None:
        called = received(evening.ledger, a_campaign())
        called.send(NOW, *accepted(3))
        called.hear(["completed"] * 3, over_at=NOW)

        def away() -> Remote:
            raise RemoteUnavailable("away")

        with pytest.raises(RemoteUnavailable):
            publish(a_campaign(), away, evening.around)
        assert evening.state(called) == FileState.FOLLOWING
        assert len(evening.spooled()) == 1
        assert evening.publish() == Published(0, 1)
        assert len(evening.read()) == 3
        assert evening.state(called) == FileState.FINISHED

    def test_that_change_while_they_are_written_are_told_as_they_then_are(
        self, evening: Evening
    ) -> None:
        """A refused row is sent again by hand, between the file and its place in the ledger."""
        called = received(evening.ledger, a_campaign())
        called.send(NOW, Refused("No."), *accepted(2))
        spool = evening.around.spool

        class Interrupted(Spool):
            def name_of(self, path: Path) -> str:
                if evening.ledger.files.get(called.file_id).rows[RowState.REFUSED]:
                    evening.ledger.verdicts.retry(called.file_id, an_instant(), timedelta())
                return super().name_of(path)

        around = replace(evening.around, spool=Interrupted(spool.root, spool.free_bytes))
        assert publish(a_campaign(), evening.connect, around) == Published(0, 0)
        assert evening.outbox() == set()
        assert evening.spooled() == []
        called.send(NOW, *accepted(1))
        called.hear(["completed"] * 3, over_at=NOW)
        assert evening.publish() == Published(1, 1)
        assert {row["result_status"] for row in evening.read()} == {"completed"}
        assert evening.state(called) == FileState.FINISHED


class TestASnapshot:
    def test_is_one_file_that_follows_what_happens(self, evening: Evening) -> None:
        campaign = a_campaign(results=SNAPSHOT)
        called = received(evening.ledger, campaign)
        called.send(NOW, *accepted(3))
        assert evening.publish(campaign) == Published(1, 1)
        assert [row["result_status"] for row in evening.read()] == ["queued"] * 3
        # However late it is, the name is that of the source's arrival.
        evening.at = NOW + HOUR
        assert evening.publish(campaign) == Published(0, 0)
        called.hear(["completed"] * 2, over_at=NOW)
        assert evening.publish(campaign) == Published(1, 1)
        assert [row["result_final"] for row in evening.read()] == ["true", "true", "false"]
        called.hear(["busy"], over_at=NOW)
        assert evening.publish(campaign) == Published(1, 1)
        assert evening.outbox() == {FIRST}
        assert evening.state(called) == FileState.FINISHED
        assert evening.publish(campaign) == Published(0, 0)
        assert evening.spooled() == []

    def test_that_was_not_brought_yet_is_replaced_in_the_spool(self, evening: Evening) -> None:
        campaign = a_campaign(results=SNAPSHOT)
        called = received(evening.ledger, campaign)
        called.send(NOW, *accepted(3))

        def away() -> Remote:
            raise RemoteUnavailable("away")

        for _ in range(2):
            with pytest.raises(RemoteUnavailable):
                publish(campaign, away, evening.around)
            assert len(evening.spooled()) == 1
            called.hear(["completed"], over_at=NOW)
        assert evening.publish(campaign) == Published(1, 1)
        assert [row["result_final"] for row in evening.read()] == ["true", "true", "false"]
        assert evening.spooled() == []

    def test_that_is_overtaken_while_it_is_written_leaves_the_row_to_be_told(
        self, evening: Evening
    ) -> None:
        """A refused row is sent again by hand: what stands in the file is not the last of it."""
        campaign = a_campaign(results=SNAPSHOT)
        called = received(evening.ledger, campaign)
        called.send(NOW, Refused("No."), *accepted(2))
        called.hear(["completed"] * 2, over_at=NOW)
        spool = evening.around.spool

        class Interrupted(Spool):
            def name_of(self, path: Path) -> str:
                if evening.ledger.files.get(called.file_id).rows[RowState.REFUSED]:
                    evening.ledger.verdicts.retry(called.file_id, an_instant(), timedelta())
                return super().name_of(path)

        around = replace(evening.around, spool=Interrupted(spool.root, spool.free_bytes))
        publish(campaign, evening.connect, around)
        assert evening.read()[0]["result_status"] == "refused"
        assert evening.state(called) == FileState.DISPATCHING
        called.send(NOW, *accepted(1))
        called.hear(["completed"], over_at=NOW)
        assert evening.publish(campaign) == Published(1, 1)
        assert [row["result_status"] for row in evening.read()] == ["completed"] * 3
        assert evening.state(called) == FileState.FINISHED

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.errors import FileRefused
from sftp_sync.intake.entry import enter, refuse, repeat
from sftp_sync.model import ContactRules, RemoteFile, ResultRules, RowState, StagedFile
from tests.support.builders import a_campaign
from tests.support.desks import Intake, an_intake
from tests.support.lists import workbook

US = ContactRules(region="US")


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        yield made


def composed(intake: Intake) -> dict[str, bytes]:
    """What lies in the spool for the partner, by the name it will have."""
    due = intake.ledger.deliveries.due("renewals")
    return {one.name: intake.around.spool.path_of(one.spooled).read_bytes() for one in due}


def taken_in(intake: Intake, content: bytes, **changes: Any) -> dict[str, bytes]:
    campaign = a_campaign(contacts=US, **changes)
    enter(intake.desk(campaign), intake.staged(intake.drop("list.csv", content)))
    return composed(intake)


def receipt_of(files: dict[str, bytes]) -> dict[str, Any]:
    (told,) = (json.loads(content) for name, content in files.items() if name.endswith(".json"))
    return dict(told)


def rejects_of(files: dict[str, bytes]) -> list[list[str]]:
    (found,) = (content for name, content in files.items() if name.endswith(".rejects.csv"))
    assert found.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(found.decode("utf-8-sig"))))


def test_a_receipt_says_what_was_understood_and_what_came_of_it(intake: Intake) -> None:
    files = taken_in(intake, b"phone;name\n2125550123;Ann\n12;Bob\n2125550123;Cleo\n")
    told = receipt_of(files)
    assert told["source"]["name"] == "list.csv"
    assert told["campaign"] == "renewals"
    assert told["received_at"] == "2026-11-20T06:30:00Z"
    assert (told["state"], told["reason"]) == ("dispatching", None)
    counted = {state: number for state, number in told["rows"].items() if number}
    assert counted == {"total": 3, "pending": 1, "duplicate": 1, "invalid": 1}
    assert told["codes"] == {"duplicate_in_file": 1, "invalid_number": 1}
    assert told["duplicate_lines"] == [4]
    assert told["understood"]["delimiter"] == ";"
    assert told["understood"]["phone_columns"] == ["phone"]
    assert told["files"] == ["list.csv.20261120T063000Z.rejects.csv"]


def test_a_receipt_says_this_and_nothing_else(intake: Intake) -> None:
    """Partners' programs read it: a key that is renamed or lost is a broken contract."""
    content = b"name,phone,country\nAnn,2125550123,US\nBob,12,US\nCleo,2125550123,US\n"
    source = intake.drop("list.csv", content)
    told = receipt_of(taken_in(intake, content))
    assert told == {
        "source": {
            "name": "list.csv",
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "modified_at": datetime.fromtimestamp(source.modified_at or 0, UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        },
        "campaign": "renewals",
        "received_at": "2026-11-20T06:30:00Z",
        "state": "dispatching",
        "reason": None,
        "rows": {
            **{str(state): 0 for state in RowState},
            "total": 3,
            "pending": 1,
            "duplicate": 1,
            "invalid": 1,
        },
        "codes": {"duplicate_in_file": 1, "invalid_number": 1},
        "duplicate_lines": [4],
        "suppressed_lines": [],
        "understood": {
            "format": "csv",
            "header": ["name", "phone", "country"],
            "header_line": 1,
            "delimiter": ",",
            "encoding": "utf-8",
            "sheet": None,
            "other_sheets": [],
            "phone_columns": ["phone"],
            "region_column": None,
        },
        "files": ["list.csv.20261120T063000Z.rejects.csv"],
    }


def test_a_receipt_about_a_file_that_was_not_read_says_this_and_nothing_else(
    intake: Intake,
) -> None:
    """Its server told no time, and it was not fetched."""
    source = RemoteFile("list.csv", 5, None)
    staged = StagedFile(source, intake.root / "nowhere", "", 5)
    refuse(intake.desk(), staged, FileRefused("Too large.", fix="Send less."))
    assert receipt_of(composed(intake)) == {
        "source": {"name": "list.csv", "sha256": None, "bytes": 5, "modified_at": None},
        "campaign": "renewals",
        "received_at": "2026-11-20T06:30:00Z",
        "state": "unreadable",
        "reason": "Too large. Send less.",
        "files": [],
    }


def test_what_is_composed_is_written_down_as_it_lies_there_and_nobody_else_reads_it(
    intake: Intake,
) -> None:
    taken_in(intake, b"phone\n12\n2125550124\n")
    for one in intake.ledger.deliveries.due("renewals"):
        spooled = intake.around.spool.path_of(one.spooled)
        content = spooled.read_bytes()
        assert (one.sha256, one.size) == (hashlib.sha256(content).hexdigest(), len(content))
        assert one.folder == "/outbox"
        assert spooled.parent.name == "receipts"
        assert spooled.stat().st_mode & 0o777 == 0o600
        assert not one.may_replace
    kinds = [one.kind for one in intake.ledger.deliveries.due("renewals")]
    assert kinds == ["rejects", "receipt"]


def test_rejects_that_come_back_unmended_are_rejected_under_the_same_columns(
    intake: Intake,
) -> None:
    first = b"phone,reject_line,reject_code,reject_reason\n12,2,invalid_number,Too short.\n"
    header, row = rejects_of(taken_in(intake, first))
    assert header == ["phone", "reject_line", "reject_code", "reject_reason"]
    assert row[:3] == ["12", "2", "invalid_number"]


def test_rejects_give_the_row_back_as_it_came_with_line_code_and_sentence(intake: Intake) -> None:
    header, row = rejects_of(taken_in(intake, b"name,phone\nJos\xc3\xa9,0012\nAnn,2125550123\n"))
    assert header == ["name", "phone", "reject_line", "reject_code", "reject_reason"]
    assert row[:4] == ["José", "0012", "2", "invalid_number"]
    assert row[4].endswith(".")


def test_a_ragged_row_goes_back_whole(intake: Intake) -> None:
    header, row = rejects_of(taken_in(intake, b"phone,name\n12,Ann,more,and more\n"))
    assert row[:4] == ["12", "Ann", "more", "and more"]
    assert len(header) == len(row)


def test_a_number_under_a_merged_header_goes_back_with_its_row(intake: Intake) -> None:
    rows = [["name", "phone"], ["Ann", None, "+12125550141"], ["Bob", "+12125550142"]]
    files = taken_in(intake, workbook({"List": rows}))
    _, row = rejects_of(files)
    assert row[:3] == ["Ann", "", "+12125550141"]
    assert row[-2] == "ragged_row"
    assert "name every column" in row[-1]


def test_a_formula_in_a_reject_is_defused_unless_asked_otherwise(intake: Intake) -> None:
    content = b"phone,name\n12,=1+1\n"
    assert rejects_of(taken_in(intake, content))[1][1] == "'=1+1"


def test_without_rejects_there_is_only_a_receipt(intake: Intake) -> None:
    files = taken_in(intake, b"phone\n2125550123\n")
    assert list(files) == ["list.csv.20261120T063000Z.receipt.json"]


def test_where_receipts_are_off_nothing_is_composed(intake: Intake) -> None:
    assert taken_in(intake, b"phone\n12\n", results=ResultRules(receipts=False)) == {}


def test_a_second_file_of_that_name_in_the_same_second_has_a_later_stamp(intake: Intake) -> None:
    taken_in(intake, b"phone\n2125550123\n")
    files = taken_in(intake, b"phone\n12\n2125550124\n")
    assert set(files) == {
        "list.csv.20261120T063000Z.receipt.json",
        "list.csv.20261120T063001Z.receipt.json",
        "list.csv.20261120T063001Z.rejects.csv",
    }


def test_a_refusal_says_why_and_what_to_change(intake: Intake) -> None:
    staged = intake.staged(intake.drop("list.csv"))
    refuse(intake.desk(), staged, FileRefused("No phone column.", fix="Name one."))
    told = receipt_of(composed(intake))
    assert (told["state"], told["reason"]) == ("unreadable", "No phone column. Name one.")
    assert "rows" not in told


def test_a_repeat_names_the_first_import(intake: Intake) -> None:
    first = enter(intake.desk(), intake.staged(intake.drop("list.csv")))
    repeat(intake.desk(), intake.staged(intake.drop("again.csv")), first)
    files = composed(intake)
    told = json.loads(files["again.csv.20261120T063000Z.receipt.json"])
    assert told["first_import"] == {
        "name": "list.csv",
        "received_at": "2026-11-20T06:30:00Z",
        "campaign": "renewals",
    }

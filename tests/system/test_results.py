"""Results go home through the installed command: complete, once, readable."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from sftp_sync.model import FileState, RowState
from sftp_sync.sandbox.quirks import Quirks
from tests.support.calls import vendor
from tests.support.homecomings import (
    OVER_AT_ONCE,
    TO_REPORT,
    Evening,
    called,
    evening,
    judge,
    read_results,
)
from tests.support.openssh import sshd


def test_from_a_list_at_an_openssh_server_to_its_results_there(tmp_path: Path) -> None:
    with (
        sshd(tmp_path / "partner") as server,
        vendor(tmp_path / "vendor", speed=1000.0) as taking,
    ):
        taking.break_with(**OVER_AT_ONCE)
        at = called(tmp_path / "home", taking, server)
        assert at.wind_up().code == 0
        judge(at)


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_result_files_open_again_with_numbers_and_cells_intact(form: str) -> None:
    with evening(format=form) as at:
        assert at.wind_up().code == 0
        judge(at)
        (path,) = at.results()
        rows = read_results(path)
    names = [row["name"] for row in rows]
    assert names[0] == "Ann"
    assert names[2] == 'Cleo; "C"\nof two lines'
    assert names[3] == "-5"
    assert [row["phone"] for row in rows] == list(TO_REPORT)
    assert [row["result_phone"] for row in rows] == list(TO_REPORT)
    assert [row["result_line"] for row in rows] == ["2", "3", "4", "8"]
    assert {row["result_final"] for row in rows} == {"true"}
    assert all(row["result_call_id"] for row in rows)


def test_a_formula_of_a_list_is_harmless_in_the_results() -> None:
    with evening(format="csv") as at:
        assert at.wind_up().code == 0
        (path,) = at.results()
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]
    assert "+12125550124" in cells
    assert "-5" in cells


def test_numbers_are_text_in_a_workbook(tmp_path: Path) -> None:
    with evening(format="xlsx") as at:
        assert at.wind_up().code == 0
        (path,) = at.results()
        book = openpyxl.load_workbook(path)
        sheet = book.active
        assert sheet is not None
        header = [cell.value for cell in sheet[1]]
        phone = sheet.cell(row=2, column=header.index("result_phone") + 1)
        formula = sheet.cell(row=3, column=header.index("name") + 1)
        book.close()
    del tmp_path
    assert (phone.value, phone.data_type) == ("+12125550123", "s")
    assert formula.data_type == "s"


def test_results_that_arrive_over_many_runs_are_each_reported_once() -> None:
    with evening() as at:
        seen: Counter[str] = Counter()
        files = 0
        # As the calls end one after the other: only some of them are listed as over at a time.
        for over in range(1, len(TO_REPORT) + 1):
            at.vendor.break_with(**OVER_AT_ONCE, calls_cap=over)
            assert at.wind_up().code in {0, 1}
            seen = Counter(row["result_phone"] for row in at.reported())
            assert set(seen.values()) <= {1}
            files = len(at.results())
        assert seen == Counter(TO_REPORT)
        assert files > 1
        judge(at)


def test_a_snapshot_is_one_file_that_is_replaced() -> None:
    with evening(mode="snapshot") as at:
        at.vendor.break_with(**OVER_AT_ONCE, calls_cap=0)
        assert at.wind_up().code == 0
        (first,) = at.results()
        assert {row["result_final"] for row in read_results(first)} == {"false"}
        at.vendor.break_with(**OVER_AT_ONCE)
        assert at.wind_up().code == 0
        assert at.results() == [first]
        assert {row["result_final"] for row in read_results(first)} == {"true"}
        judge(at)


def test_rejected_rows_are_in_the_results_with_the_reason() -> None:
    with evening() as at:
        with at.house.ledger() as ledger:
            (file,) = ledger.files.all()
            wanted = (RowState.ACCEPTED,)
            rows = list(ledger.rows.of_file(file.id, wanted))
        assert len(rows) == len(TO_REPORT)
        at.partner.drop("more.csv", b"phone,name\n+12125550140,Zoe\n")
        at.house.change(hold={"rows_below": 2})
        at.house.pass_the_test()
        at.house.collect()
        held = at.house.file("more.csv")
        assert held.state == FileState.HELD
        assert at.house.run("reject", str(held.id)).code == 0
        assert at.wind_up().code == 0
        found = {row["result_phone"]: row for row in at.reported()}
        assert found["+12125550140"]["result_status"] == "rejected"
        assert found["+12125550140"]["result_reason"] == "rejected by the operator"
        assert at.house.file("more.csv").state == FileState.REJECTED


def test_a_partner_without_room_gets_its_results_later_and_somebody_is_told() -> None:
    with evening() as at:
        sandbox = at.server.sandbox
        assert sandbox is not None
        sandbox.quirks = Quirks(disk_full_at=10)
        failed = at.wind_up()
        assert failed.code == 1
        assert "outbox" in failed.said
        assert at.results() == []
        assert at.house.attention()
        sandbox.quirks = Quirks()
        assert at.wind_up().code == 0
        judge(at)
        assert at.house.attention() == ""


def test_a_vendor_that_is_down_stops_no_delivery() -> None:
    with evening() as at:
        followed = at.house.sync("--only", "follow", "--quiet")
        assert followed.code == 0
        at.house.accounts["vendor"]["base_url"] = "http://127.0.0.1:9/api/v1"
        at.house.pass_the_test()
        down = at.wind_up()
        assert down.code in {0, 1}
        judge(at)


def test_retried_rows_are_reported_again() -> None:
    with evening() as at:
        at.partner.drop("more.csv", b"phone,name\n+12125550140,Zoe\n")
        at.house.change(hold={"rows_below": 2})
        at.house.pass_the_test()
        at.house.collect()
        held = at.house.file("more.csv")
        at.house.run("reject", str(held.id))
        at.wind_up()
        (first,) = [path for path in at.results() if path.name.startswith("more")]
        again = at.house.run("retry", str(held.id), "--state", "rejected")
        assert again.code == 0, again.said
        at.house.dispatch("--quiet")
        at.wind_up()
        mine = [row for row in at.reported() if row["result_phone"] == "+12125550140"]
        assert [row["result_status"] for row in mine] == ["rejected", mine[-1]["result_status"]]
        assert mine[-1]["result_status"] != "rejected"
        assert mine[-1]["result_reason"] == f"supersedes the row in {first.name}"
        others = [row for row in at.reported() if row["result_phone"] != "+12125550140"]
        assert not any("supersedes" in row["result_reason"] for row in others)
        assert at.house.file("more.csv").state == FileState.FINISHED


def test_status_and_files_say_what_was_delivered_and_what_is_outstanding() -> None:
    with evening() as at:
        sandbox = at.server.sandbox
        assert sandbox is not None
        assert results_of(at) == (0, 0, len(TO_REPORT))
        at.vendor.break_with(**OVER_AT_ONCE, calls_cap=1)
        sandbox.quirks = Quirks(disk_full_at=10)
        assert at.wind_up().code == 1
        assert results_of(at) == (0, 1, len(TO_REPORT) - 1)
        (file,) = at.house.status()["files"]
        assert file["results"]["error"]
        assert file["results"]["delivered_at"] is None
        for command in ("status", "files"):
            assert "1 due, 3 rows to come" in at.house.run(command).stdout
        sandbox.quirks = Quirks()
        assert at.wind_up().code == 0
        assert results_of(at) == (1, 0, len(TO_REPORT) - 1)
        (file,) = at.house.status()["files"]
        assert file["results"]["error"] is None
        assert file["results"]["delivered_at"] > file["received_at"]
        at.vendor.break_with(**OVER_AT_ONCE)
        assert at.wind_up().code == 0
        assert results_of(at) == (2, 0, 0)
        for command in ("status", "files"):
            assert "2 delivered" in at.house.run(command).stdout


def results_of(at: Evening) -> tuple[int, int, int]:
    """What both commands say of the only file: delivered, due, and rows in none yet."""
    (file,) = at.house.status()["files"]
    (listed,) = at.house.run("files", "--json").json["files"]
    told = file["results"]
    assert listed["results"] == told
    return told["delivered"], told["outstanding"], told["rows_outstanding"]

"""What a file is, is its content: names, sizes and times are only hints."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.sandbox.quirks import Quirks
from tests.support.daily_life import A_LIST, House, Partner, counts, when
from tests.support.sftp_servers import sandbox_sftp

MIXED = b"phone,name\n2125550123,Ann\n12,No\n,Nobody\n2125550124,Bob\n"


def states(house: House) -> list[tuple[str, str]]:
    return [(one.name, str(one.state)) for one in house.files()]


def test_the_same_bytes_under_another_name_are_not_imported_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("list.csv", MIXED)
    assert house.sync().code == 0
    partner.drop("again.csv", MIXED)
    said = house.sync()
    assert said.code == 0
    assert "The same bytes were imported as file 1, list.csv." in said.stdout
    assert states(house) == [("list.csv", "dispatching"), ("again.csv", "repeated")]
    why = "  repeated: The same bytes were imported as file 1, list.csv.\n"
    assert why in house.run("rows", "2").stdout
    receipt = partner.receipt("again.csv")
    assert receipt["first_import"]["name"] == "list.csv"
    assert "rows" not in receipt


def test_a_touched_file_is_said_once_and_not_imported_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("list.csv", age_seconds=500)
    house.sync()
    for age in (400, 300, 200):
        partner.drop("list.csv", age_seconds=age)
        said = house.sync()
        assert said.code == 0
        assert "more for the next run" not in said.stdout
    assert states(house) == [("list.csv", "dispatching"), ("list.csv", "repeated")]
    assert len(partner.found()) == 2


def test_a_corrected_file_under_its_old_name_is_imported(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("list.csv", b"phone\n2125550123\n", age_seconds=500)
    house.sync()
    partner.drop("list.csv", b"phone\n2125550124\n", age_seconds=400)
    assert house.sync().code == 0
    assert states(house) == [("list.csv", "dispatching")] * 2
    assert len(partner.found(".receipt.json")) == 2


@pytest.mark.parametrize("after_import", ["move", "delete"])
def test_a_file_that_is_dropped_anew_each_day_is_told_and_cleared_away_each_time(
    tmp_path: Path, after_import: str
) -> None:
    house = House(tmp_path)
    rules = {"after_import": after_import}
    rules |= {"archive_path": "/inbox/archive"} if after_import == "move" else {}
    partner = house.local(files=rules)
    for age in (400, 300, 200):
        partner.drop("list.csv", age_seconds=age)
        assert house.sync().code == 0
        assert partner.waiting() == ["archive"]
    assert [state for _, state in states(house)] == ["dispatching", "repeated", "repeated"]
    assert len(partner.found()) == 3
    archived = 3 if after_import == "move" else 0
    assert len(list((partner.inbox / "archive").iterdir())) == archived


def replace_before_our_rename(tmp_path: Path, without: str | None = None) -> tuple[House, Partner]:
    """The partner writes a list of the same size and time right before we take the first away."""
    with sandbox_sftp(tmp_path / "partner") as server:
        house = House(tmp_path)
        partner = house.served(server, files={"after_import": "delete"})
        path = partner.drop("list.csv", b"phone\n2125550123\n")
        before = os.stat(path)  # noqa: PTH116 - bytes

        def replace() -> None:
            partner.drop("list.csv", b"phone\n2125550199\n")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

        when(server, "rename", ".sftp-sync-", replace)
        assert house.sync(without=without).code == 0
        assert house.sync().code == 0
    return house, partner


def test_a_file_replaced_between_our_download_and_our_move_is_not_lost(tmp_path: Path) -> None:
    house, partner = replace_before_our_rename(tmp_path)
    with house.ledger() as ledger:
        phones = [row.phone for file in (1, 2) for row in ledger.rows.of_file(file)]
    assert phones == ["+12125550123", "+12125550199"]
    assert partner.waiting() == ["archive"]


def test_it_would_be_lost_if_nothing_were_compared(tmp_path: Path) -> None:
    house, partner = replace_before_our_rename(tmp_path, "what is cleared away was compared")
    assert len(house.files()) == 1
    assert partner.waiting() == ["archive"]


def test_a_file_written_again_while_we_look_at_the_first_is_put_beside_it(tmp_path: Path) -> None:
    with sandbox_sftp(tmp_path / "partner") as server:
        house = House(tmp_path)
        partner = house.served(server, files={"after_import": "delete"})
        partner.drop("list.csv", b"phone\n2125550123\n")
        # The first replacement is found under our private name; the second has taken the name.
        when(server, "rename", ".sftp-sync-", lambda: replaced(partner, b"phone\n2125550124\n"))
        when(server, "read", ".sftp-sync-", lambda: replaced(partner, b"phone\n2125550125\n"))
        house.sync()
        house.sync()
    assert partner.waiting() == ["archive"]
    assert sorted(one.name for one in house.files()) == ["list.1.csv", "list.csv", "list.csv"]


def replaced(partner: Partner, content: bytes) -> None:
    partner.drop("list.csv", content, age_seconds=0)


def test_our_own_files_in_the_inbox_are_refused_and_nobody_is_told(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local(files={"pattern": "*"})
    partner.drop("list.csv", MIXED)
    house.sync()
    for name in partner.found():
        partner.drop(name, (partner.outbox / name).read_bytes())
    delivered = partner.found()
    assert house.sync().code == 1
    assert house.sync().code == 1
    assert partner.found() == delivered
    assert [state for _, state in states(house)] == ["dispatching", "unreadable", "unreadable"]


def test_a_result_file_saved_again_is_refused_by_its_columns(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    columns = (
        "phone,result_phone,result_status,result_call_id,result_retries,result_duration_seconds,"
        "result_queued_at,result_updated_at,result_final,result_reason,result_line"
    )
    partner.drop("results.csv", f"{columns}\n2125550123,,,,,,,,,,\n".encode())
    assert house.sync().code == 1
    assert house.sync().code == 1
    assert states(house) == [("results.csv", "unreadable")]
    assert "result file" in partner.receipt("results.csv")["reason"]


def test_mended_rejects_are_imported_and_unmended_ones_are_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("list.csv", MIXED)
    house.sync()
    (name,) = partner.found(".rejects.csv")
    rejects = (partner.outbox / name).read_bytes()
    partner.drop("unmended.csv", rejects)
    assert house.sync().code == 1
    read = csv.DictReader(io.StringIO(rejects.decode("utf-8-sig")))
    rows = [row | {"phone": f"21255501{number:02}"} for number, row in enumerate(read)]
    assert [row["reject_code"] for row in rows] == ["invalid_number", "empty_phone"]
    written = io.StringIO()
    mended = csv.DictWriter(written, list(rows[0]))
    mended.writeheader()
    mended.writerows(rows)
    partner.drop("mended.csv", written.getvalue().encode())
    house.sync()
    assert counts(house.file("mended.csv")) == {"pending": 2}
    assert house.file("unmended.csv").state == "unreadable"


def test_rejects_saved_again_without_mending_do_not_grow_columns(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local(hold={"reject_ratio_above": None})
    partner.drop("list.csv", MIXED)
    house.sync()
    (name,) = partner.found(".rejects.csv")
    partner.drop("again.csv", (partner.outbox / name).read_bytes().replace(b"\r\n", b"\n"))
    assert house.sync().code == 0
    assert counts(house.file("again.csv")) == {"invalid": 2}
    second = next(found for found in partner.found(".rejects.csv") if found.startswith("again"))
    header = (partner.outbox / second).read_text("utf-8-sig").splitlines()[0]
    assert header.count("reject_code") == 1


def test_one_vendor_campaign_is_not_given_a_list_twice_by_two_partners(tmp_path: Path) -> None:
    house = House(tmp_path)
    same: dict[str, Any] = {"campaign_id": "550e8400-shared"}
    partners = [house.local("north", **same), house.local("south", **same)]
    for partner in partners:
        partner.drop("list.csv", A_LIST)
    house.sync()
    # Whoever came second at the same moment says so at its next run.
    assert house.sync().code == 0
    assert sorted(str(one.state) for one in house.files()) == ["dispatching", "repeated"]
    assert [len(partner.found()) for partner in partners] == [1, 1]


def test_an_unreadable_file_is_read_again_once_the_settings_have_changed(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("list.csv", b"ring,call\n2125550123,2125550124\n")
    assert house.sync().code == 1
    assert house.sync().code == 1
    assert len(partner.found()) == 1
    house.change(contacts={"phone": "ring"})
    assert house.sync().code == 0
    assert states(house) == [("list.csv", "unreadable"), ("list.csv", "dispatching")]


def test_an_unreadable_file_is_spoken_of_until_it_is_mended_or_put_aside(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("one.csv", b"ring,call\n2125550123,2125550124\n")
    partner.drop("two.csv", b"name\nAnn\n")
    assert house.sync().code == 1
    again = house.sync("--quiet")
    assert again.code == 1
    for name, reason in (("one.csv", "ring"), ("two.csv", "phone")):
        (file,) = (one for one in house.status()["files"] if one["name"] == name)
        assert file["state"] == "unreadable"
        assert reason in file["reason"]
        told = f"File {file['id']}, {name}, cannot be read: {file['reason']}"
        assert f"{told} If nobody needs it, type: sftp-sync reject {file['id']}" in again.stdout
        assert any(line.startswith(told) for line in house.status()["attention"])
        assert file["reason"] in house.run("files").stdout
    partner.drop("one.csv", b"phone\n2125550123\n")
    assert house.run("reject", str(file["id"])).code == 0
    assert house.sync().code == 0
    assert states(house) == [
        ("one.csv", "unreadable"),
        ("two.csv", "rejected"),
        ("one.csv", "dispatching"),
    ]
    assert house.status()["attention"] == []


def test_an_oversized_file_is_refused_once_even_where_no_times_are_told(tmp_path: Path) -> None:
    with sandbox_sftp(tmp_path / "partner", Quirks(tells_time=False)) as server:
        house = House(tmp_path)
        partner = house.served(server, files={"max_bytes": 100})
        partner.drop("big.csv", b"phone\n" + b"2125550123\n" * 20)
        assert house.sync().code == 1
        assert house.sync().code == 1
    assert len(partner.found()) == 1
    assert "100 are allowed" in partner.receipt("big.csv")["reason"]


def test_a_list_is_left_alone_until_it_is_fully_there(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local(files={"ready_marker": ".done"})
    partner.drop("list.csv", age_seconds=100)
    assert house.sync().code == 0
    assert house.files() == []
    partner.drop("list.csv.done", b"", age_seconds=200)
    house.sync()
    assert house.files() == []
    partner.drop("list.csv.done", b"", age_seconds=50)
    house.sync()
    assert states(house) == [("list.csv", "dispatching")]

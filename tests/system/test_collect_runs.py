"""Runs beside runs, runs that are stopped, dry runs, first runs, and what a person decides."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.daily_life import House, Partner, counts, tree
from tests.support.forking import Command, command
from tests.support.remotes import until
from tests.support.sftp_servers import sandbox_sftp

SECONDS_TO_END = 30


@contextmanager
def begun(house: House, *words: str) -> Iterator[Command]:
    """The program, on its way: it holds the lease and waits for files to settle."""
    with command("sync", "--config", str(house.config), *words) as running:
        assert until(lambda: is_held(house), SECONDS_TO_END)
        yield running


def is_held(house: House) -> bool:
    with closing(sqlite3.connect(house.state / "ledger.db")) as ledger:
        asked = "SELECT count(*) FROM leases WHERE name = 'collect:renewals' AND holder IS NOT NULL"
        return bool(ledger.execute(asked).fetchone()[0])


def a_slow_house(folder: Path) -> tuple[House, Partner]:
    house = House(folder)
    partner = house.local(files={"settle_seconds": 30})
    partner.drop("list.csv")
    return house, partner


def at_once(house: House) -> None:
    """The same campaign without the waiting: the lease is what is looked at."""
    house.change(files={"settle_seconds": 0})


def test_of_two_syncs_at_once_one_works_and_the_other_exits_75(tmp_path: Path) -> None:
    house, _ = a_slow_house(tmp_path)
    with begun(house) as first:
        second = house.sync()
        assert second.code == 75, second.said
        assert "Another process is at" in second.stdout
        assert first.poll() is None
    assert house.files() == []


def test_one_that_was_killed_is_taken_over_at_once(tmp_path: Path) -> None:
    house, partner = a_slow_house(tmp_path)
    with begun(house) as first:
        first.kill()
        first.wait(SECONDS_TO_END)
        at_once(house)
        began = time.monotonic()
        assert house.sync().code == 0
        assert time.monotonic() - began < 15
    assert [one.name for one in house.files()] == ["list.csv"]
    assert len(partner.found()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_between_two_pieces_of_work(
    tmp_path: Path, number: signal.Signals
) -> None:
    house, _ = a_slow_house(tmp_path)
    with begun(house) as first:
        first.send_signal(number)
        assert first.wait(SECONDS_TO_END) == 130
        assert b"Nothing is lost" in first.communicate()[1]
    assert not is_held(house)
    at_once(house)
    assert house.sync().code == 0
    assert [one.name for one in house.files()] == ["list.csv"]


def state_of(house: House) -> list[object]:
    """All that may matter tomorrow: the ledger's content, and every other file."""
    files = tree(house.state)
    for name in [name for name, content in files.items() if content is None]:
        del files[name]  # an empty folder is no news
    for name in [name for name in files if b"ledger.db" in name]:
        del files[name]
    with closing(sqlite3.connect(house.state / "ledger.db")) as ledger:
        return [*sorted(files.items()), *ledger.iterdump()]


def test_a_dry_run_tells_everything_and_changes_nothing(tmp_path: Path) -> None:
    with sandbox_sftp(tmp_path / "partner") as server:
        house = House(tmp_path)
        partner = house.served(server, files={"after_import": "delete"})
        partner.drop("list.csv", b"phone,name\n2125550123,Ann\n12,No\n2125550123,Ann\n")
        partner.drop("refused.csv", b"name\nAnn\n")
        before = state_of(house), tree(partner.root)
        said = house.sync("--dry-run")
        (told,) = house.sync("--dry-run", "--json").json["campaigns"]
        assert (state_of(house), tree(partner.root)) == before
        assert said.code == 1
        assert "3 rows, 1 pending, 1 duplicate, 1 invalid" in said.stdout
        assert "invalid_number" in said.stdout
        by_name = {file["name"]: file for file in told["files"]}
        assert by_name["list.csv"]["rows"]["total"] == 3
        assert [one["line"] for one in by_name["list.csv"]["first_rejects"]] == [3]
        assert by_name["refused.csv"]["state"] == "unreadable"
        assert house.sync().code == 1
        imported = house.file("list.csv")
    assert counts(imported) == {
        state: number
        for state, number in by_name["list.csv"]["rows"].items()
        if number and state != "total"
    }


def test_a_dry_run_beside_a_run_is_not_in_its_way(tmp_path: Path) -> None:
    house, _ = a_slow_house(tmp_path)
    with begun(house) as first:
        at_once(house)
        assert house.sync("--dry-run").code == 0
        assert first.poll() is None


@pytest.mark.parametrize("old", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_a_first_run_on_an_old_inbox_holds_it_over_several_runs(tmp_path: Path, old: int) -> None:
    house = House(tmp_path)
    a_run = old * 2 // 5
    partner = house.local(files={"max_files_per_run": a_run})
    two_days = 2 * 24 * 3600
    for number in range(old):
        phone = f"21255{number:05}"
        partner.drop(f"old{number:03}.csv", f"phone\n{phone}\n".encode(), age_seconds=two_days)
    partner.drop("new.csv", b"phone\n6465550123\n", age_seconds=10)
    left = []
    for _ in range(3):
        said = house.sync("--json")
        left.append(len(said.json["campaigns"][0]["left_for_later"]))
        assert said.code == 1
    assert left == [old + 1 - a_run, old + 1 - 2 * a_run, 0]
    files = house.files()
    assert {str(one.state) for one in files if one.name != "new.csv"} == {"held"}
    assert house.file("new.csv").state == "dispatching"
    assert len(files) == old + 1
    assert len(partner.found(".receipt.json")) == old + 1
    attention = house.status()["attention"]
    assert "2 days old" in attention[0]
    assert f"{old - 5} more files are held" in " ".join(attention)
    partner.drop("late.csv", b"phone\n6465550124\n", age_seconds=two_days)
    house.sync()
    assert house.file("late.csv").state == "dispatching"
    assert house.run("reject", "--all").code == 0
    assert house.sync().code == 0
    assert house.status()["attention"] == []


def test_held_and_repeated_files_go_as_a_person_decides(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    mostly_bad = b"phone\n2125550123\n1\n2\n"
    partner.drop("first.csv", mostly_bad, age_seconds=300)
    partner.drop("second.csv", b"phone\n2125550124\n1\n2\n", age_seconds=200)
    partner.drop("third.csv", mostly_bad, age_seconds=100)
    assert house.sync().code == 1
    first, second, third = house.files()
    assert [one.state for one in (first, second, third)] == ["held", "held", "repeated"]
    assert "2 of 3 rows are invalid" in (first.reason or "")
    assert house.run("release", str(first.id)).code == 0
    assert house.run("reject", str(second.id)).code == 0
    assert house.run("release", str(third.id)).code == 0
    again = house.run("release", str(first.id))
    assert again.code == 2
    assert "nothing to release" in again.stderr
    assert counts(house.file("first.csv")) == {"pending": 1, "invalid": 2}
    assert counts(house.file("second.csv")) == {"rejected": 1, "invalid": 2}
    assert counts(house.file("third.csv")) == {"pending": 1, "invalid": 2}
    assert house.status()["attention"] == []


def test_the_receipt_and_every_document_agree_with_the_ledger(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("list.csv", b"phone;name\n2125550123;Ann\n12;No\n2125550123;Ann\n3.5E+11;X\n")
    house.sync()
    file, receipt = house.file("list.csv"), partner.receipt("list.csv")
    rows = {"total": file.total} | {str(state): number for state, number in file.rows.items()}
    assert receipt["rows"] == rows
    assert receipt["codes"] == {"duplicate_in_file": 1, "excel_damaged": 1, "invalid_number": 1}
    assert receipt["duplicate_lines"] == [4]
    assert receipt["understood"]["delimiter"] == ";"
    assert receipt["source"]["sha256"] == file.sha256
    assert receipt["files"] == partner.found(".rejects.csv")
    (told,) = house.run("files", "--json").json["files"]
    assert told["rows"] == rows
    assert house.status()["files"][0]["rows"] == rows
    listed = house.run("rows", str(file.id), "--json").json["rows"]
    assert [row["line"] for row in listed] == [2, 3, 4, 5]


def test_nothing_leaks_into_logs_or_notices(tmp_path: Path) -> None:
    secret, token = "planted-p4ss'word", "planted-t0ken"
    phones = ("+12125550123", "+442071838750")
    with sandbox_sftp(tmp_path / "partner") as server:
        house = House(tmp_path)
        house.environment = {"PLANTED": secret, "TOKEN": token}
        partner = house.served(server, sftp={"password": {"env": "PLANTED"}})
        lines = "".join(f"{phone},Ann\n" for phone in phones)
        partner.drop(f"{phones[0]}.csv", f"phone,name\n{lines}".encode())
        partner.drop("refused.csv", f"{phones[0]},{phones[1]}\n{lines}".encode())
        said = [house.sync("--verbose").said]
        house.change(sftp={"password": server.password})
        house.pass_the_test()
        partner.outbox.rename(partner.root / "gone")
        partner.drop("next.csv", f"phone\n{phones[1]}\n".encode())
        runs = [house.sync("--verbose"), house.run("status", "--verbose")]
        logged = [line for run in runs for line in run.stderr.splitlines()]
        said += [run.said for run in runs]
        with house.ledger() as ledger:
            said += [notice.line for notice in ledger.notices.all()]
    assert any("file_collected" in line for line in logged)
    assert all(one not in text for text in said for one in (secret, token, server.password or "x"))
    for phone in phones:
        assert all(phone not in line for line in logged)
        assert all(phone.removeprefix("+") not in line for line in logged)


def test_a_growing_list_is_never_imported_half(tmp_path: Path) -> None:
    whole = b"phone\n" + b"".join(b"212555%04d\n" % number for number in range(200))
    house = House(tmp_path)
    partner = house.local(files={"settle_seconds": 0.3})
    path = Path(os.fsdecode(partner.drop("list.csv", whole[:50])))
    kept = path.stat()
    with begun(house):
        for end in range(100, len(whole), 50):
            path.write_bytes(whole[:end])
            os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
            time.sleep(0.01)  # a sender at work
    assert all(one.size == len(whole) for one in house.files())
    path.write_bytes(whole)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    house.sync()
    assert [one.total for one in house.files()] == [200]

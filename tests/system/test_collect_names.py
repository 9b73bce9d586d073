"""Names are untrusted: whatever they hold, they do no harm, are shown, and hide no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.daily_life import House, Partner, counts, tree
from tests.support.sftp_servers import sandbox_sftp

# What a name on disk is, and how it is shown.
NAMES = {
    b"plain.csv": "plain.csv",
    b"-rf.csv": "-rf.csv",
    b"..etc..passwd.csv": "..etc..passwd.csv",
    b"..\\..\\etc\\passwd.csv": "..\\..\\etc\\passwd.csv",
    b"a\nb.csv": "a\\nb.csv",
    b"bell\x07.csv": "bell\\x07.csv",
    b"caf\xe9.csv": "caf\\xe9.csv",
    "Überprüfung.csv".encode(): "Überprüfung.csv",
    "right\u202eto left.csv".encode(): "right\\u202eto left.csv",
    b"$(reboot) `id`;.csv": "$(reboot) `id`;.csv",
    b"[red]markup[bold].csv": "[red]markup[bold].csv",
    b"%s %d {0}.csv": "%s %d {0}.csv",
    b"CASE.csv": "CASE.csv",
    b"case.csv": "case.csv",
    b"SHOUT.CSV": "SHOUT.CSV",
    b"n" * 251 + b".csv": "n" * 251 + ".csv",
    b" spaces .csv": " spaces .csv",
    b"con.csv": "con.csv",
}
HIDDEN_RULES = {"ignore": ["*.part"], "settle_seconds": 0}


def drop_all(partner: Partner) -> None:
    for number, name in enumerate(NAMES):
        partner.drop(name, f"phone\n21255501{number:02}\n".encode(), age_seconds=100 - number)


def drop_what_is_no_file(partner: Partner) -> None:
    (partner.inbox / "folder.csv").mkdir()
    (partner.inbox / "link.csv").symlink_to("plain.csv")
    (partner.inbox / "away.csv").symlink_to("/etc/passwd")
    os.mkfifo(partner.inbox / "pipe.csv")


@pytest.mark.parametrize("where", ["folder", "server"])
def test_any_name_is_imported_and_shown_on_one_line(tmp_path: Path, where: str) -> None:
    house = House(tmp_path / "house")
    house.home.mkdir()
    with sandbox_sftp(tmp_path / "partner") as server:
        rules = {**HIDDEN_RULES, "after_import": "move", "archive_path": "/inbox/archive"}
        is_local = where == "folder"
        partner = house.local(files=rules) if is_local else house.served(server, files=rules)
        drop_all(partner)
        drop_what_is_no_file(partner)
        outside = tree(tmp_path / "house" / "state" / "locks")
        said = house.sync()
    assert said.code == 0, said.said
    assert {one.name for one in house.files()} == set(NAMES.values())
    for shown in NAMES.values():
        assert shown in said.stdout or len(shown) > 100
        assert partner.receipt(shown)["state"] == "dispatching"
    assert partner.waiting() == ["archive", "away.csv", "folder.csv", "link.csv", "pipe.csv"]
    assert {os.fsencode(name) for name in os.listdir(partner.inbox / "archive")} == set(NAMES)  # noqa: PTH208 - names
    for name in partner.found():
        assert len(os.fsencode(name)) <= 255
        assert not name.startswith((".", "-"))
        assert "/" not in name
        assert "\\" not in name
    assert tree(tmp_path / "house" / "state" / "locks") == outside


def test_names_that_look_unfinished_are_left_alone(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    unfinished = ("a.csv.part", "b.csv.filepart", ".c.csv", "~$d.xlsx", "e.tmp", "f.csv.PART")
    for name in (*unfinished, ".sftp-sync-1-abc", "note.md"):
        partner.drop(name)
    assert house.sync().code == 0
    assert house.files() == []
    assert "0 new files" in house.sync().stdout


def test_one_poisonous_file_does_not_keep_the_others_out(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local()
    partner.drop("a.csv", b"phone\n2125550123\n", age_seconds=200)
    partner.drop("b.csv", b"phone\n2125550124\n", age_seconds=100)
    said = house.sync(without="a file is read without stumbling")
    assert said.code == 3
    assert "Traceback" in said.stderr
    assert "a.csv was not taken in: a bug in sftp-sync (ZeroDivisionError)" in said.stdout
    assert [one.name for one in house.files()] == ["b.csv"]
    assert house.spooled() == []
    assert house.sync().code == 0
    assert counts(house.file("a.csv")) == {"pending": 1}
    assert house.status()["attention"] == []

"""`release` judges rows by the settings as they are now: what the advice says to change counts."""

from __future__ import annotations

from pathlib import Path

from tests.support.daily_life import House, Partner, counts

NATIONAL = b"phone,name\n2125550123,Ann\n2125550124,Ben\n2125550125,Cid\n"


def held_for_want_of_a_region(folder: Path) -> tuple[House, Partner]:
    house = House(folder)
    partner = house.local(contacts={"region": None})
    partner.drop("list.csv", NATIONAL)
    assert house.sync().code == 1
    file = house.file("list.csv")
    assert (file.state, counts(file)) == ("held", {"invalid": 3})
    return house, partner


def test_a_list_that_was_held_for_want_of_a_region_is_sent_once_it_is_set(tmp_path: Path) -> None:
    house, _ = held_for_want_of_a_region(tmp_path)
    file = house.file("list.csv")
    house.change(contacts={"region": "US"})
    released = house.run("release", str(file.id))
    assert released.code == 0, released.said
    file = house.file("list.csv")
    assert (file.state, counts(file)) == ("dispatching", {"pending": 3})
    told = house.run("rows", str(file.id), "--json").json["rows"]
    assert [one["phone"] for one in told] == ["+12125550123", "+12125550124", "+12125550125"]


def test_the_partner_is_told_anew(tmp_path: Path) -> None:
    house, partner = held_for_want_of_a_region(tmp_path)
    house.change(contacts={"region": "US"})
    assert house.run("release", "1").code == 0
    assert house.sync().code == 0
    first, second = partner.receipts()
    assert [one["rows"].get("invalid", 0) for one in (first, second)] == [3, 0]
    assert second["files"] == []


def test_what_leaves_nothing_to_send_says_so_and_exits_1(tmp_path: Path) -> None:
    house, _ = held_for_want_of_a_region(tmp_path)
    released = house.run("release", "1")
    assert released.code == 1
    assert "File 1 has nothing to send. Type: sftp-sync rows 1" in released.stderr
    assert house.run("rows", "1").code == 0


def test_the_same_bytes_once_more_are_judged_by_the_settings_of_now(tmp_path: Path) -> None:
    house, partner = held_for_want_of_a_region(tmp_path)
    partner.drop("again.csv", NATIONAL)
    house.sync()
    again = house.file("again.csv")
    assert again.state == "repeated"
    house.change(contacts={"region": "US"})
    assert house.run("release", str(again.id)).code == 0
    assert counts(house.file("again.csv")) == {"pending": 3}
    assert counts(house.file("list.csv")) == {"invalid": 3}


def test_a_number_that_became_a_duplicate_or_invalid_is_not_sent(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local(contacts={"region": "US"}, hold={"rows_below": 10})
    partner.drop(
        "list.csv", b"phone,mobile\n2125550123,+442079460000\n020 7946 0000,+12125550123\n"
    )
    house.change(contacts={"region": "US", "phone": ["phone"]})
    house.sync()
    assert counts(house.file("list.csv")) == {"pending": 1, "invalid": 1}
    house.change(contacts={"region": "GB", "phone": ["mobile"]})
    assert house.run("release", "1").code == 0
    told = house.run("rows", "1", "--json").json["rows"]
    assert [one["phone"] for one in told] == ["+442079460000", "+12125550123"]


def test_what_only_the_bytes_tell_is_refused_with_what_to_type(tmp_path: Path) -> None:
    house, partner = held_for_want_of_a_region(tmp_path)
    house.change(contacts={"region": "US"}, files={"delimiter": ";"})
    refused = house.run("release", "1")
    assert refused.code == 2
    assert "sftp-sync reject 1" in refused.stderr
    assert house.file("list.csv").state == "held"
    assert house.run("reject", "1").code == 0
    house.change(files={"delimiter": ","})
    partner.drop("list.csv", NATIONAL + b"\n")
    assert house.sync().code == 0
    assert counts(house.files()[-1]) == {"pending": 3}

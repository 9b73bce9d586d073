"""A campaign whose files become campaigns of the vendor's is known by its name: under a new one its
lists are not called again before a person has said what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.calls import a_list, numbers
from tests.support.daily_life import Partner
from tests.support.databases import EVERY_DATABASE, fresh_database
from tests.support.kathan import SETTINGS, KathanHouse, KathanVendor, kathan, kathan_house

MANY = numbers(20)
ELSEWHERE = {"assistant_id": "asst_2", "phone_number_id": "pn_2"}


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[KathanVendor]:
    with kathan(tmp_path / "vendor", speed=0.001) as made:
        yield made


@pytest.fixture(params=EVERY_DATABASE)
def house(
    request: pytest.FixtureRequest, tmp_path: Path, taking: KathanVendor
) -> Iterator[KathanHouse]:
    made = kathan_house(tmp_path / "house", taking)
    made.state.mkdir()
    with fresh_database(request.param, made.state) as database:
        made.database = database.url
        yield made


def called_once(house: KathanHouse) -> Partner:
    """The campaign `renewals` has called its list."""
    partner = house.campaign()
    partner.drop("list.csv", a_list(MANY))
    assert house.sync().code == 0
    return partner


def rename(house: KathanHouse, old: str, new: str) -> None:
    """Only the name is another one; its connection is tested, as its owner would."""
    house.campaigns[new] = house.campaigns.pop(old)
    house.write()
    house.pass_the_test(new)


def test_calls_nobody_twice_and_goes_on_under_the_new_name_once_that_is_said(
    house: KathanHouse, taking: KathanVendor
) -> None:
    partner = called_once(house)
    rename(house, "renewals", "renewals2026")

    held_up = house.sync()

    assert held_up.code == 1, held_up.said
    words = "renewals2026 does not run: its folder at the partner is that of campaign renewals"
    for said in (held_up.said, house.attention("renewals2026")):
        assert words in said
        assert "type: sftp-sync adopt renewals; if it is another one" in said
        assert "sftp-sync adopt --new renewals2026" in said
    assert taking.called() == Counter(MANY)

    adopted = house.run("adopt", "renewals")

    assert adopted.code == 0, adopted.said
    assert "renewals2026 is renewals under a new name: 1 file" in adopted.stdout
    partner.drop("again.csv", a_list(MANY))
    partner.drop("more.csv", a_list(numbers(5, first=50)))
    assert house.sync().code == 0
    assert taking.called() == Counter([*MANY, *numbers(5, first=50)])
    states = {file.name: str(file.state) for file in house.files("renewals2026")}
    assert states == {"list.csv": "following", "again.csv": "repeated", "more.csv": "following"}
    assert house.attention("renewals2026") == ""


def test_calls_its_inbox_where_a_person_says_that_it_is_another_one(
    house: KathanHouse, taking: KathanVendor
) -> None:
    called_once(house)
    rename(house, "renewals", "reminders")
    assert house.sync().code == 1
    said = house.run("adopt", "--new", "reminders")
    assert said.code == 0, said.said
    assert house.sync().code in {0, 1}
    assert taking.called() == Counter([*MANY, *MANY])
    assert "does not run" not in house.attention("reminders")


def test_is_also_known_by_who_calls_from_which_number(
    house: KathanHouse, taking: KathanVendor
) -> None:
    partner = called_once(house)
    house.campaigns.pop("renewals")
    moved = house.campaign("reminders")
    moved.drop("list.csv", a_list(MANY))
    assert partner.inbox != moved.inbox
    said = house.sync()
    assert said.code == 1
    assert "its assistant and number are those of campaign renewals" in said.said
    assert taking.called() == Counter(MANY)


def test_of_two_that_change_names_neither_runs(house: KathanHouse, taking: KathanVendor) -> None:
    house.campaign("one").drop("list.csv", a_list(MANY))
    other = {"kathan": {**SETTINGS, **ELSEWHERE}}
    house.campaign("two", **other).drop("list.csv", a_list(numbers(20, first=50)))
    assert house.sync().code == 0
    first, second = house.campaigns["one"], house.campaigns["two"]
    house.campaigns |= {"one": second, "two": first}
    house.write()
    house.pass_the_test()
    said = house.sync()
    assert said.code == 1
    assert "one does not run: its folder at the partner is that of campaign two" in said.said
    assert "two does not run: its folder at the partner is that of campaign one" in said.said
    assert set(taking.called().values()) == {1}


@pytest.mark.parametrize("change", [{"import_path": "/elsewhere"}, {"kathan": ELSEWHERE}])
def test_a_campaign_that_keeps_its_name_may_move(
    house: KathanHouse, taking: KathanVendor, change: dict[str, object]
) -> None:
    partner = called_once(house)
    (partner.root / "elsewhere").mkdir()
    if "kathan" in change:
        change = {"kathan": {**SETTINGS, **ELSEWHERE}}
    house.change("renewals", **change)
    house.pass_the_test()
    assert house.sync().code == 0
    assert taking.called() == Counter(MANY)


def test_a_new_campaign_beside_the_others_runs_at_once(
    house: KathanHouse, taking: KathanVendor
) -> None:
    called_once(house)
    house.campaign("reminders").drop("list.csv", a_list(numbers(3, first=50)))
    assert house.sync().code == 0
    assert set(taking.called().values()) == {1}


def test_what_was_never_gone_is_not_adopted(house: KathanHouse) -> None:
    called_once(house)
    for words in (("adopt", "nobody"), ("adopt", "--new", "nobody")):
        said = house.run(*words)
        assert said.code == 2, said.said
        assert "nobody" in said.stderr
    assert house.run("adopt", "renewals").code == 0

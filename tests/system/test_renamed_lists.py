"""A campaign whose files become campaigns of the vendor's is known by its name: under a new one its
lists are not called again before a person has said what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_faults import When
from tests.support.calls import a_list, numbers
from tests.support.daily_life import Partner
from tests.support.databases import EVERY_DATABASE, fresh_database
from tests.support.homecomings import read_results
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


def swapped(house: KathanHouse, taking: KathanVendor) -> tuple[Partner, Partner]:
    """Two campaigns with a list each; `one` and `two` change names before the second is called."""
    first = house.campaign("one")
    first.drop("first.csv", a_list(MANY))
    other = {"kathan": {**SETTINGS, **ELSEWHERE}}
    second = house.campaign("two", **other)
    second.drop("second.csv", a_list(numbers(20, first=50)))
    house.collect()
    house.run("pause", "two")
    taking.break_with(over_at_once=True)
    assert house.dispatch().code in {0, 1}
    one, two = house.campaigns["one"], house.campaigns["two"]
    house.campaigns |= {"one": two, "two": one}
    house.write()
    house.pass_the_test()
    assert house.run("resume", "two").code == 0
    return first, second


def test_a_person_is_asked_for_each_of_two_that_changed_names(
    house: KathanHouse, taking: KathanVendor
) -> None:
    swapped(house, taking)
    assert house.run("adopt", "--new", "one").code == 0

    said = house.sync()

    assert "two does not run" in said.said
    assert max(taking.called()[one] for one in MANY) == 1


def test_of_two_that_changed_names_nothing_is_called_or_told_to_the_other_partner(
    house: KathanHouse, taking: KathanVendor
) -> None:
    first, second = swapped(house, taking)
    assert house.sync().code == 1
    assert taking.called() == Counter(MANY)
    assert (first.found(), second.found()) == ([], [])


def test_a_name_that_comes_back_is_asked_about_too(
    house: KathanHouse, taking: KathanVendor
) -> None:
    partner = called_once(house)
    rename(house, "renewals", "reminders")
    assert house.run("adopt", "--new", "reminders").code == 0
    partner.drop("more.csv", a_list(numbers(5, first=50)))
    assert house.sync().code in {0, 1}
    rename(house, "reminders", "renewals")

    said = house.sync()

    assert said.code == 1, said.said
    assert "renewals does not run" in said.said
    assert {taking.called()[one] for one in numbers(5, first=50)} == {1}


def test_what_is_told_to_type_works_where_the_new_name_has_lists(house: KathanHouse) -> None:
    called_once(house)
    house.campaign("two", kathan={**SETTINGS, **ELSEWHERE}).drop(
        "list.csv", a_list(numbers(3, first=50))
    )
    assert house.sync().code == 0
    house.campaigns["two"] |= {"folder": house.campaigns.pop("renewals")["folder"]}
    house.write()
    house.pass_the_test("two")
    said = house.sync()
    assert said.code == 1
    assert "two does not run" in said.said
    assert "sftp-sync adopt renewals" not in said.said
    assert house.run("adopt", "--new", "two").code == 0


def test_goes_on_while_its_start_is_in_doubt(house: KathanHouse, taking: KathanVendor) -> None:
    partner = house.campaign()
    partner.drop("list.csv", a_list(MANY))
    taking.break_with(drop_after_accept=When(every=1, on="calls"))
    house.sync("--no-wait")
    assert house.states() == {"uncertain": 20}
    taking.break_with()
    rename(house, "renewals", "renewals2026")
    assert house.sync().code == 1
    assert house.run("adopt", "renewals").code == 0
    assert house.sync().code == 0
    assert taking.called() == Counter(MANY)
    assert house.states() == {"accepted": 20}


def test_results_that_are_owed_go_on_under_the_new_name(
    house: KathanHouse, taking: KathanVendor
) -> None:
    taking.break_with(over_at_once=True)
    partner = house.campaign()
    partner.drop("list.csv", a_list(MANY))
    house.collect()
    assert house.dispatch().code == 0
    rename(house, "renewals", "renewals2026")
    assert house.run("adopt", "renewals").code == 0
    assert house.sync().code == 0
    (results,) = partner.outbox.glob("*.results.csv")
    assert [row["result_phone"] for row in read_results(results)] == MANY


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

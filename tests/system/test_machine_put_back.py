"""A whole machine is put back, ledger and state directory alike: nothing here can know whom it has
called since, and nobody is called twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_faults import When
from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.copies import MachineCopy
from tests.support.daily_life import Partner
from tests.support.databases import EVERY_DATABASE, fresh_database
from tests.support.kathan import KathanHouse, kathan, kathan_house

ALL, FIRST = numbers(20), 8


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as made:
        # While a call is under way the vendor itself refuses a second one.
        made.break_with(over_at_once=True)
        yield made


@pytest.fixture(params=EVERY_DATABASE)
def house(request: pytest.FixtureRequest, tmp_path: Path, taking: Vendor) -> Iterator[CallHouse]:
    made = call_house(tmp_path / "house", taking)
    made.state.mkdir(mode=0o700)
    with fresh_database(request.param, tmp_path) as database:
        if request.param == "postgresql":
            made.database = database.url
        yield made


def part_of_it_was_called(house: CallHouse, folder: Path) -> tuple[Partner, MachineCopy]:
    """Eight of twenty were called when the machine was copied."""
    partner = house.campaign(limits={"calls_per_day": FIRST})
    house.pass_the_test()
    partner.drop("list.csv", a_list(ALL))
    house.sync("--quiet")
    assert house.states() == {"accepted": FIRST, "pending": len(ALL) - FIRST}
    house.change(limits={"calls_per_day": None})
    return partner, MachineCopy.of(house, folder / "copy")


def test_rows_that_were_due_then_are_found_at_the_vendor(
    house: CallHouse, taking: Vendor, tmp_path: Path
) -> None:
    _, copy = part_of_it_was_called(house, tmp_path)
    assert house.sync().code == 0
    assert taking.taken_numbers() == Counter(ALL)
    copy.put_back()

    assert house.sync().code == 0

    assert taking.taken_numbers() == Counter(ALL)
    assert house.states() == {"accepted": len(ALL)}
    assert house.attention() == ""


def test_without_reading_the_vendors_list_first_they_would_be_called_twice(
    house: CallHouse, taking: Vendor, tmp_path: Path
) -> None:
    _, copy = part_of_it_was_called(house, tmp_path)
    assert house.sync().code == 0
    copy.put_back()
    house.sync(without="the vendor's list is read before the first claim")
    assert Counter(taking.taken_numbers().values()) == {1: FIRST, 2: len(ALL) - FIRST}


def test_rows_that_come_in_only_now_are_found_as_well(
    house: CallHouse, taking: Vendor, tmp_path: Path
) -> None:
    partner, copy = part_of_it_was_called(house, tmp_path)
    partner.drop("more.csv", a_list(numbers(5, first=50)))
    assert house.sync().code == 0
    copy.put_back()

    assert house.sync().code == 0

    assert taking.taken_numbers() == Counter([*ALL, *numbers(5, first=50)])
    assert house.states() == {"accepted": len(ALL) + 5}


def test_what_was_not_called_meanwhile_is_called_without_a_look(
    house: CallHouse, taking: Vendor, tmp_path: Path
) -> None:
    _, copy = part_of_it_was_called(house, tmp_path)
    copy.put_back()
    asked = len(taking.sandbox.requests())
    assert house.sync("--only", "dispatch").code == 0
    assert taking.taken_numbers() == Counter(ALL)
    methods = Counter(one["method"] for one in taking.sandbox.requests()[asked:])
    assert methods == {"GET": 1, "POST": len(ALL) - FIRST}


def test_nothing_is_sent_while_the_list_cannot_be_read(
    house: CallHouse, taking: Vendor, tmp_path: Path
) -> None:
    _, copy = part_of_it_was_called(house, tmp_path)
    assert house.sync().code == 0
    copy.put_back()
    taking.break_with(server_error=When(every=1, on="all"))

    held_up = house.sync("--no-wait", "--only", "dispatch")

    assert held_up.code == 1
    assert "its list of calls cannot be read" in held_up.said
    assert house.states() == {"accepted": FIRST, "pending": len(ALL) - FIRST}
    taking.break_with()
    assert house.sync().code == 0
    assert taking.taken_numbers() == Counter(ALL)


def test_a_campaign_that_was_started_meanwhile_is_not_started_again(tmp_path: Path) -> None:
    with kathan(tmp_path / "vendor", speed=0.001) as taking:
        house: KathanHouse = kathan_house(tmp_path / "house", taking)
        house.state.mkdir(mode=0o700)
        partner = house.campaign()
        house.pass_the_test()
        partner.drop("list.csv", a_list(ALL))
        # The draft is made, and then the vendor lets nobody in.
        taking.break_with(unauthorized=When(every=1, on="changes"))
        assert house.sync("--quiet").code == 1
        assert (len(taking.drafts()), taking.starts()) == (1, [])
        copy = MachineCopy.of(house, tmp_path / "copy")
        taking.break_with()
        assert house.sync().code == 0
        assert taking.called() == Counter(ALL)
        copy.put_back()

        assert house.sync().code == 0

        assert taking.called() == Counter(ALL)
        assert len(taking.drafts()) == 1
        assert house.states() == {"accepted": len(ALL)}

"""A campaign that goes out of the configuration, or gets another name, before it is done: nothing
of it is forgotten in silence, and under its old name it goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.daily_life import Partner
from tests.support.homecomings import OVER_AT_ONCE, read_results

ROWS = 4


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor", speed=1000.0) as made:
        made.break_with(**OVER_AT_ONCE)
        yield made


@pytest.fixture
def house(tmp_path: Path, taking: Vendor) -> CallHouse:
    return call_house(tmp_path / "house", taking)


@pytest.fixture
def partner(house: CallHouse) -> Partner:
    """A partner whose list is due."""
    made = house.campaign()
    made.drop("list.csv", a_list(numbers(ROWS)))
    house.collect()
    return made


def rename(house: CallHouse, old: str, new: str) -> None:
    house.campaigns[new] = house.campaigns.pop(old)
    house.pass_the_test()


def general_attention(house: CallHouse) -> str:
    return "\n".join(house.run("status", "--json").json["attention"])


def test_a_campaign_that_is_renamed_is_missed_and_goes_on_under_its_old_name(
    house: CallHouse, taking: Vendor, partner: Partner
) -> None:
    assert general_attention(house) == ""
    rename(house, "renewals", "renewals2")
    partner.drop("again.csv", a_list(numbers(ROWS)))

    missed = house.sync()

    assert missed.code == 1, missed.said
    assert "Campaign renewals is not in the configuration any more" in missed.stdout
    assert general_attention(house) == (
        "Campaign renewals is not in the configuration any more and is not done: 4 rows to be"
        " sent. Under another name nothing of it goes on. Put it back under this name (with"
        " enabled: false it runs only by hand), then type: sftp-sync sync renewals"
    )
    assert house.sync("renewals2", "--json").json["attention"]
    assert house.states() == {"pending": ROWS}
    assert taking.taken() == []

    rename(house, "renewals2", "renewals")
    assert house.sync().code == 0
    assert general_attention(house) == ""
    assert sorted(taking.taken_numbers()) == numbers(ROWS)


def test_beside_its_successor_it_is_wound_up_by_hand_and_calls_nobody_twice(
    house: CallHouse, taking: Vendor, partner: Partner
) -> None:
    before = house.campaigns["renewals"]
    rename(house, "renewals", "renewals2")
    house.campaigns["renewals"] = before | {"enabled": False}
    house.pass_the_test()
    assert house.sync().code == 0
    assert taking.taken() == []

    # As it is told to type; the successor sends nothing of it, before or after.
    assert house.sync("renewals").code == 0
    assert house.sync().code == 0

    assert sorted(taking.taken_numbers()) == numbers(ROWS)
    assert set(taking.taken_numbers().values()) == {1}
    (results,) = partner.outbox.glob("*.results.csv")
    assert [row["result_phone"] for row in read_results(results)] == numbers(ROWS)
    del house.campaigns["renewals"]
    assert house.sync().code == 0


def test_open_calls_and_files_that_were_not_delivered_are_missed_too(
    house: CallHouse, taking: Vendor, partner: Partner
) -> None:
    taking.break_with(**OVER_AT_ONCE, calls_cap=1)
    house.dispatch("--quiet")
    partner.outbox.rmdir()
    assert house.sync("--quiet").code == 1
    rename(house, "renewals", "renewals2")

    assert "not done: 3 calls not over, 1 file to be delivered." in general_attention(house)

    partner.outbox.mkdir()
    taking.break_with(**OVER_AT_ONCE)
    rename(house, "renewals2", "renewals")
    assert house.sync().code == 0
    assert general_attention(house) == ""
    told = [row for path in partner.outbox.iterdir() for row in read_results(path)]
    assert sorted(row["result_phone"] for row in told) == numbers(ROWS)

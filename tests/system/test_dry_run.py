"""What a dry run says is what the next sync does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.calls import CallHouse, a_list, call_house, numbers, vendor
from tests.support.daily_life import Partner


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CallHouse]:
    with vendor(tmp_path / "vendor") as taking:
        yield call_house(tmp_path / "home", taking)


def foretold(house: CallHouse) -> dict[str, int]:
    document = house.sync("--dry-run", "--json").json["campaigns"][0]
    told: dict[str, int] = {}
    for file in document["files"]:
        for state, number in file["rows"].items():
            told[state] = told.get(state, 0) + number
    return {"calls": document["calls"], "duplicate": told["duplicate"], "invalid": told["invalid"]}


def done(house: CallHouse, names: set[str]) -> dict[str, int]:
    house.sync("--only", "collect", "--only", "dispatch", "--quiet")
    mine = [file for file in house.files() if file.name in names]
    rows = {state: sum(file.rows[state] for file in mine) for state in mine[0].rows}
    return {
        "calls": rows["accepted"],
        "duplicate": rows["duplicate"],
        "invalid": rows["invalid"],
    }


def test_numbers_called_a_short_time_ago_are_foretold(house: CallHouse) -> None:
    partner: Partner = house.campaign()
    first, second, third = numbers(3)
    partner.drop("first.csv", a_list([first]), age_seconds=600)
    done(house, {"first.csv"})
    partner.drop("second.csv", a_list([first, second, "12"]), age_seconds=300)
    partner.drop("third.csv", a_list([second, third, third]), age_seconds=200)
    said = foretold(house)
    assert said == {"calls": 2, "duplicate": 3, "invalid": 1}
    assert done(house, {"second.csv", "third.csv"}) == said


def test_how_long_it_would_take_is_said(house: CallHouse) -> None:
    partner = house.campaign()
    house.accounts["vendor"]["requests_per_minute"] = 60
    house.pass_the_test()
    partner.drop("list.csv", a_list(numbers(90)))
    assert "90 calls to queue: 0:01:30 at 60 requests a minute" in house.sync("--dry-run").said

"""A person is erased by command; what was done is said, and no number is shown whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.daily_life import House

PERSON = "+12125550123"


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    partner = made.local()
    partner.drop("list.csv")
    collected = made.sync("--only", "collect")
    assert collected.code == 0, collected.said
    return made


def test_it_says_what_it_did(house: House) -> None:
    before = house.file("list.csv")
    done = house.run("forget", "212-555-0123", "--region", "us")
    assert done.code == 0
    assert "+1212…0123 is erased from 1 row of 1 file; their counts stay." in done.said
    assert "1 of them were due or in doubt, and are refused now." in done.said
    assert "backups of the ledger" in done.said
    assert PERSON not in done.said
    after = house.file("list.csv")
    assert after.total == before.total
    assert sum(after.rows.values()) == before.total
    assert PERSON not in house.run("rows", str(after.id), "--json").said


def test_it_tells_scripts_too(house: House) -> None:
    assert house.run("forget", PERSON, "--json").json == {
        "rows": 1,
        "files": 1,
        "not_called": 1,
        "evidence": 0,
        "notices": 0,
        "rewritten": 0,
    }


def test_a_number_that_is_not_there_is_no_trouble(house: House) -> None:
    done = house.run("forget", "+12125550999")
    assert done.code == 0
    assert "+1212…0999 is not in the ledger." in done.said


def test_what_is_no_number_is_refused(house: House) -> None:
    done = house.run("forget", "Ann")
    assert done.code == 2
    assert "no number to call" in done.said

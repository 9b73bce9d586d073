"""The ledger's answer to a claim's COMMIT is lost, and the process lives on: nobody is called
twice, and no row stays `sending`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.calls import a_list, call_house, numbers, vendor
from tests.support.databases import fresh_database
from tests.support.kathan import kathan, kathan_house
from tests.support.lost_answers import cutting

ROWS = 12
# The first after a start, two in a row, and the last.
LOST = frozenset({1, 4, 5, 12})


def test_rows_are_sent_once_through_lost_answers_to_their_claims(tmp_path: Path) -> None:
    with (
        vendor(tmp_path / "vendor") as taking,
        fresh_database("postgresql", tmp_path) as database,
        cutting(database.url, LOST) as (url, cutter),
    ):
        house = call_house(tmp_path / "house", taking, in_flight=2)
        house.database = url
        partner = house.campaign()
        partner.drop("list.csv", a_list(numbers(ROWS)))
        house.collect()
        done = house.dispatch()
        assert sorted(cutter.cut) == sorted(LOST), done.said
        assert house.states() == {"accepted": ROWS}, done.said
        assert done.code == 0, done.said
        assert taking.taken_numbers() == dict.fromkeys(numbers(ROWS), 1)
        assert house.notices() == {}


@pytest.mark.parametrize("lost", [frozenset({1}), frozenset({1, 2})])
def test_a_file_is_started_once_through_lost_answers_to_its_claim(
    tmp_path: Path, lost: frozenset[int]
) -> None:
    with (
        kathan(tmp_path / "vendor") as taking,
        fresh_database("postgresql", tmp_path) as database,
        cutting(database.url, lost) as (url, cutter),
    ):
        house = kathan_house(tmp_path / "house", taking)
        house.database = url
        house.campaign().drop("list.csv", a_list(numbers(ROWS)))
        house.collect()
        done = house.dispatch()
        assert sorted(cutter.cut) == sorted(lost), done.said
        assert house.states() == {"accepted": ROWS}, done.said
        assert done.code == 0, done.said
        assert taking.called() == dict.fromkeys(numbers(ROWS), 1)

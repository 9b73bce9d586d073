"""Answers that are not the vendor's own: redirects, pages and JSON of whatever stands between us,
after the call was queued; and conflicts with another campaign's call. Nobody is called twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_faults import ALWAYS
from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.databases import EVERY_DATABASE, fresh_database
from tests.support.vendors import Api

ROWS = 6


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as made:
        yield made


@pytest.fixture(params=["sqlite"])
def house(tmp_path: Path, taking: Vendor, request: pytest.FixtureRequest) -> Iterator[CallHouse]:
    """A house with a list that is due, one request at a time."""
    made = call_house(tmp_path / "house", taking, in_flight=1)
    with ExitStack() as open_now:
        if request.param == "postgresql":
            database = open_now.enter_context(fresh_database(request.param, made.home))
            made.database = database.url
        partner = made.campaign()
        partner.drop("list.csv", a_list(numbers(ROWS)))
        made.collect()
        yield made


def goes_on(house: CallHouse, taking: Vendor) -> None:
    """With the cause gone each is called once, and nothing is said any more."""
    taking.break_with(over_at_once=True)
    finished = house.dispatch()
    assert finished.code == 0, finished.said
    assert house.states() == {"accepted": ROWS}
    assert taking.taken_numbers() == dict.fromkeys(numbers(ROWS), 1)
    assert house.notices() == {}


@pytest.mark.parametrize("house", EVERY_DATABASE, indirect=True)
def test_one_that_comes_at_each_run_leaves_a_handful_in_doubt(
    house: CallHouse, taking: Vendor
) -> None:
    taking.break_with(rewritten_after_accept=ALWAYS, over_at_once=True)
    for _ in range(4):
        house.dispatch("--no-wait")
    assert max(taking.taken_numbers().values()) == 1
    assert len(taking.taken()) <= 4
    goes_on(house, taking)


def test_three_of_them_stop_the_account(house: CallHouse, taking: Vendor) -> None:
    house.accounts["vendor"]["in_flight"] = 4
    house.write()
    taking.break_with(rewritten_after_accept=ALWAYS, over_at_once=True)
    assert house.dispatch("--no-wait").code == 1
    assert len(taking.taken()) <= 4
    goes_on(house, taking)


class TestAConflict:
    def test_that_names_another_campaign_is_doubt(self, house: CallHouse, taking: Vendor) -> None:
        """A stranger has called the number in this campaign, and the vendor says that it was in
        another one.
        """
        # No look comes in between: it would take the stranger's call of this moment for ours.
        house.accounts["vendor"]["uncertain_after_seconds"] = 600
        house.write()
        a_stranger_calls(taking, numbers(1)[0])
        taking.break_with(conflict_names="another")
        assert house.dispatch("--no-wait").code == 1
        assert house.states() == {"uncertain": 1, "accepted": ROWS - 1}
        assert "one of another campaign" in reasons(house)
        assert taking.taken_numbers() == dict.fromkeys(numbers(ROWS), 1)

    @pytest.mark.parametrize("names", ["this campaign", "nothing"])
    def test_that_names_this_one_or_none_is_already_queued(
        self, house: CallHouse, taking: Vendor, names: str
    ) -> None:
        a_stranger_calls(taking, numbers(1)[0])
        taking.break_with(conflict_names=names)
        assert house.dispatch().code == 0
        assert house.states() == {"already_queued": 1, "accepted": ROWS - 1}
        assert taking.taken_numbers() == dict.fromkeys(numbers(ROWS), 1)


def a_stranger_calls(taking: Vendor, number: str) -> None:
    api = Api(taking)  # type: ignore[arg-type]  # it has the sandbox
    assert api.call(number).status_code == 201
    api.client.close()


def reasons(house: CallHouse) -> str:
    with house.ledger() as ledger:
        found = [row for file in ledger.files.all() for row in ledger.rows.of_file(file.id)]
    return "\n".join(str(row.reason) for row in found)

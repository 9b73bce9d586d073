"""What a sync ends with while another process is at some of its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.calls import CallHouse, a_list, call_house, numbers, vendor
from tests.support.daily_life import Partner

ALL = ("collect:renewals", "dispatch:vendor", "follow:renewals", "publish:renewals")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CallHouse]:
    """A house with a call that is not over, and a list that is due."""
    with vendor(tmp_path / "vendor") as taking:
        made = call_house(tmp_path / "house", taking)
        partner = made.campaign()
        partner.drop("called.csv", a_list(numbers(1)))
        assert made.sync("--only", "collect", "--only", "dispatch").code == 0
        partner.drop("due.csv", a_list(numbers(2, first=1)))
        made.collect()
        yield made


@contextmanager
def others_at(house: CallHouse, *leases: str) -> Iterator[None]:
    """This process, which is not the command's, is at these."""
    with house.ledger() as ledger, ExitStack() as held:
        for lease in leases:
            held.enter_context(ledger.leases.hold(lease))
        yield


@pytest.mark.parametrize("step", ["collect", "dispatch", "follow", "publish"])
def test_one_step_that_another_process_is_at_is_nothing_done(house: CallHouse, step: str) -> None:
    (lease,) = [name for name in ALL if name.startswith(step)]
    with others_at(house, lease):
        beside = house.sync("--only", step)
    assert (beside.code, house.states()["pending"]) == (75, 2), beside.said
    assert "nother process is" in beside.said
    assert house.sync("--only", step).code == 0


def test_a_whole_sync_is_nothing_done_where_others_are_at_every_step(house: CallHouse) -> None:
    with others_at(house, *ALL):
        assert house.sync().code == 75


@pytest.mark.parametrize("lease", ALL)
def test_a_whole_sync_does_the_steps_that_nobody_else_is_at(house: CallHouse, lease: str) -> None:
    with others_at(house, lease):
        beside = house.sync("--no-wait")
    assert beside.code == 0, beside.said
    assert house.states()["accepted"] == (1 if lease.startswith("dispatch") else 3)


def test_results_that_went_back_while_others_collect_and_send_are_something_done(
    house: CallHouse,
) -> None:
    house.change(results={"mode": "snapshot"})
    with others_at(house, "collect:renewals", "dispatch:vendor"):
        beside = house.sync()
    assert (beside.code, "2 delivered to the partner" in beside.said) == (0, True), beside.said


def test_what_needs_a_look_goes_before_what_others_are_at(house: CallHouse) -> None:
    house.change(hold={"rows_above": 2})
    Partner(house.home / "renewals").drop("held.csv", a_list(numbers(3, first=3)))
    house.collect()
    with others_at(house, *ALL):
        assert house.sync().code == 1

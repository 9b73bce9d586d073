"""A list that says it is whole, and is not: what it does not show is not believed where it does not
show the calls of ours that it must. Nobody is called twice, and nobody waits in vain.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from tests.support.calls import KNOWN, CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.databases import EVERY_DATABASE, fresh_database

ROWS = 3
PHONES = numbers(ROWS)
HOUR = 3600
# Complete by their own count, each of them.
LISTS: dict[str, dict[str, Any]] = {
    "cut to the newest": {"calls_cap": 1, "total_counts": "listed"},
    "without test calls": {"hides_test_calls": True},
    "without the country": {"numbers_as": "national"},
}


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as made:
        yield made


@pytest.fixture(params=["sqlite"])
def house(tmp_path: Path, taking: Vendor, request: pytest.FixtureRequest) -> Iterator[CallHouse]:
    made = call_house(tmp_path / "house", taking, in_flight=1, uncertain_after_seconds=30)
    with ExitStack() as open_now:
        if request.param == "postgresql":
            database = open_now.enter_context(fresh_database(request.param, made.home))
            made.database = database.url
        yield made


def nobody_tells(house: CallHouse, taking: Vendor, **campaign: Any) -> None:
    """One number is called, and told. Of the others every call is queued, and every answer lost."""
    partner = house.campaign(**campaign)
    taking.break_with(over_at_once=True)
    house.one_is_known(partner)
    partner.drop("list.csv", a_list(PHONES))
    house.collect()
    taking.break_with(drop_after_accept=ALWAYS, over_at_once=True)
    assert house.dispatch("--no-wait").code == 1
    house.let_time_pass(60)
    assert house.states() == {"accepted": 1, "uncertain": ROWS}


def looks_for_a_while(house: CallHouse, seconds: int = 600, **options: Any) -> None:
    for _ in range(2):
        house.dispatch("--no-wait", **options)
        house.let_time_pass(seconds)


@pytest.mark.parametrize("shown", LISTS)
def test_what_a_list_leaves_out_is_not_called_again(
    house: CallHouse, taking: Vendor, shown: str
) -> None:
    nobody_tells(house, taking, is_testing="test calls" in shown)
    taking.break_with(over_at_once=True, **LISTS[shown])
    looks_for_a_while(house)
    once_each = dict.fromkeys([KNOWN, *PHONES], 1)
    assert taking.taken_numbers() == once_each
    taking.break_with(over_at_once=True)
    finished = house.dispatch()
    assert finished.code == 0, finished.said
    assert house.states() == {"accepted": ROWS + 1}, reasons(house)
    assert taking.taken_numbers() == once_each


def test_believed_by_its_own_count_it_would_be(house: CallHouse, taking: Vendor) -> None:
    nobody_tells(house, taking)
    taking.break_with(over_at_once=True, calls_cap=0, total_counts="listed")
    looks_for_a_while(house, without="an absence counts beside calls of ours")
    assert max(taking.taken_numbers().values()) > 1


@pytest.mark.parametrize("house", EVERY_DATABASE, indirect=True)
def test_after_an_hour_a_person_is_asked_and_one_call_that_is_seen_brings_them_back(
    house: CallHouse, taking: Vendor
) -> None:
    nobody_tells(house, taking)
    taking.break_with(over_at_once=True, calls_cap=0, total_counts="listed")
    looks_for_a_while(house, HOUR)
    assert taking.taken_numbers() == dict.fromkeys([KNOWN, *PHONES], 1)
    assert all("sftp-sync resolve" in reason for reason in reasons(house))
    taking.break_with(over_at_once=True)
    assert house.dispatch().code == 1
    assert house.states() == {"accepted": 1, "uncertain": ROWS}
    # Another list comes, and its request is lost as well: its call is seen.
    Path(house.campaigns["renewals"]["folder"], "inbox", "more.csv").write_bytes(
        a_list(numbers(1, first=50))
    )
    house.collect()
    taking.break_with(drop_after_accept=ALWAYS, over_at_once=True)
    house.dispatch("--no-wait")
    house.let_time_pass(60)
    assert house.dispatch().code == 0
    assert house.states() == {"accepted": ROWS + 2}
    everybody = [KNOWN, *PHONES, *numbers(1, first=50)]
    assert taking.taken_numbers() == dict.fromkeys(everybody, 1)


def test_where_nothing_was_ever_called_a_person_checks_and_types_what_is_said(
    house: CallHouse, taking: Vendor
) -> None:
    partner = house.campaign()
    partner.drop("list.csv", a_list(PHONES[:1]))
    house.collect()
    taking.break_with(server_error=When(every=1, times=1))
    house.dispatch("--no-wait")
    house.let_time_pass(60)
    looks_for_a_while(house)
    assert taking.taken() == []
    assert reasons(house) == ["nothing of ours is known there"]
    looks_for_a_while(house, HOUR)
    assert taking.taken() == []
    (reason,) = reasons(house)
    assert "nothing of ours is known there; check +1212…0000 at the vendor, then type: " in reason
    assert reason.partition(" then type: ")[2].removeprefix("sftp-sync ") in attention(house)
    words = shlex.split(reason.partition("type: sftp-sync ")[2].partition(" (")[0])
    assert house.run(*words).code == 0
    assert house.dispatch().code == 0
    assert house.states() == {"accepted": 1}
    assert taking.taken_numbers() == {PHONES[0]: 1}


def reasons(house: CallHouse) -> list[str]:
    with house.ledger() as ledger:
        found = [row for file in ledger.files.all() for row in ledger.rows.of_file(file.id)]
    return [str(row.reason) for row in found if row.state == "uncertain"]


def attention(house: CallHouse) -> str:
    listed = [
        house.run("rows", str(file.id), "--state", "uncertain").said for file in house.files()
    ]
    return " ".join(" ".join(listed).split())

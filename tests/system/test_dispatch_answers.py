"""What the vendor says that stops sending: nothing is lost, `status` says what and why, and sending
goes on when the cause is gone.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, update

from sftp_sync.ledger.schema import destinations, rows
from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from tests.support.api_servers import RawServer, answer, answering
from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.databases import written
from tests.support.remotes import until
from tests.support.vendors import CAMPAIGN

ROWS = 12


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, taking: Vendor) -> CallHouse:
    """A house with a list that is due."""
    made = call_house(tmp_path / "house", taking)
    partner = made.campaign()
    partner.drop("list.csv", a_list(numbers(ROWS)))
    made.collect()
    return made


def goes_on(house: CallHouse, taking: Vendor) -> None:
    """With the cause gone the next run sends the rest, each once, and says nothing any more."""
    taking.break_with()
    finished = house.dispatch()
    assert finished.code == 0, finished.said
    assert house.states() == {"accepted": ROWS}
    assert taking.taken_numbers() == dict.fromkeys(numbers(ROWS), 1)
    assert house.notices() == {}


def test_a_campaign_that_the_vendor_pauses_loses_nothing(house: CallHouse, taking: Vendor) -> None:
    taking.break_with(pause_after_calls=5)
    stopped = house.dispatch()
    assert stopped.code == 1
    assert house.states() == {"accepted": 5, "pending": ROWS - 5}
    assert "not active" in house.attention()
    assert "not active" in stopped.said
    again = house.dispatch()
    assert again.code == 1
    assert len(taking.taken()) == 5
    taking.sandbox.set_status(CAMPAIGN, "active")
    goes_on(house, taking)


def test_a_token_that_is_refused_in_the_middle_stops_the_account(
    house: CallHouse, taking: Vendor
) -> None:
    taking.break_with(unauthorized=When(every=1, after=4))
    stopped = house.dispatch()
    assert stopped.code == 1
    assert house.states() == {"accepted": 4, "pending": ROWS - 4}
    # Those that were under way at that moment, and no more.
    assert taking.statuses()[401] <= house.in_flight
    assert "token" in house.attention()
    goes_on(house, taking)


@pytest.mark.parametrize(
    ("status", "body"),
    [(303, "page"), (303, "json"), (401, "page"), (403, "json"), (404, "empty"), (413, "page")],
)
def test_a_box_that_rewrites_the_vendors_yes_calls_nobody_twice(
    house: CallHouse, taking: Vendor, status: int, body: str
) -> None:
    taking.break_with(
        rewritten_after_accept=When(every=1), rewritten_status=status, rewritten_body=body
    )
    stopped = house.dispatch("--no-wait")
    assert stopped.code == 1, stopped.said
    states = house.states()
    assert states["uncertain"] <= house.in_flight
    assert states == {"uncertain": states["uncertain"], "pending": ROWS - states["uncertain"]}
    assert "not the vendor" in house.attention()
    goes_on(house, taking)


def test_a_late_yes_does_not_lift_what_was_said_since(house: CallHouse, taking: Vendor) -> None:
    taking.break_with(
        slow_answer=When(every=1, times=1), slow_seconds=1, unauthorized=When(every=1, after=1)
    )
    stopped = house.dispatch()
    assert stopped.code == 1
    assert house.states() == {"accepted": 1, "pending": ROWS - 1}
    assert taking.statuses() == {201: 1, 401: house.in_flight - 1}
    assert "token" in house.attention()
    goes_on(house, taking)


@pytest.mark.parametrize(
    ("status", "said"),
    [(402, "no credit left"), (403, "may not do this"), (404, "no such campaign")],
)
def test_a_refusal_stops_with_what_to_do_and_is_tried_again(
    house: CallHouse, taking: Vendor, status: int, said: str
) -> None:
    stopped = elsewhere(house, b'{"success": false, "message": "No"}', status)
    assert stopped.code == 1
    assert house.states() == {"pending": ROWS}
    assert said in house.attention()
    move_with_all(house, taking.base_url)
    goes_on(house, taking)


@pytest.mark.parametrize("hint", ["none", "seconds", "date", "body", "reset"])
def test_too_many_requests_are_waited_out(house: CallHouse, taking: Vendor, hint: str) -> None:
    taking.break_with(
        too_many_requests=When(every=1, after=4, times=2), retry_hint=hint, retry_seconds=1.0
    )
    finished = house.dispatch()
    assert finished.code == 0, finished.said
    assert house.states() == {"accepted": ROWS}
    assert taking.statuses()[429] == 2
    answered = [one["at"] for one in taking.sandbox.requests()]
    pauses = [later - earlier for earlier, later in pairwise(answered)]
    assert max(pauses) > 0.5


def test_no_wait_leaves_a_pause_to_the_next_run(house: CallHouse, taking: Vendor) -> None:
    taking.break_with(
        too_many_requests=When(every=1, after=4), retry_hint="seconds", retry_seconds=60
    )
    began = time.monotonic()
    finished = house.dispatch("--no-wait")
    assert time.monotonic() - began < 10
    assert finished.code == 0, finished.said
    assert house.states()["pending"] > 0
    goes_on(house, taking)


def test_no_wait_leaves_doubts_to_the_next_run(house: CallHouse, taking: Vendor) -> None:
    house.accounts["vendor"]["uncertain_after_seconds"] = 2
    house.write()
    taking.break_with(drop_after_accept=When(every=1, times=1))
    finished = house.dispatch("--no-wait")
    assert finished.code == 1
    assert house.states() == {"accepted": ROWS - 1, "uncertain": 1}
    assert until(lambda: house.dispatch("--no-wait").code == 0)
    goes_on(house, taking)


class TestRefusedRows:
    def test_one_whose_number_is_refused_does_not_stop_the_others(self, house: CallHouse) -> None:
        refusal = b'{"message": "The given data was invalid.", "errors": {"to": ["is not valid"]}}'
        first = elsewhere(house, refusal, 422)
        assert first.code == 1
        assert house.states() == {"refused": ROWS}
        (row, *_) = rows_of(house)
        assert "is not valid" in str(row.reason)

    def test_five_in_a_row_on_other_fields_block_the_campaign(self, house: CallHouse) -> None:
        house.accounts["vendor"]["in_flight"] = 1
        refusal = b'{"message": "Invalid.", "errors": {"payload": ["The name is required."]}}'
        stopped = elsewhere(house, refusal, 422)
        assert stopped.code == 1
        assert house.states() == {"refused": 5, "pending": ROWS - 5}
        assert "The name is required" in house.attention()
        assert "sftp-sync retry" in house.attention()

    def test_one_that_is_too_large_is_refused(self, house: CallHouse) -> None:
        assert elsewhere(house, b'{"success": false, "message": "Too large"}', 413).code == 1
        assert house.states() == {"refused": ROWS}


def elsewhere(house: CallHouse, body: bytes, status: int) -> Any:
    """One run against a server that always says the same."""
    with RawServer(answering(answer(status, body))) as server:
        move_with_all(house, f"{server.url}/api/v1")
        return house.dispatch()


def move_with_all(house: CallHouse, base_url: str) -> None:
    """The vendor is somewhere else, and what was recorded for it is taken along."""
    former = house.accounts["vendor"]["base_url"]
    house.turn_to(base_url)
    moved = func.replace(destinations.c.identity, former, base_url)
    with house.ledger() as ledger, written(ledger) as connection:
        connection.execute(update(destinations).values(identity=moved))


def rows_of(house: CallHouse) -> list[Any]:
    with house.ledger() as ledger:
        return [row for file in ledger.files.all() for row in ledger.rows.of_file(file.id)]


def test_an_api_that_is_down_for_a_moment_is_waited_for(house: CallHouse, taking: Vendor) -> None:
    taking.sandbox.stop()
    with house.running("--only", "dispatch", "--verbose") as running:
        assert until(lambda: running.has_said(b"NotNow"), 30)
        taking.forget()
        running.communicate()
    assert running.returncode == 0
    assert house.states() == {"accepted": ROWS}
    goes_on(house, taking)


def test_a_signal_ends_it_in_time_with_requests_under_way(house: CallHouse, taking: Vendor) -> None:
    house.accounts["vendor"]["timeout_seconds"] = 60
    house.write()
    taking.break_with(slow_answer=ALWAYS, slow_seconds=60)
    with house.running("--only", "dispatch") as running:
        assert until(lambda: len(taking.taken()) == house.in_flight, 30)
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert running.returncode == 130
    assert house.states() == {"sending": house.in_flight, "pending": ROWS - house.in_flight}
    goes_on(house, taking)


def test_a_signal_lets_requests_under_way_end(house: CallHouse, taking: Vendor) -> None:
    taking.break_with(slow_answer=ALWAYS, slow_seconds=1)
    with house.running("--only", "dispatch") as running:
        assert until(lambda: len(taking.taken()) == house.in_flight, 30)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)
    assert running.returncode == 130
    assert house.states() == {"accepted": house.in_flight, "pending": ROWS - house.in_flight}
    goes_on(house, taking)


def test_a_pause_is_effective_within_one_request_of_another_process(
    house: CallHouse, taking: Vendor
) -> None:
    house.accounts["vendor"] |= {"requests_per_minute": 300, "in_flight": 2}
    house.write()
    with house.running("--only", "dispatch") as running:
        assert until(lambda: len(taking.taken()) >= 2, 30)
        assert house.run("pause", "renewals").code == 0
        paused_after = len(taking.taken())
        running.communicate(timeout=30)
    taken = len(taking.taken())
    assert taken <= paused_after + 2 < ROWS
    assert house.states() == {"accepted": taken, "pending": ROWS - taken}
    assert house.dispatch().code in {0, 1}
    assert len(taking.taken()) == taken
    assert house.run("resume", "renewals").code == 0
    goes_on(house, taking)


def test_what_a_person_must_know_is_gone_with_its_rows(house: CallHouse, taking: Vendor) -> None:
    taking.sandbox.set_status(CAMPAIGN, "paused")
    assert house.dispatch().code == 1
    assert house.notices() != {}
    with house.ledger() as ledger, written(ledger) as connection:
        refused = update(rows).where(rows.c.state == "pending")
        connection.execute(refused.values(state="refused", reason="rejected"))
    assert house.dispatch().code == 0
    assert house.notices() == {}

"""Several processes at one account's rows: side by side, frozen and thawed, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from sftp_sync.ledger.schema import leases
from sftp_sync.sandbox.talkover_faults import When
from sftp_sync.sending.senders import FRESH_SECONDS
from tests.support.calls import KNOWN, CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.databases import boot_time, written
from tests.support.freezing import frozen
from tests.support.remotes import until

ROWS = 30
AGED = "UPDATE leases SET renewed_at = renewed_at - 60000000"


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, taking: Vendor) -> CallHouse:
    """A house with a list that is due, and a pace at which it takes a while."""
    made = call_house(
        tmp_path / "house",
        taking,
        requests_per_minute=600,
        uncertain_after_seconds=3,
        timeout_seconds=10,
    )
    partner = made.campaign()
    made.one_is_known(partner)
    partner.drop("list.csv", a_list(numbers(ROWS)))
    made.collect()
    return made


def each_once(house: CallHouse, taking: Vendor) -> None:
    assert house.states() == {"accepted": ROWS + 1}
    assert taking.taken_numbers() == dict.fromkeys([KNOWN, *numbers(ROWS)], 1)


def test_a_second_sync_leaves_the_rows_to_the_first(house: CallHouse, taking: Vendor) -> None:
    with house.running("--only", "dispatch") as running:
        assert until(lambda: len(taking.taken()) > 3, 30)
        second = house.dispatch()
        running.communicate()
    assert "another process is sending" in second.said
    # There was nothing else for it to do.
    assert second.code == 75
    assert running.returncode == 0
    each_once(house, taking)


def test_two_that_start_at_once_send_each_row_once(house: CallHouse, taking: Vendor) -> None:
    with (
        house.running("--only", "dispatch") as one,
        house.running("--only", "dispatch") as other,
    ):
        one.communicate()
        other.communicate()
    house.dispatch()
    each_once(house, taking)


def test_killed_three_times_it_goes_on_each_time(house: CallHouse, taking: Vendor) -> None:
    for _ in range(3):
        before = len(taking.taken())
        with house.running("--only", "dispatch") as running:
            assert until(lambda: len(taking.taken()) > before + 2, 30)  # noqa: B023 - waited for here
            running.kill()
            running.communicate()
    assert house.dispatch().code == 0
    each_once(house, taking)


def let_the_lease_lapse(house: CallHouse) -> None:
    """As if half a minute had passed: the frozen one has not renewed it."""
    with house.ledger() as ledger, written(ledger) as connection:
        connection.execute(text(AGED))
        # Nor does its lock tell, as if it were on another machine.
        connection.execute(update(leases).values(host="elsewhere"))


def whole_requests(taking: Vendor) -> int:
    """Without those of which only the head left, before the freeze: they ask for nothing."""
    return sum(one["status"] is not None for one in taking.sandbox.requests())


@pytest.mark.parametrize("sent", [1, 7])
def test_one_that_was_frozen_past_its_lease_sends_nothing_more(
    house: CallHouse, taking: Vendor, sent: int
) -> None:
    with house.running("--only", "dispatch") as running:
        assert until(lambda: len(taking.taken()) >= sent + 1, 30)
        with frozen(running.pid, house.state / "ledger.db"):
            stale_at = boot_time() + FRESH_SECONDS
            let_the_lease_lapse(house)
            second = house.dispatch()
            assert second.code == 0, second.said
            done = whole_requests(taking)
            # The ledger was told that half a minute has passed. The frozen one goes by its own
            # clock, and sends what it has claimed while that says that the lease is fresh.
            assert until(lambda: boot_time() > stale_at, FRESH_SECONDS + 1)
        running.communicate(timeout=30)
    # Nothing is left for it to do, or it says that another has taken over.
    assert running.returncode in {0, 1}
    assert whole_requests(taking) == done
    each_once(house, taking)


def test_an_answer_that_comes_after_the_takeover_settles_its_row(
    house: CallHouse, taking: Vendor
) -> None:
    house.accounts["vendor"]["uncertain_after_seconds"] = 30
    house.write()
    taking.break_with(slow_answer=When(every=1, after=5, times=1), slow_seconds=6)
    with house.running("--only", "dispatch") as running:
        assert until(lambda: len(taking.taken()) >= 7, 30)
        with frozen(running.pid, house.state / "ledger.db"):
            let_the_lease_lapse(house)
            second = house.dispatch("--no-wait")
            assert house.states()["uncertain"] >= 1, second.said
        assert until(lambda: house.states() == {"accepted": ROWS + 1}, 20)
        running.communicate(timeout=30)
    each_once(house, taking)

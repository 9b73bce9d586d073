"""A campaign whose `campaign_id` or `base_url` changes while it has rows due, in doubt or called: a
row goes only to the destination it was recorded with, nothing of it is forgotten in silence, and no
run waits for what nobody looks at.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_faults import ALWAYS
from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.daily_life import Partner
from tests.support.databases import EVERY_DATABASE, fresh_database
from tests.support.vendors import CAMPAIGN

NEXT = "770e8400-e29b-41d4-a716-446655440000"
LOST = {"bad_gateway_after_accept": ALWAYS}
ENOUGH_SECONDS = 45


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor", (CAMPAIGN, NEXT)) as made:
        yield made


@pytest.fixture(params=EVERY_DATABASE)
def house(request: pytest.FixtureRequest, tmp_path: Path, taking: Vendor) -> Iterator[CallHouse]:
    # Longer than a run that does not wait takes in a crowd.
    made = call_house(tmp_path / "house", taking, uncertain_after_seconds=3)
    made.state.mkdir()
    with fresh_database(request.param, made.state) as database:
        made.database = database.url
        yield made


def a_corrected_list(count: int) -> bytes:
    """The same people, other bytes."""
    return a_list(numbers(count)) + b"\n"


def called(taking: Vendor) -> Counter[tuple[str, str]]:
    """How often each number was called in which campaign of the vendor's."""
    return Counter((call["campaign_id"], call["to"]) for call in taking.taken())


def at_localhost(taking: Vendor) -> str:
    return taking.base_url.replace("127.0.0.1", "localhost")


def ended(house: CallHouse, *words: str) -> int:
    """The code of a sync that has to come to its end."""
    with house.running(*words) as sync:
        try:
            return sync.wait(ENOUGH_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail("it does not end")


@pytest.fixture
def partner(house: CallHouse) -> Partner:
    return house.campaign()


class TestRowsThatWereRecordedForAnotherCampaign:
    def test_are_not_sent_to_the_new_one_which_calls_its_own_list_once(
        self, house: CallHouse, taking: Vendor, partner: Partner
    ) -> None:
        house.change(limits={"calls_per_day": 6})
        house.pass_the_test()
        partner.drop("list.csv", a_list(numbers(12)))
        house.sync()
        assert house.states() == {"accepted": 6, "pending": 6}

        house.change(campaign_id=NEXT, limits={"calls_per_day": None})
        house.pass_the_test()
        partner.drop("new.csv", a_corrected_list(12))
        said = house.sync()
        assert said.code == 1, said.said
        assert "6 rows to be sent, 6 calls not over of file 1 were recorded for" in said.stdout
        assert f"{CAMPAIGN} at {taking.base_url}" in house.attention()
        assert f"the configuration now has {NEXT} at {taking.base_url}" in house.attention()
        assert "sftp-sync reject 1" in house.attention()
        house.sync()

        expected = [(CAMPAIGN, one) for one in numbers(6)] + [(NEXT, one) for one in numbers(12)]
        assert called(taking) == dict.fromkeys(expected, 1)
        assert house.states() == {"accepted": 18, "pending": 6}

        house.change(campaign_id=CAMPAIGN)
        house.pass_the_test()
        house.sync()
        assert "6 rows to be sent" not in house.attention()
        assert called(taking) == dict.fromkeys(
            [(one, phone) for one in (CAMPAIGN, NEXT) for phone in numbers(12)], 1
        )

    def test_are_not_sent_to_another_address(
        self, house: CallHouse, taking: Vendor, partner: Partner
    ) -> None:
        partner.drop("list.csv", a_list(numbers(8)))
        house.collect()
        house.turn_to(at_localhost(taking))
        partner.drop("new.csv", a_corrected_list(8))
        house.sync()
        house.sync()
        assert called(taking) == dict.fromkeys([(CAMPAIGN, one) for one in numbers(8)], 1)
        assert house.states() == {"accepted": 8, "pending": 8}

    def test_can_be_given_up(self, house: CallHouse, taking: Vendor, partner: Partner) -> None:
        partner.drop("list.csv", a_list(numbers(2)))
        house.collect()
        refused = house.run("reject", "1")
        assert (refused.code, "there is nothing to reject" in refused.stderr) == (2, True)
        house.turn_to(at_localhost(taking))
        assert house.run("reject", "1", "--quiet").code == 0
        assert house.states() == {"rejected": 2}
        assert house.sync().code == 0
        assert house.attention() == ""
        assert taking.taken() == []

    def test_are_in_no_forecast(self, house: CallHouse, taking: Vendor, partner: Partner) -> None:
        partner.drop("list.csv", a_list(numbers(8)))
        house.collect()
        house.turn_to(at_localhost(taking))
        (told,) = house.sync("--dry-run", "--json").json["campaigns"]
        assert told["calls"] == 0
        assert told["files"] == []


class TestDoubtsOfAnotherAddress:
    @pytest.fixture(autouse=True)
    def _doubts(self, house: CallHouse, taking: Vendor, partner: Partner) -> None:
        partner.drop("list.csv", a_list(numbers(3)))
        taking.break_with(**LOST)
        house.sync("--no-wait")
        taking.break_with()
        assert house.states() == {"uncertain": 3}
        house.turn_to(at_localhost(taking))

    def test_hold_up_no_sync_and_are_settled_once_the_address_is_put_back(
        self, house: CallHouse, taking: Vendor
    ) -> None:
        assert ended(house) == 1
        assert house.states() == {"uncertain": 3}
        assert "3 rows in doubt of file 1 were recorded for" in house.attention()
        assert "looks for the calls by itself" not in house.attention()
        house.turn_to(taking.base_url)
        assert house.sync().code == 0
        assert house.states() == {"accepted": 3}
        assert called(taking) == dict.fromkeys([(CAMPAIGN, one) for one in numbers(3)], 1)

    def test_keep_their_numbers_from_being_called_meanwhile(
        self, house: CallHouse, taking: Vendor, partner: Partner
    ) -> None:
        partner.drop("new.csv", a_corrected_list(4))
        assert ended(house) == 1
        assert called(taking) == dict.fromkeys([(CAMPAIGN, one) for one in numbers(4)], 1)
        assert house.states() == {"uncertain": 3, "pending": 3, "accepted": 1}


class TestAdopting:
    def test_the_same_campaign_at_another_address_moves_all_of_it(
        self, house: CallHouse, taking: Vendor, partner: Partner
    ) -> None:
        house.change(limits={"calls_per_day": 4})
        house.pass_the_test()
        partner.drop("list.csv", a_list(numbers(8)))
        house.sync("--quiet")
        taking.break_with(**LOST)
        house.change(limits={"calls_per_day": 6})
        house.sync("--no-wait", "--quiet")
        taking.break_with()
        assert house.states() == {"accepted": 4, "uncertain": 2, "pending": 2}
        house.change(limits={"calls_per_day": None})
        house.turn_to(at_localhost(taking))
        house.sync("--quiet")
        asked = len(taking.sandbox.requests())

        done = house.run("adopt", "renewals", "--json")

        assert done.code == 0, done.said
        (told,) = done.json["adopted"]
        assert (told["recognised"], told["rows"]) == (True, 8)
        assert {one["method"] for one in taking.sandbox.requests()[asked:]} == {"GET"}
        partner.drop("again.csv", a_corrected_list(8))
        assert house.sync().code == 0
        assert house.states() == {"accepted": 8, "duplicate": 8}
        assert called(taking) == dict.fromkeys([(CAMPAIGN, one) for one in numbers(8)], 1)
        assert house.attention() == ""

    def test_another_campaign_moves_only_what_was_never_claimed(
        self, house: CallHouse, taking: Vendor, partner: Partner
    ) -> None:
        house.change(limits={"calls_per_day": 3})
        house.pass_the_test()
        partner.drop("list.csv", a_list(numbers(6)))
        taking.break_with(**LOST)
        house.sync("--no-wait", "--quiet")
        taking.break_with()
        doubts = house.states()["uncertain"]
        assert house.states() == {"uncertain": doubts, "pending": 6 - doubts}
        house.change(campaign_id=NEXT, limits={"calls_per_day": None})
        house.pass_the_test()

        done = house.run("adopt", "renewals")

        assert done.code == 1, done.said
        assert "is not known to be the same campaign" in done.stdout
        assert "Put the former campaign_id or base_url back" in done.stdout
        assert ended(house) == 1
        expected = [(CAMPAIGN, one) for one in numbers(doubts)]
        expected += [(NEXT, one) for one in numbers(6)[doubts:]]
        assert called(taking) == dict.fromkeys(expected, 1)
        house.change(campaign_id=CAMPAIGN)
        house.pass_the_test()
        house.sync()
        assert house.states() == {"accepted": 6}
        assert called(taking) == dict.fromkeys(expected, 1)

    def test_waits_for_nobody_who_takes_in_lists(
        self, house: CallHouse, taking: Vendor, partner: Partner
    ) -> None:
        partner.drop("list.csv", a_list(numbers(2)))
        house.collect()
        house.turn_to(at_localhost(taking))
        with house.ledger() as ledger, ledger.leases.hold("collect:renewals"):
            assert house.run("adopt", "renewals").code == 75
        assert house.run("adopt", "renewals", "--quiet").code == 0
        assert house.run("adopt", "renewal").code == 2

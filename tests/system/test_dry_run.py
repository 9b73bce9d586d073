"""What a dry run says is what the next sync does."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from sftp_sync.ledger.schema import files
from sftp_sync.model import RowState
from sftp_sync.sandbox.talkover_faults import When
from sftp_sync.wiring.parts import now
from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.daily_life import Partner
from tests.support.databases import written
from tests.support.vendors import CAMPAIGN


@pytest.fixture
def talkover(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as taking:
        yield taking


@pytest.fixture
def house(tmp_path: Path, talkover: Vendor) -> CallHouse:
    return call_house(tmp_path / "home", talkover)


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
        "calls": rows[RowState.ACCEPTED],
        "duplicate": rows[RowState.DUPLICATE],
        "invalid": rows[RowState.INVALID],
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


def content(house: CallHouse) -> list[str]:
    with closing(sqlite3.connect(house.state / "ledger.db")) as ledger:
        return list(ledger.iterdump())


def as_foretold(house: CallHouse, talkover: Vendor) -> dict[str, Any]:
    """What a dry run says, after a sync that has done exactly that."""
    before = content(house)
    (said,) = house.sync("--dry-run", "--json").json["campaigns"]
    assert content(house) == before
    expected, called = house.states(), talkover.count_taken()
    for file in said["files"]:
        rows = Counter({state: number for state, number in file["rows"].items() if number})
        total, waiting = rows.pop("total"), rows["pending"] - file["calls"]
        expected["pending"] += waiting - (total if file["id"] is not None else 0)
        expected["accepted"] += file["calls"]
        expected += Counter({**rows, "pending": 0})
    house.sync("--no-wait")
    assert house.states() == expected
    assert talkover.count_taken() - called == said["calls"]
    now_held = {file.name for file in house.files() if file.state == "held"}
    assert {file["name"] for file in said["files"] if file["state"] == "held"} == now_held
    return dict(said)


def waits(said: dict[str, Any]) -> list[dict[str, int]]:
    """How many rows of each file wait for what."""
    return [{one["cause"]: one["rows"] for one in file["waits"]} for file in said["files"]]


def make_older(house: CallHouse, hours: float) -> None:
    with house.ledger() as ledger, written(ledger) as connection:
        connection.execute(update(files).values(received_at=now() - timedelta(hours=hours)))


class TestWhatIsDueAlready:
    def test_is_sent_and_counts_into_the_time(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign()
        house.accounts["vendor"]["requests_per_minute"] = 60
        house.pass_the_test()
        partner.drop("list.csv", a_list(numbers(4)))
        house.collect()
        shown = house.sync("--dry-run").stdout
        assert "file 1, list.csv: 4 rows are due, 4 pending" in shown
        assert "4 calls to queue: 0:00:04 at 60" in shown
        said = as_foretold(house, talkover)
        assert (said["calls"], said["seconds"]) == (4, 4)

    def test_is_foretold_though_the_partner_is_away(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = house.campaign()
        partner.drop("list.csv", a_list(numbers(4)))
        house.collect()
        partner.inbox.rename(partner.root / "elsewhere")
        said = as_foretold(house, talkover)
        assert (said["calls"], said["ok"]) == (4, False)

    def test_comes_before_what_is_new(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign()
        first, second, third, fourth = numbers(4)
        partner.drop("due.csv", a_list([first, second]))
        house.collect()
        partner.drop("new.csv", a_list([second, third, third, fourth]))
        assert house.run("suppress", "add", first).code == 0
        said = as_foretold(house, talkover)
        assert [one["calls"] for one in said["files"]] == [1, 2]
        due, new = (one["rows"] for one in said["files"])
        assert (due["suppressed"], new["duplicate"]) == (1, 2)

    def test_expires(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign(expires_after="1h")
        partner.drop("late.csv", a_list(numbers(3)))
        house.collect()
        make_older(house, 2)
        partner.drop("new.csv", a_list(numbers(2)))
        said = as_foretold(house, talkover)
        assert said["files"][0]["rows"]["expired"] == 3
        assert said["calls"] == 2

    def test_is_in_doubt_and_waits(self, house: CallHouse, talkover: Vendor) -> None:
        house.accounts["vendor"]["uncertain_after_seconds"] = 60
        partner = house.campaign()
        partner.drop("first.csv", a_list(numbers(1)))
        talkover.break_with(bad_gateway_after_accept=When(every=1))
        house.sync("--no-wait")
        talkover.break_with()
        partner.drop("next.csv", a_list(numbers(3)))
        said = as_foretold(house, talkover)
        assert (said["in_doubt"], said["calls"], waits(said)) == (1, 2, [{"in_doubt": 1}])
        assert "in doubt, to be looked into first: 1" in house.sync("--dry-run").stdout


class TestWhatStops:
    def test_a_paused_campaign(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign(expires_after="1h")
        partner.drop("due.csv", a_list(numbers(4)))
        house.collect()
        make_older(house, 2)
        partner.drop("new.csv", a_list(numbers(3)))
        assert house.run("pause", "renewals").code == 0
        shown = house.sync("--dry-run")
        assert "nothing would be sent: the campaign is paused" in shown.stdout
        assert "4 would wait: the campaign is paused" in shown.stdout
        assert (shown.code, "to queue" in shown.stdout) == (0, False)
        said = as_foretold(house, talkover)
        assert (said["calls"], said["stopped"]["cause"]) == (0, "paused")
        assert waits(said) == [{"paused": 4}, {"paused": 3}]

    def test_the_limit_of_the_day(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign(limits={"calls_per_day": 4})
        partner.drop("called.csv", a_list(numbers(1)))
        assert as_foretold(house, talkover)["calls"] == 1
        partner.drop("due.csv", a_list(numbers(2, first=10)))
        house.collect()
        partner.drop("new.csv", a_list(numbers(3, first=20)))
        said = as_foretold(house, talkover)
        assert (said["calls"], said["seconds"], said["stopped"]) == (3, 1, None)
        assert waits(said) == [{}, {"day_limit": 2}]
        partner.drop("more.csv", a_list(numbers(1, first=30)))
        shown = house.sync("--dry-run").stdout
        assert "nothing would be sent: the day's calls are spent" in shown
        said = as_foretold(house, talkover)
        assert (said["calls"], said["stopped"]["cause"]) == (0, "day_limit")

    def test_the_limit_of_a_file(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign(limits={"calls_per_file": 2})
        partner.drop("due.csv", a_list(numbers(4)))
        house.collect()
        partner.drop("long.csv", a_list(numbers(5, first=10)), age_seconds=50)
        partner.drop("short.csv", a_list(numbers(2, first=20)), age_seconds=40)
        shown = house.sync("--dry-run")
        assert (shown.code, "6 calls to queue" in shown.stdout) == (1, True)
        assert "2 would wait: the file has had its calls (limits.calls_per_file: 2)" in shown.stdout
        said = as_foretold(house, talkover)
        assert [one["calls"] for one in said["files"]] == [2, 2, 2]
        assert waits(said) == [{"file_limit": 2}, {"file_limit": 3}, {}]

    def test_both_limits_at_once(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign(limits={"calls_per_day": 1, "calls_per_file": 2})
        partner.drop("list.csv", a_list(numbers(4)))
        said = as_foretold(house, talkover)
        assert (said["calls"], waits(said)) == (1, [{"day_limit": 3}])

    def test_a_missing_do_not_call_list(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign(suppression={"path": "/dnc"})
        (partner.root / "dnc").mkdir()
        partner.drop("list.csv", a_list(numbers(4)))
        shown = house.sync("--dry-run")
        assert (shown.code, "No do-not-call list matching" in shown.stdout) == (1, True)
        said = as_foretold(house, talkover)
        assert (said["calls"], said["stopped"]["cause"]) == (0, "no_list")


class TestNumbersMetTwice:
    def test_are_called_once_unless_duplicates_are_allowed(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = house.campaign()
        partner.drop("first.csv", a_list(numbers(2) * 2), age_seconds=90)
        partner.drop("second.csv", a_list(numbers(3)), age_seconds=80)
        assert as_foretold(house, talkover)["calls"] == 3
        house.change(allow_duplicates=True)
        partner.drop("third.csv", a_list(numbers(3) * 2), age_seconds=70)
        partner.drop("fourth.csv", a_list(numbers(2)), age_seconds=60)
        assert as_foretold(house, talkover)["calls"] == 8

    def test_are_called_by_one_of_two_campaigns(self, house: CallHouse) -> None:
        partner = house.campaign(campaign_id=CAMPAIGN)
        other = house.campaign("others", campaign_id=CAMPAIGN)
        partner.drop("due.csv", a_list(numbers(2)))
        house.collect()
        other.drop("new.csv", a_list(numbers(3)))
        told = house.sync("--dry-run", "--json").json["campaigns"]
        assert [one["calls"] for one in told] == [2, 1]
        house.sync("--no-wait")
        assert house.states() == {"accepted": 3, "duplicate": 2}

    def test_as_whole_lists_are_imported_once(self, house: CallHouse, talkover: Vendor) -> None:
        partner = house.campaign()
        partner.drop("first.csv", a_list(numbers(2)), age_seconds=90)
        partner.drop("again.csv", a_list(numbers(2)), age_seconds=80)
        said = house.sync("--dry-run", "--json").json["campaigns"][0]
        assert [one["state"] for one in said["files"]] == ["dispatching", "repeated"]
        house.sync("--no-wait")
        assert [str(one.state) for one in house.files()][1] == "repeated"
        assert talkover.count_taken() == said["calls"] == 2

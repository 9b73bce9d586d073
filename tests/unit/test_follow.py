"""Following, against the vendor's sandbox on a clock of our own: what has become of the calls does
not wait for long, and is of one row only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.around import Surroundings
from sftp_sync.model import ResultRow
from sftp_sync.outcome import BY_NUMBER
from sftp_sync.reports import WindUp
from sftp_sync.run import Doors, wind_up
from sftp_sync.sandbox.talkover_faults import When
from sftp_sync.spool import Spool
from sftp_sync.wiring.parts import nobody_watches
from tests.support.builders import a_phone
from tests.support.hand_dispatch import Bench, a_bench
from tests.support.vendors import CAMPAIGN, Api

HOUR = 3600.0
FIVE = [a_phone(number) for number in range(5)]
# The campaign is the first that is read; the account's list comes behind it.
NO_CALL_LIST = {"server_error": When(every=1, after=1, on="reads")}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with a_bench(tmp_path) as made:
        made.vendor.break_with(over_at_once=True)
        yield made


def follow(bench: Bench, **faults: Any) -> WindUp:
    """One run of it, while these things go wrong."""
    around = Surroundings(
        ledger=bench.ledger,
        spool=Spool(bench.folder / "spool", lambda _: 1_000_000_000),
        now=bench.time.now,
        wait=bench.time.wait,
        watch=nobody_watches,
        monotonic=bench.time.seconds,
        boot_time=bench.time.boot_time,
    )
    # A fault that stays counts on: let it begin anew.
    bench.vendor.break_with()
    bench.vendor.break_with(**{"over_at_once": True, **faults})

    def nobody() -> Any:
        raise AssertionError("the partner is not asked")

    doors = Doors(nobody, bench.vendor.provider)
    return wind_up(bench.campaigns["renewals"], doors, around, {"follow"})


def over(bench: Bench) -> list[ResultRow]:
    return [
        row
        for file in bench.ledger.files.all()
        for row in bench.ledger.results.rows(file.id, only_new=True)
    ]


def seconds_told(bench: Bench) -> list[bool]:
    return [row.duration_seconds is not None for row in over(bench)]


def asked(bench: Bench) -> list[str]:
    """What was read at the vendor's."""
    return [one["path"] for one in bench.vendor.requests() if one["method"] == "GET"]


class TestACallListThatFails:
    def test_delays_what_has_ended_and_no_duration_is_lost(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.dispatch()
        (problem,) = follow(bench, **NO_CALL_LIST).problems
        assert "500" in problem.message
        assert over(bench) == []
        assert [one.cause for one in bench.ledger.notices.all()] == ["follow"]
        assert follow(bench).problems == ()
        assert seconds_told(bench) == [True] * 5
        assert bench.ledger.notices.all() == []

    def test_for_hours_stops_nothing(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.dispatch()
        follow(bench, **NO_CALL_LIST)
        bench.time.at += 4 * HOUR
        assert len(follow(bench, **NO_CALL_LIST).problems) == 1
        assert seconds_told(bench) == [False] * 5

    def test_half_way_leaves_only_the_other_half_open(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(150)])
        bench.dispatch()
        follow(bench, server_error=When(every=1, after=2, on="reads"))
        assert seconds_told(bench) == [True] * 100
        assert follow(bench).followed.over == 50
        assert seconds_told(bench) == [True] * 150


class TestCallsWithoutOurIds:
    def test_are_never_of_two_rows(self, bench: Bench) -> None:
        bench.campaign(allow_duplicates=True)
        bench.list([FIVE[0], FIVE[0]])
        bench.dispatch()
        assert len(bench.vendor.taken()) == 2
        followed = follow(bench, different_ids=True, calls_cap=1).followed
        assert (followed.changed, over(bench)) == (0, [])

    def test_on_two_days_are_each_found(self, bench: Bench) -> None:
        bench.list(FIVE[:1])
        bench.dispatch()
        bench.time.at += timedelta(days=1).total_seconds()
        bench.list(FIVE[:1])
        bench.dispatch()
        follow(bench, different_ids=True)
        assert [row.matched_by for row in over(bench)] == [BY_NUMBER] * 2


class TestTwoImporters:
    @pytest.fixture
    def api(self, bench: Bench) -> Iterator[Api]:
        bench.campaign(host="sftp.example.com")
        api = Api(bench.vendor)
        settings = {"host": "sftp.example.com", "username": "u", "auth_type": "password"}
        place = f"/campaigns/{CAMPAIGN}/sftp"
        with api.client as client:
            body = {**settings, "password": "p", "import_path": "/inbox"}
            assert client.post(place, json=body).is_success
            assert client.post(f"{place}/test-connection").is_success
            assert client.put(place, json={"is_enabled": True}).is_success
            yield api

    def test_are_told_of_before_anything_was_called(self, bench: Bench, api: Api) -> None:
        assert follow(bench).problems == ()
        (notice,) = bench.ledger.notices.all()
        assert "called twice" in notice.message
        assert asked(bench) == [f"/api/v1/campaigns/{CAMPAIGN}/sftp"]
        api.client.put(f"/campaigns/{CAMPAIGN}/sftp", json={"is_enabled": False})
        follow(bench)
        assert bench.ledger.notices.all() == []

    def test_are_not_told_of_by_a_vendor_that_is_down(self, bench: Bench, api: Api) -> None:
        del api
        assert follow(bench, server_error=When(every=1, on="reads")).problems == ()
        assert bench.ledger.notices.all() == []


def test_a_folder_of_this_machine_has_no_second_importer(bench: Bench) -> None:
    bench.campaign()
    assert follow(bench).problems == ()
    assert asked(bench) == []

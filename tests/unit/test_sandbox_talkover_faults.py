"""The vendor we rehearse against: as bad as ordered, and honest in its journal."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sftp_sync.sandbox.api_journal import accepted_calls, requests
from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from tests.support.forking import talker
from tests.support.hand_clock import HandClock
from tests.support.remotes import until
from tests.support.vendors import CAMPAIGN, NUMBER, START, TOKEN, Api, TalkoverVendor, talkover


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def vendor(tmp_path: Path, clock: HandClock) -> Iterator[TalkoverVendor]:
    with talkover(tmp_path, clock.monotonic, speed=1) as vendor:
        yield vendor


@pytest.fixture
def api(vendor: TalkoverVendor) -> Iterator[Api]:
    opened = Api(vendor)
    yield opened
    opened.client.close()


def test_every_accepted_call_and_every_request_is_in_the_journal(
    vendor: TalkoverVendor, api: Api, tmp_path: Path
) -> None:
    accepted = api.call(context={"sftp_sync": "1:2"}).json()["campaign_call"]["id"]
    api.call()
    api.campaign()
    (call,) = accepted_calls(tmp_path)
    assert (call["id"], call["to"], call["campaign_id"]) == (accepted, NUMBER, CAMPAIGN)
    assert call["context"] == {"sftp_sync": "1:2"}
    assert call["created_at"] == "2026-11-20T06:00:00.000000Z"
    assert [entry["status"] for entry in requests(tmp_path)] == [201, 409, 200]
    assert vendor.taken() == [call]


def test_faults_are_changed_from_another_process(vendor: TalkoverVendor, api: Api) -> None:
    admin = httpx.Client(trust_env=False)
    url = vendor.sandbox.base_url.removesuffix("/api/v1") + "/_sandbox/faults"
    changed = admin.post(url, json={"server_error": {"every": 2}, "calls_cap": 1})
    assert changed.json()["server_error"]["every"] == 2
    numbers = [f"+1212555{n:04d}" for n in range(4)]
    assert [api.call(number).status_code for number in numbers] == [201, 500, 201, 500]
    assert len(api.listed()) == 1
    admin.post(url, json={"server_error": False})
    assert admin.get(url).json()["calls_cap"] == 1
    assert api.call(NUMBER).status_code == 201
    for wrong in ('{"server_eror": 1}', '{"server_error": 3}', '{"server_error": {"x": 1}}', "[]"):
        assert admin.post(url, content=wrong).status_code == 422
    admin.close()


def test_a_fault_meets_every_nth_after_the_first_so_many_at_most_so_often(
    vendor: TalkoverVendor, api: Api
) -> None:
    vendor.break_with(server_error=When(every=2, after=1, times=2))
    statuses = [api.call(f"+1212555{n:04d}").status_code for n in range(9)]
    assert statuses == [201, 201, 500, 201, 500, 201, 201, 201, 201]


def test_a_fault_by_chance_meets_the_same_requests_again(tmp_path: Path) -> None:
    runs = []
    for run in ("a", "b"):
        with talkover(tmp_path / run) as vendor:
            vendor.break_with(server_error=When(probability=0.3))
            api = Api(vendor)
            runs.append([api.call(f"+1212555{n:04d}").status_code for n in range(40)])
            api.client.close()
    assert runs[0] == runs[1]
    assert 3 < runs[0].count(500) < 25


def test_the_nature_of_the_vendor_can_be_made_worse(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    vendor.break_with(different_ids=True, whole_seconds=True, hide_total_calls=True)
    clock.at += 0.25
    accepted = api.call().json()["campaign_call"]
    (listed,) = api.listed()
    assert listed["id"] != accepted["id"]
    assert listed["created_at"] == "2026-11-20T06:00:00Z"
    assert "total_calls" not in json.dumps(api.campaign()["stats"])


def test_calls_are_listed_late_where_the_vendor_lags(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    vendor.break_with(listing_lag_seconds=5)
    api.call()
    assert api.listed() == []
    clock.at += 5
    assert len(api.listed()) == 1


def test_a_campaign_pauses_itself_after_so_many_calls(vendor: TalkoverVendor, api: Api) -> None:
    vendor.break_with(pause_after_calls=2)
    statuses = [api.call(f"+1212555{n:04d}").status_code for n in range(4)]
    assert statuses == [201, 201, 400, 400]


def test_retries_are_rows_of_their_own_where_the_vendor_lists_them_so(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    vendor.break_with(retries_as_rows=True)
    for n in range(30):
        api.call(f"+1212555{n:04d}")
    clock.at += 10 * 24 * 3600
    rows = api.listed()
    assert len(rows) > 30
    assert len({row["id"] for row in rows}) == len(rows)


def test_the_clock_can_be_off_in_headers_and_bodies(vendor: TalkoverVendor, api: Api) -> None:
    vendor.break_with(clock_offset_seconds=-3600)
    response = api.call()
    assert response.headers["Date"] == "Fri, 20 Nov 2026 05:00:00 GMT"
    assert response.json()["campaign_call"]["created_at"] == "2026-11-20T05:00:00.000000Z"


def test_a_token_can_be_withdrawn_in_mid_run(vendor: TalkoverVendor, api: Api) -> None:
    vendor.break_with(unauthorized=When(every=1, after=2, on="all"))
    assert [api.client.get("/calls").status_code for _ in range(4)] == [200, 200, 401, 401]


@pytest.mark.parametrize("form", ["epoch", "seconds", "none"])
def test_the_reset_comes_in_every_form(tmp_path: Path, form: str) -> None:
    with talkover(tmp_path, HandClock(START).monotonic, reset_form=form) as vendor:
        api = Api(vendor)
        headers = api.client.get("/calls").headers
        api.client.close()
    reset = headers.get("X-RateLimit-Reset")
    assert reset == {"epoch": str(int(START) + 61), "seconds": "61", "none": None}[form]


def test_a_dropped_connection_leaves_the_call_in_the_journal(
    vendor: TalkoverVendor, api: Api
) -> None:
    vendor.break_with(drop_after_accept=ALWAYS)
    with pytest.raises(httpx.RemoteProtocolError):
        api.call()
    assert len(vendor.taken()) == 1
    assert vendor.requests()[0]["faults"] == ["drop_after_accept"]


@pytest.mark.parametrize("late_seconds", [None, 0.05])
def test_a_request_can_be_handled_long_after_its_client_gave_it_up(
    vendor: TalkoverVendor, api: Api, late_seconds: float | None
) -> None:
    vendor.break_with(kept_for_later=When(every=1, times=1), late_seconds=late_seconds)
    with pytest.raises(httpx.RemoteProtocolError):
        api.call()
    if late_seconds is None:
        assert vendor.taken() == []
        vendor.sandbox.handle_kept()
    assert until(lambda: len(vendor.taken()) == 1)
    assert api.call().status_code == 409
    vendor.sandbox.handle_kept()
    assert len(vendor.taken()) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"), [(303, "empty", ""), (403, "json", "Forbidden"), (404, "page", "4")]
)
def test_a_yes_can_be_rewritten_on_its_way(
    vendor: TalkoverVendor, api: Api, status: int, body: str, said: str
) -> None:
    vendor.break_with(rewritten_after_accept=ALWAYS, rewritten_status=status, rewritten_body=body)
    answered = api.call()
    assert answered.status_code == status
    assert said in answered.text
    assert ("Location" in answered.headers) == (status == 303)
    assert len(vendor.taken()) == 1
    assert api.call().status_code == 409


SPELLINGS = {
    "national": "2125550100",
    "spaced": "+1 (212) 555-0100",
    "double_zero": "0012125550100",
    "no_plus": "12125550100",
    "masked": "+1212***0100",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_lists_may_spell_numbers_otherwise(vendor: TalkoverVendor, api: Api, spelling: str) -> None:
    vendor.break_with(numbers_as=spelling)
    api.call()
    assert [one["to"] for one in api.listed()] == [SPELLINGS[spelling]]
    assert api.client.get("/calls").json()["data"][0]["to"] == SPELLINGS[spelling]


@pytest.mark.parametrize(
    ("faults", "listed", "total"),
    [
        ({"calls_cap": 2}, ["0003", "0004"], 4),
        ({"calls_cap": 2, "calls_shown": "oldest"}, ["0001", "0002"], 4),
        ({"calls_cap": 2, "total_counts": "listed"}, ["0003", "0004"], 2),
        ({"total_counts": "completed"}, ["0001", "0002", "0003", "0004", "0005"], 0),
        ({"hides_test_calls": True}, ["0001", "0002", "0003", "0004"], 4),
    ],
)
def test_a_list_may_show_less_than_there_is_and_count_otherwise(
    vendor: TalkoverVendor, api: Api, faults: dict[str, object], listed: list[str], total: int
) -> None:
    vendor.break_with(**faults)
    for number in range(1, 5):
        api.call(f"+1212555{number:04d}")
    if "calls_cap" not in faults:
        api.call("+12125550005", is_testing=True)
    assert [str(one["to"])[-4:] for one in api.listed()] == listed
    assert api.campaign()["stats"]["total_calls"] == total  # type: ignore[index]  # JSON


@pytest.mark.parametrize(
    ("names", "is_ours"), [("this campaign", True), ("another", False), ("nothing", False)]
)
def test_a_conflict_may_name_another_campaign_or_none(
    vendor: TalkoverVendor, api: Api, names: str, *, is_ours: bool
) -> None:
    vendor.break_with(conflict_names=names)
    api.call()
    existing = api.call().json()["existing_call"]
    assert (existing["campaign_id"] == CAMPAIGN) is is_ours
    assert (existing["campaign_id"] is None) == (names == "nothing")


def test_it_runs_as_a_process_of_its_own_and_its_journal_outlives_it(tmp_path: Path) -> None:
    with talker("tests.support.vendors:main", (tmp_path,)) as process:
        url = process.ask("where")
        path = f"{url}/campaigns/{CAMPAIGN}/call"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answered = httpx.post(path, json={"to": NUMBER}, headers=headers, trust_env=False)
        process.kill()
    (call,) = accepted_calls(tmp_path)
    assert call["id"] == answered.json()["campaign_call"]["id"]


def test_it_stops_while_requests_hang(tmp_path: Path) -> None:
    with talkover(tmp_path) as vendor:
        vendor.break_with(slow_answer=ALWAYS, slow_seconds=30)
        api = Api(vendor)
        broke = threading.Event()

        def hang() -> None:
            try:
                api.call()
            except httpx.HTTPError:
                broke.set()

        thread = threading.Thread(target=hang)
        thread.start()
        deadline = time.monotonic() + 5
        while not vendor.taken():
            assert time.monotonic() < deadline
            broke.wait(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    thread.join()
    assert broke.is_set()
    api.client.close()

"""The vendor we rehearse against: as strict as its documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_state import TRANSITIONS
from tests.support.hand_clock import HandClock
from tests.support.vendors import CAMPAIGN, NUMBER, START, Api, TalkoverVendor, talkover


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


def test_a_call_is_accepted_with_the_documented_body(api: Api) -> None:
    response = api.call(payload={"name": "Zoë"})
    assert response.status_code == 201
    body = response.json()
    assert set(body) == {"campaign_call", "campaign"}
    call = body["campaign_call"]
    assert (call["to"], call["status"], call["campaign_id"]) == (NUMBER, "queued", CAMPAIGN)
    assert call["created_at"] == "2026-11-20T06:00:00.000000Z"
    assert body["campaign"] == {"id": CAMPAIGN, "name": "Renewals", "status": "active"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"),
        ({"to": ""}, "to"),
        ({"to": "12125550100"}, "to"),
        ({"to": "+0125550100"}, "to"),
        ({"to": "+1212555010012345"}, "to"),
        ({"to": 12125550100}, "to"),
        ({"to": NUMBER, "payload": []}, "payload"),
        ({"to": NUMBER, "context": "x"}, "context"),
        ({"to": NUMBER, "is_testing": "yes"}, "is_testing"),
        ({"to": NUMBER, "allow_duplicate": True}, "allow_duplicate"),
    ],
)
def test_what_is_wrong_with_a_request_stands_at_its_field(
    api: Api, body: dict[str, object], field: str
) -> None:
    response = api.client.post(f"/campaigns/{CAMPAIGN}/call", json=body)
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]
    assert api.listed() == []


def test_a_body_that_is_no_json_is_refused(api: Api) -> None:
    path = f"/campaigns/{CAMPAIGN}/call"
    assert api.client.post(path, content=b"{").status_code == 422
    assert api.client.post(path, content=b"[]").status_code == 422


def test_a_body_too_large_is_refused(api: Api) -> None:
    assert api.call(payload={"x": "y" * 1_100_000}).status_code == 413


@pytest.mark.parametrize("status", ["draft", "paused", "completed", "cancelled"])
def test_only_an_active_campaign_takes_calls(vendor: TalkoverVendor, api: Api, status: str) -> None:
    vendor.sandbox.set_status(CAMPAIGN, status)
    response = api.call()
    assert (response.status_code, response.json()["message"]) == (400, "Campaign is not active")


@pytest.mark.parametrize("before", list(TRANSITIONS))
@pytest.mark.parametrize("after", list(TRANSITIONS))
def test_a_campaign_changes_its_status_only_as_documented(
    vendor: TalkoverVendor, api: Api, before: str, after: str
) -> None:
    vendor.sandbox.set_status(CAMPAIGN, before)
    response = api.turn(after)
    allowed = after in TRANSITIONS[before]
    assert response.status_code == (200 if allowed else 400)
    assert api.campaign()["status"] == (after if allowed else before)


def test_a_status_that_is_none_is_refused(api: Api) -> None:
    assert api.turn("sleeping").status_code == 422


def test_a_number_is_protected_while_its_call_is_queued_or_active_and_no_longer(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    del vendor
    first = api.call().json()["campaign_call"]["id"]
    protected = 0
    while (response := api.call()).status_code == 409:
        assert response.json()["existing_call"]["id"] == first
        protected += 1
        clock.at += 1
    assert protected > 2
    assert api.listed()[0]["status"] not in ("queued", "ringing", "answered")
    assert response.status_code == 201


def test_calls_live_through_their_stages_in_order(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    del vendor
    for n in range(60):
        assert api.call(f"+1212555{n:04d}").status_code == 201
    order = ["queued", "ringing", "answered", "over"]
    seen = [0] * 60
    for _ in range(120):
        clock.at += 3
        for index, call in enumerate(api.listed()):
            stage = call["status"] if call["status"] in order else "over"
            assert order.index(str(stage)) >= seen[index]
            seen[index] = order.index(str(stage))
    ends = {call["status"] for call in api.listed()}
    assert ends == {"completed", "no-answer", "busy", "voicemail", "failed"}
    stats = api.campaign()["stats"]
    assert isinstance(stats, dict)
    assert stats["total_calls"] == 60


def test_unanswered_calls_are_tried_again_after_a_day_until_their_retries_are_used_up(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    del vendor
    for n in range(60):
        api.call(f"+1212555{n:04d}")
    clock.at += 3600
    assert {call["retries"] for call in api.listed()} == {0}
    clock.at += 5 * 24 * 3600
    calls = api.listed()
    assert max(int(str(call["retries"])) for call in calls) == 3
    for call in calls:
        assert call["status"] == "completed" or call["retries"] == 3


def test_a_paused_campaign_rings_nobody_and_goes_on_where_it_was(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    del vendor
    api.call()
    api.turn("paused")
    clock.at += 10_000
    assert api.listed()[0]["status"] == "queued"
    api.turn("active")
    clock.at += 20
    assert api.listed()[0]["status"] != "queued"


def test_calls_of_a_cancelled_campaign_never_ring(
    vendor: TalkoverVendor, api: Api, clock: HandClock
) -> None:
    del vendor
    api.call()
    api.turn("cancelled")
    clock.at += 10_000
    assert api.listed()[0]["status"] == "cancelled"


def test_the_same_seed_gives_the_same_lives(tmp_path: Path) -> None:
    ends = []
    for run in ("a", "b"):
        clock = HandClock(START)
        with talkover(tmp_path / run, clock.monotonic, speed=3600, seed=7) as vendor:
            api = Api(vendor)
            for n in range(30):
                api.call(f"+1212555{n:04d}")
            clock.at += 3600
            ends.append([call["status"] for call in api.listed()])
            api.client.close()
    assert ends[0] == ends[1]


def test_test_calls_are_left_out_of_the_figures(api: Api) -> None:
    api.call(is_testing=True)
    campaign = api.campaign()
    assert len(api.listed()) == 1
    assert isinstance(campaign["stats"], dict)
    assert campaign["stats"]["total_calls"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=sleeping", "status"),
        ("direction=up", "direction"),
        ("date_from=20.11.2026", "date_from"),
        ("per_page=101", "per_page"),
        ("page=0", "page"),
    ],
)
def test_the_call_list_refuses_parameters_that_are_none(api: Api, query: str, field: str) -> None:
    response = api.client.get(f"/calls?{query}")
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]


def test_the_call_list_is_filtered_and_paged_newest_first(api: Api, clock: HandClock) -> None:
    for n in range(45):
        api.call(f"+1212555{n:04d}")
    clock.at += 24 * 3600
    api.call("+13105550000")
    first = api.client.get("/calls").json()
    assert first["pagination"] == {
        "current_page": 1,
        "last_page": 3,
        "per_page": 20,
        "total": 46,
        "from": 1,
        "to": 20,
    }
    assert first["data"][0]["to"] == "+13105550000"
    last = api.client.get("/calls?page=3").json()
    assert len(last["data"]) == 6
    assert last["data"][-1]["to"] == "+12125550000"
    for query, total in [
        ("search=%2B1310", 1),
        ("date_from=2026-11-21", 1),
        ("date_to=2026-11-20", 45),
        ("direction=inbound", 0),
    ]:
        found = api.client.get(f"/calls?{query}").json()
        assert found["pagination"]["total"] == total, query


@pytest.mark.parametrize(
    ("token", "message"), [("", "Missing Bearer Token"), ("talq_wrong", "Unauthorized")]
)
def test_nothing_but_health_is_told_without_a_token(
    vendor: TalkoverVendor, token: str, message: str
) -> None:
    api = Api(vendor)
    api.client.headers["Authorization"] = f"Bearer {token}" if token else ""
    assert api.client.get("/health").json() == {"status": "ok"}
    for response in (api.call(), api.client.get("/calls"), api.turn("paused")):
        assert response.status_code == 401
        assert response.json()["message"] == message
    api.client.close()


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("GET", "/campaigns/x")])
def test_what_is_not_there_is_not_found(api: Api, method: str, path: str) -> None:
    assert api.client.request(method, path).status_code == 404


def test_what_is_not_done_that_way_is_refused(api: Api) -> None:
    assert api.client.delete(f"/campaigns/{CAMPAIGN}").status_code == 405


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_more_than_the_limit_is_refused_and_the_headers_say_what_is_left(
    tmp_path: Path, window: str
) -> None:
    clock = HandClock(START)
    with talkover(tmp_path, clock.monotonic, requests_per_minute=3, window=window) as vendor:
        api = Api(vendor)
        answers = [api.client.get("/calls") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        left = [answer.headers["X-RateLimit-Remaining"] for answer in answers]
        assert left == ["2", "1", "0", "0"]
        assert answers[0].headers["X-RateLimit-Limit"] == "3"
        assert 0 < int(answers[0].headers["X-RateLimit-Reset"]) - START <= 61
        assert api.client.get("/health").status_code == 200
        clock.at += 61
        assert api.client.get("/calls").status_code == 200
        api.client.close()

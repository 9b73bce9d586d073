"""What Talkover's documents mean, also where they are incomplete, odd or contradict themselves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.errors import ConfigError, VendorRefused, VendorUnavailable
from sftp_sync.model import Accepted, Blocked
from sftp_sync.providers.base import CallRequest, VendorCall
from sftp_sync.providers.client import Identity, VendorClient
from sftp_sync.providers.pace import Pace, Timing
from sftp_sync.providers.talkover import (
    Talkover,
    called_number,
    calls_of,
    campaign_of,
    last_page_of,
    status_of,
)
from sftp_sync.providers.wire import Access, Wire
from tests.support.api_servers import RawServer, Visitor, answer
from tests.support.vendors import talkover

CALL = {
    "id": "call-uuid-1",
    "to": "+1234567890",
    "status": "completed",
    "retries": 0,
    "created_at": "2024-01-01T00:00:00Z",
}
CAMPAIGN = {
    "id": "c1",
    "name": "Renewals",
    "status": "active",
    "max_retries": 3,
    "timezone": "America/New_York",
    "calls": [CALL],
    "stats": {"total_calls": 100, "completed_calls": 80},
}


class Scripted:
    """Says one body after the other, and keeps what was asked for."""

    def __init__(self, *bodies: object) -> None:
        self._bodies = iter(bodies)
        self.asked: list[str] = []

    def __call__(self, visitor: Visitor) -> None:
        while request := visitor.read_request():
            self.asked.append(request.split(b" ", 2)[1].decode())
            body = next(self._bodies)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            visitor.say(answer(200, raw))


Connect = Callable[[RawServer], Talkover]


@pytest.fixture
def connected() -> Iterator[Connect]:
    """Connects a provider to a server that is torn down after it."""
    opened: list[VendorClient] = []

    def connect(server: RawServer) -> Talkover:
        pace = Pace(6_000_000, Timing(time.monotonic, threading.Event().wait))
        wire = Wire(Access(server.url, timeout_seconds=3), time.monotonic)
        opened.append(
            VendorClient(wire, pace, Identity(lambda: "talq_x"), lambda: datetime.now(UTC))
        )
        return Talkover(opened[-1], "c1")

    yield connect
    for client in opened:
        client.close()


def test_a_campaign_is_read_with_its_calls_and_the_rest_kept() -> None:
    campaign = campaign_of(CAMPAIGN, 1.5)
    assert (campaign.id, campaign.name, campaign.status) == ("c1", "Renewals", "active")
    assert (campaign.max_retries, campaign.total_calls, campaign.clock_offset) == (3, 100, 1.5)
    assert campaign.calls == (
        VendorCall(
            "call-uuid-1",
            "+1234567890",
            "completed",
            created_at=datetime(2024, 1, 1, tzinfo=UTC),
            retries=0,
        ),
    )
    assert campaign.fields["timezone"] == "America/New_York"
    assert "calls" not in campaign.fields


@pytest.mark.parametrize("stats", [None, [], {}, {"total_calls": None}, {"total_calls": "many"}])
def test_a_total_that_is_not_said_is_not_known(stats: object) -> None:
    assert campaign_of({**CAMPAIGN, "stats": stats}, None).total_calls is None


@pytest.mark.parametrize("calls", [None, {}, "none", [None, 1, "x", [], {}]])
def test_a_list_of_calls_that_is_none_is_empty(calls: object) -> None:
    assert calls_of(calls) == ()


def test_fields_of_odd_types_are_left_out_and_the_call_is_kept() -> None:
    (call,) = calls_of(
        [{"id": 7, "to": "+1234567890", "status": None, "retries": "two", "created_at": 5, "x": 1}]
    )
    assert (call.id, call.status, call.retries, call.duration_seconds) == ("7", "", None, None)


@pytest.mark.parametrize(
    ("listed", "number"),
    [
        ("+12125550100", "+12125550100"),
        ("12125550100", "+12125550100"),
        ("0012125550100", "+12125550100"),
        ("+1 (212) 555-0100", "+12125550100"),
        (12125550100, "+12125550100"),
        ("+1212***0100", ""),
        ("anonymous", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_listed_number_is_compared_whole_or_not_at_all(listed: object, number: str) -> None:
    assert called_number(listed) == number


def test_a_call_whose_number_is_masked_makes_the_list_shorter_than_its_total() -> None:
    fields = {"id": "c1", "calls": [{"id": "x", "to": "+1***"}], "stats": {"total_calls": 1}}
    campaign = campaign_of(fields, None)
    assert len(campaign.calls) < (campaign.total_calls or 0)


@pytest.mark.parametrize(
    ("spelled", "status"),
    [
        ("no_answer", "no-answer"),
        ("no-answer", "no-answer"),
        ("in-progress", "answered"),
        ("in_progress", "answered"),
        ("answered", "answered"),
        ("queued", "queued"),
        ("Transferred to Mars", "Transferred to Mars"),
        (None, ""),
        (5, ""),
    ],
)
def test_statuses_have_one_spelling_and_unknown_ones_are_kept(spelled: object, status: str) -> None:
    assert status_of(spelled) == status


@pytest.mark.parametrize(
    ("pagination", "last"),
    [
        ({"current_page": 1, "last_page": 5, "per_page": 20, "total": 100}, 5),
        ({"current_page": 1, "per_page": 25, "total": 18}, 1),
        ({"current_page": 1, "per_page": 25, "total": 26}, 2),
        ({"per_page": 0, "total": 26}, 4),
        ({}, 4),
        (None, 4),
    ],
)
def test_the_last_page_is_said_or_computed_or_looked_for(pagination: object, last: int) -> None:
    assert last_page_of(pagination, 3) == last


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "to", "status", "retries", "created_at", "duration", "updated_at"]),
        JSON,
    ),
    st.dictionaries(st.sampled_from(["id", "name", "status", "max_retries", "stats"]), JSON),
)
def test_no_document_whatsoever_breaks_the_reading(
    call: dict[str, object], fields: dict[str, object]
) -> None:
    for found in campaign_of({**fields, "calls": [call, 7]}, None).calls:
        assert found.id
        assert found.to.startswith("+")


def test_pages_are_asked_for_one_after_the_other_and_end_with_the_last(connected: Connect) -> None:
    rows = [{"id": f"c{n}", "to": "+1234567890"} for n in range(3)]
    pages = Scripted(
        *({"success": True, "data": [row], "pagination": {"last_page": 3}} for row in rows)
    )
    with RawServer(pages) as server:
        found = list(connected(server).calls(since=date(2026, 11, 20)))
    assert [call.id for page in found for call in page] == ["c0", "c1", "c2"]
    queries = [parse_qs(urlsplit(path).query) for path in pages.asked]
    assert [query["page"] for query in queries] == [["1"], ["2"], ["3"]]
    assert all(query["date_from"] == ["2026-11-20"] for query in queries)
    assert all(query["per_page"] == ["100"] for query in queries)


def test_pages_without_a_count_end_with_an_empty_one(connected: Connect) -> None:
    page = {"data": [{"id": "c1", "to": "+1234567890"}]}
    pages = Scripted(page, page, {"data": []})
    with RawServer(pages) as server:
        assert len(list(connected(server).calls())) == 2


@pytest.mark.parametrize("body", [{"data": []}, {"data": {"name": "x"}}, {"success": True}, b"[]"])
def test_an_answer_without_a_campaign_is_tried_later(connected: Connect, body: object) -> None:
    with RawServer(Scripted(body)) as server, pytest.raises(VendorUnavailable):
        connected(server).campaign()


def test_text_that_cannot_be_encoded_does_not_break_the_sending(connected: Connect) -> None:
    with RawServer(Scripted({"campaign_call": {"id": "c1"}})) as server:
        provider = connected(server)
        answered = provider.send(CallRequest("+12125550100", {"name": "a\ud800b"}, {}))
    assert answered.outcome == Accepted("c1")
    assert b'"name":"a?b"' in server.received


def test_the_token_is_asked_for_before_every_request(tmp_path: Path) -> None:
    tokens = iter(["talq_old", "talq_sandbox"])
    with talkover(tmp_path) as vendor:
        provider = vendor.provider(token=lambda: next(tokens))
        outcomes = [provider.send(CallRequest("+12125550100", {}, {})).outcome for _ in range(2)]
    assert [type(outcome).__name__ for outcome in outcomes] == ["Blocked", "Accepted"]


def test_a_token_that_cannot_be_read_stops_the_account_and_nothing_else(tmp_path: Path) -> None:
    def unreadable() -> str:
        raise ConfigError("The file of the token is gone.")

    with talkover(tmp_path) as vendor:
        provider = vendor.provider(token=unreadable)
        sent = provider.send(CallRequest("+12125550100", {}, {})).outcome
        assert sent == Blocked("account", "The file of the token is gone.")
        with pytest.raises(VendorRefused, match="is gone"):
            provider.campaign()
        assert vendor.requests() == []


def test_a_hundred_thousand_calls_are_read_in_seconds(connected: Connect) -> None:
    calls = [{**CALL, "id": f"call-{n}", "to": f"+1{n:010d}"} for n in range(100_000)]
    with RawServer(Scripted({"data": {**CAMPAIGN, "calls": calls}})) as server:
        began = time.monotonic()
        campaign = connected(server).campaign()
        assert time.monotonic() - began < 20
    assert len(campaign.calls) == 100_000

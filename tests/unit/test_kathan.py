"""What Kathan leaves open is read defensively; a request that is all head is doubted sooner."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpcore
import pytest

from sftp_sync.errors import VendorUnavailable
from sftp_sync.model import Accepted, Terms, Uncertain
from sftp_sync.providers import connections
from sftp_sync.providers.base import Draft, Recipient
from sftp_sync.providers.client import Identity, VendorClient
from sftp_sync.providers.kathan import Kathan, list_id_of
from sftp_sync.providers.kathan_list import csv_of, list_form
from sftp_sync.providers.pace import Pace, Timing
from sftp_sync.providers.wire import Access, Wire
from tests.support import api_servers as servers
from tests.support.api_servers import Behaviour, RawServer
from tests.support.hand_clock import HandClock

Connect = Callable[[Behaviour], Kathan]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A provider whose vendor says whatever a test wants."""
    with ExitStack() as stack:

        def connected(behaviour: Behaviour) -> Kathan:
            server = stack.enter_context(RawServer(behaviour))
            clock = HandClock()
            client = VendorClient(
                Wire(Access(server.url, timeout_seconds=2), clock.monotonic),
                Pace(1_000_000, Timing(clock.monotonic, clock.wait)),
                Identity(lambda: "sk_live_token"),
                lambda: datetime.now(UTC),
            )
            stack.callback(client.close)
            return Kathan(client)

        yield connected


def saying(status: int, body: bytes) -> Behaviour:
    return servers.answering(servers.answer(status, body))


class TestTheIdOfAList:
    @pytest.mark.parametrize(
        "document",
        [
            {"id": "l1"},
            {"recipient_list_id": "l1"},
            {"list_id": "l1"},
            {"recipient_list": {"id": "l1"}},
            {"data": {"recipient_list_id": "l1"}},
            {"id": None, "list": {"list_id": "l1"}},
        ],
        ids=str,
    )
    def test_is_found_wherever_it_stands(self, document: dict[str, Any]) -> None:
        assert list_id_of(document) == "l1"

    @pytest.mark.parametrize("document", [{}, {"id": ""}, {"id": True}, {"data": ["l1"]}], ids=str)
    def test_is_not_invented(self, document: dict[str, Any]) -> None:
        assert list_id_of(document) == ""


class TestAList:
    def test_has_a_column_for_every_key_of_any_contact(self) -> None:
        recipients = [
            Recipient("+12125550100", {"name": "Ann", "Phone_Number ": "as it came"}),
            Recipient("+12125550101", {"plan": 'gold, "plus"'}),
        ]
        rows = list(csv.reader(io.StringIO(csv_of(recipients).decode())))
        assert rows == [
            ["phone_number", "name", "Phone_Number _", "plan"],
            ["+12125550100", "Ann", "as it came", ""],
            ["+12125550101", "", "", 'gold, "plus"'],
        ]

    def test_does_not_ask_for_a_template_or_a_replacement(self) -> None:
        form = list_form("Mine", [Recipient("+12125550100", {})])
        assert form.content_type.startswith("multipart/form-data; boundary=")
        assert b'name="use_template"\r\n\r\nfalse' in form.content
        assert b"replace" not in form.content


class TestAnswers:
    @pytest.mark.parametrize("status", [b"paused", b"Completed", b" running "])
    def test_of_a_start_that_say_it_is_under_way_are_a_start(
        self, connect: Connect, status: bytes
    ) -> None:
        provider = connect(saying(200, b'{"id":"c1","status":"%s"}' % status))
        outcome = provider.start("c1").outcome
        assert outcome == Accepted("c1", status.decode().strip().lower())

    @pytest.mark.parametrize(
        "body", [b"{}", b'{"status":"draft"}', b'{"status":7}', b"[]", b"", b"<html>"]
    )
    def test_of_a_start_that_do_not_are_doubt(self, connect: Connect, body: bytes) -> None:
        assert isinstance(connect(saying(200, body)).start("c1").outcome, Uncertain)

    @pytest.mark.parametrize("body", [b"{}", b'{"id":null}', b"[]"])
    def test_of_a_draft_without_an_id_are_doubt(self, connect: Connect, body: bytes) -> None:
        outcome = connect(saying(200, body)).draft(Draft("N", {})).outcome
        assert isinstance(outcome, Uncertain)

    @pytest.mark.parametrize("body", [b"{}", b'{"status":null}', b"nothing"])
    def test_of_a_look_without_a_status_are_none(self, connect: Connect, body: bytes) -> None:
        with pytest.raises(VendorUnavailable):
            connect(saying(200, body)).look("c1", "N")

    @pytest.mark.parametrize("body", [b"{}", b"null", b"<html>"])
    def test_of_a_list_of_calls_that_are_no_list_are_none(
        self, connect: Connect, body: bytes
    ) -> None:
        with pytest.raises(VendorUnavailable, match="not the vendor's list"):
            list(connect(saying(200, body)).calls())

    def test_leave_out_calls_that_prove_nothing(self, connect: Connect) -> None:
        body = b"""[7, {"id": "c1"}, {"id": "c2", "to_number": "+1212***0100"},
            {"id": "c3", "to_number": "+12125550100", "direction": "inbound"},
            {"id": "c4", "to_number": "001 212 555-0100", "status": " ringing ",
             "timestamp": "2026-11-20T06:30:00"}]"""
        (page,) = connect(saying(200, body)).calls()
        (call,) = page.calls
        assert (call.id, call.to, call.status) == ("c4", "+12125550100", "ringing")
        assert call.created_at == datetime(2026, 11, 20, 6, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("detail", "said"),
        [
            (b'"Campaign has no recipients"', "Campaign has no recipients"),
            (b'[{"loc":["body","name"],"msg":"Too long","type":"t"}]', "Too long"),
        ],
    )
    def test_with_a_detail_of_either_shape_are_told(
        self, connect: Connect, detail: bytes, said: str
    ) -> None:
        outcome = connect(saying(409, b'{"detail":%s}' % detail)).start("c1").outcome
        assert isinstance(outcome, Uncertain)
        assert said in outcome.reason


@pytest.mark.parametrize(
    "behaviour",
    [servers.reset_after_reading, servers.close_after_reading, servers.close_mid_headers],
    ids=lambda value: value.__name__,
)
def test_a_start_that_breaks_is_doubt(behaviour: Behaviour, connect: Connect) -> None:
    assert isinstance(connect(behaviour).start("c1").outcome, Uncertain)


@pytest.mark.parametrize("is_head_all", [True, False])
def test_a_request_without_a_body_may_have_left_with_its_head(*, is_head_all: bool) -> None:
    passage = connections._Passage(None, is_head_all=is_head_all)
    assert not passage.may_have_left(httpcore.ConnectError())
    request = SimpleNamespace(method=b"POST")
    passage.observe("http11.send_request_headers.started", {"request": request})
    assert passage.may_have_left(httpcore.WriteError()) == is_head_all


class TestTerms:
    def test_are_the_same_however_their_keys_are_ordered(self) -> None:
        one, other = {"a": 1, "b": {"c": [2]}}, {"b": {"c": [2]}, "a": 1}
        assert Terms(one).fingerprint == Terms(other).fingerprint

    @pytest.mark.parametrize(
        "other",
        [
            Terms({"assistant_id": "b"}),
            Terms({"assistant_id": "a"}, {"scheduleStartTime": "t"}),
            Terms({"assistant_id": "a"}, {}, {"first_message": "Hello"}),
        ],
        ids=["settings", "schedule", "overrides"],
    )
    def test_differ_by_whatever_a_draft_is_made_of(self, other: Terms) -> None:
        assert Terms({"assistant_id": "a"}).fingerprint != other.fingerprint

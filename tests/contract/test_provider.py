"""What every vendor's provider must do. One class per vendor inherits it, on its sandbox."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.model import (
    Accepted,
    AlreadyQueued,
    Blocked,
    NotNow,
    Refused,
    Uncertain,
)
from sftp_sync.providers.base import CallRequest
from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from tests.support.vendors import OTHER_CAMPAIGN, OTHER_TOKEN, TalkoverVendor, talkover

NUMBER = "+12125550100"


def a_request(number: str = NUMBER, *, allow_duplicates: bool = False) -> CallRequest:
    return CallRequest(
        to=number,
        payload={"name": "Zoë", "plan": "gold"},
        context={"crm_id": "17", "sftp_sync": "3:42"},
        allow_duplicates=allow_duplicates,
    )


class ProviderContract:
    """A subclass brings the fixture `vendor`."""

    def test_a_request_becomes_one_call_with_all_that_was_said(
        self, vendor: TalkoverVendor
    ) -> None:
        answer = vendor.provider().send(a_request())
        assert isinstance(answer.outcome, Accepted)
        (call,) = vendor.taken()
        assert call["id"] == answer.outcome.call_id
        assert call["to"] == NUMBER
        assert call["payload"] == {"name": "Zoë", "plan": "gold"}
        assert call["context"] == {"crm_id": "17", "sftp_sync": "3:42"}
        assert (call["is_testing"], call["allow_duplicates"]) == (False, False)

    def test_a_number_that_is_queued_is_not_queued_again(self, vendor: TalkoverVendor) -> None:
        provider = vendor.provider()
        first = provider.send(a_request()).outcome
        second = provider.send(a_request()).outcome
        assert isinstance(first, Accepted)
        assert isinstance(second, AlreadyQueued)
        assert second.call_id == first.call_id
        assert second.created_at is not None
        assert abs(second.created_at.timestamp() - time.time()) < 5
        assert len(vendor.taken()) == 1

    def test_duplicates_are_calls_of_their_own_where_they_are_allowed(
        self, vendor: TalkoverVendor
    ) -> None:
        provider = vendor.provider()
        outcomes = [provider.send(a_request(allow_duplicates=True)).outcome for _ in range(2)]
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert len(vendor.taken()) == 2

    def test_a_number_whose_call_is_over_is_taken_again(self, vendor: TalkoverVendor) -> None:
        vendor.break_with(over_at_once=True)
        provider = vendor.provider()
        assert isinstance(provider.send(a_request()).outcome, Accepted)
        assert isinstance(provider.send(a_request()).outcome, Accepted)

    def test_a_number_that_is_none_is_refused_with_the_vendors_sentence(
        self, vendor: TalkoverVendor
    ) -> None:
        outcome = vendor.provider().send(a_request("+12")).outcome
        assert isinstance(outcome, Refused)
        assert "valid phone number" in outcome.reason
        assert not outcome.counts_against_campaign

    def test_a_campaign_that_is_not_active_stops(self, vendor: TalkoverVendor) -> None:
        vendor.pause()
        outcome = vendor.provider().send(a_request()).outcome
        assert isinstance(outcome, Blocked)
        assert outcome.scope == "campaign"
        assert vendor.provider().campaign().status == "paused"

    def test_a_campaign_that_is_not_there_stops(self, vendor: TalkoverVendor) -> None:
        provider = vendor.provider(campaign_id="no/such campaign")
        outcome = provider.send(a_request()).outcome
        assert isinstance(outcome, Blocked)
        assert outcome.scope == "campaign"
        with pytest.raises(VendorRefused, match="no such campaign"):
            provider.campaign()

    def test_a_campaign_of_another_account_stops(self, vendor: TalkoverVendor) -> None:
        provider = vendor.provider(campaign_id=OTHER_CAMPAIGN)
        outcome = provider.send(a_request()).outcome
        assert isinstance(outcome, Blocked)
        assert outcome.scope == "campaign"
        with pytest.raises(VendorRefused):
            provider.campaign()

    def test_two_accounts_know_nothing_of_each_other(self, vendor: TalkoverVendor) -> None:
        ours = vendor.provider()
        theirs = vendor.provider(token=OTHER_TOKEN, campaign_id=OTHER_CAMPAIGN)
        for provider in (ours, theirs):
            assert isinstance(provider.send(a_request()).outcome, Accepted)
            assert len(provider.campaign().calls) == 1
            assert [len(page) for page in provider.calls()] == [1]

    @pytest.mark.parametrize("token", ["talq_wrong", "", "two words", "line\nbreak", "ключ"])
    def test_a_token_that_is_not_accepted_stops_the_account(
        self, vendor: TalkoverVendor, token: str
    ) -> None:
        provider = vendor.provider(token=token)
        outcome = provider.send(a_request()).outcome
        assert isinstance(outcome, Blocked)
        assert outcome.scope == "account"
        for read in (provider.campaign, provider.check_account):
            with pytest.raises(VendorRefused) as raised:
                read()
            assert raised.value.scope == "account"
        assert vendor.taken() == []

    @pytest.mark.parametrize(
        "fault", ["drop_after_accept", "bad_gateway_after_accept", "truncated_body"]
    )
    def test_a_call_accepted_behind_a_broken_answer_is_doubt(
        self, vendor: TalkoverVendor, fault: str
    ) -> None:
        vendor.break_with(**{fault: ALWAYS})
        assert isinstance(vendor.provider().send(a_request()).outcome, Uncertain)
        assert len(vendor.taken()) == 1

    @pytest.mark.parametrize("fault", ["server_error", "html_page", "reset_before_reading"])
    def test_a_failure_that_accepted_nothing_is_doubt_too(
        self, vendor: TalkoverVendor, fault: str
    ) -> None:
        vendor.break_with(**{fault: ALWAYS})
        assert isinstance(vendor.provider().send(a_request()).outcome, Uncertain)
        assert vendor.taken() == []

    @pytest.mark.parametrize("accepts", ["first", "last"])
    def test_an_answer_after_our_patience_is_doubt(
        self, vendor: TalkoverVendor, accepts: str
    ) -> None:
        vendor.break_with(slow_answer=ALWAYS, slow_seconds=0.6, slow_accepts=accepts)
        began = time.monotonic()
        outcome = vendor.provider(timeout_seconds=0.3).send(a_request()).outcome
        assert time.monotonic() - began < 0.6
        assert isinstance(outcome, Uncertain)
        assert len(vendor.taken()) == (1 if accepts == "first" else 0)
        deadline = time.monotonic() + 5
        while len(vendor.taken()) != 1:
            assert time.monotonic() < deadline
            vendor.stop.wait(0.01)

    @pytest.mark.parametrize(
        ("hint", "seconds"), [("seconds", 3), ("date", 3), ("body", 3), ("reset", 3), ("none", 1)]
    )
    def test_too_many_requests_is_not_now_and_pauses_the_account(
        self, vendor: TalkoverVendor, hint: str, seconds: float
    ) -> None:
        vendor.break_with(too_many_requests=ALWAYS, retry_hint=hint, retry_seconds=3)
        outcome = vendor.provider().send(a_request()).outcome
        assert isinstance(outcome, NotNow)
        assert outcome.wait_seconds == pytest.approx(seconds, abs=1.1)
        assert vendor.taken() == []

    def test_what_may_not_be_sent_never_arrives(self, vendor: TalkoverVendor) -> None:
        outcome = vendor.provider().send(a_request(), lambda: False).outcome
        assert outcome == NotNow("the lease was lost before sending")
        assert vendor.requests() == []

    def test_a_vendor_that_is_down_is_not_now(self, vendor: TalkoverVendor) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        provider = vendor.provider(base_url=f"http://127.0.0.1:{port}")
        outcome = provider.send(a_request()).outcome
        assert isinstance(outcome, NotNow)
        assert outcome.wait_seconds == pytest.approx(1, abs=0.2)
        with pytest.raises(VendorUnavailable, match="cannot be reached"):
            provider.campaign()

    def test_the_campaign_lists_its_calls_under_the_ids_they_were_accepted_with(
        self, vendor: TalkoverVendor
    ) -> None:
        provider = vendor.provider()
        outcomes = [provider.send(a_request(f"+1212555{n:04d}")).outcome for n in range(25)]
        campaign = provider.campaign()
        assert (campaign.status, campaign.total_calls, campaign.max_retries) == ("active", 25, 3)
        assert [call.id for call in campaign.calls] == [
            outcome.call_id for outcome in outcomes if isinstance(outcome, Accepted)
        ]
        assert all(call.created_at and call.to.startswith("+1212555") for call in campaign.calls)
        assert campaign.clock_offset == pytest.approx(0, abs=1)
        assert "calls" not in campaign.fields

    def test_the_call_list_pages_through_every_call_once(self, vendor: TalkoverVendor) -> None:
        provider = vendor.provider()
        for n in range(230):
            provider.send(a_request(f"+1212555{n:04d}"))
        pages = list(provider.calls())
        assert [len(page) for page in pages] == [100, 100, 30]
        assert {call.id for page in pages for call in page} == {
            call["id"] for call in vendor.taken()
        }
        assert len([entry for entry in vendor.requests() if entry["method"] == "GET"]) == 3

    def test_an_empty_call_list_ends(self, vendor: TalkoverVendor) -> None:
        assert list(vendor.provider().calls()) == []

    def test_the_account_and_its_health_can_be_checked(self, vendor: TalkoverVendor) -> None:
        vendor.provider().check_account()
        vendor.provider(token="talq_wrong").health()

    def test_a_check_of_an_account_in_trouble_says_so(self, vendor: TalkoverVendor) -> None:
        vendor.break_with(server_error=When(every=1, on="all"))
        with pytest.raises(VendorUnavailable, match="500"):
            vendor.provider().check_account()

    @pytest.mark.parametrize("seconds", [-90.0, 45.0])
    def test_a_clock_that_is_off_is_measured(self, vendor: TalkoverVendor, seconds: float) -> None:
        vendor.break_with(clock_offset_seconds=seconds)
        answer = vendor.provider().send(a_request())
        assert answer.clock_offset == pytest.approx(seconds, abs=1)
        assert vendor.provider().campaign().clock_offset == pytest.approx(seconds, abs=1)

    def test_four_threads_send_each_contact_once(self, vendor: TalkoverVendor) -> None:
        provider = vendor.provider()
        numbers = [f"+1212556{n:04d}" for n in range(200)]
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda number: provider.send(a_request(number)), numbers))
        assert all(isinstance(answer.outcome, Accepted) for answer in answers)
        assert sorted(call["to"] for call in vendor.taken()) == numbers

    def test_no_evidence_holds_the_number_or_the_token(self, vendor: TalkoverVendor) -> None:
        provider = vendor.provider()
        for _ in range(2):
            evidence = provider.send(a_request()).evidence
            assert evidence
            assert NUMBER not in evidence
            assert "talq_" not in evidence

    def test_waiting_for_a_slot_ends_when_it_is_time_to_stop(self, vendor: TalkoverVendor) -> None:
        vendor.break_with(too_many_requests=ALWAYS, retry_hint="seconds", retry_seconds=60)
        provider = vendor.provider()
        provider.send(a_request())
        vendor.stop.set()
        with pytest.raises(VendorUnavailable, match="Stopping"):
            provider.campaign()


class TestTalkover(ProviderContract):
    @pytest.fixture
    def vendor(self, tmp_path: Path) -> Iterator[TalkoverVendor]:
        with talkover(tmp_path) as vendor:
            yield vendor

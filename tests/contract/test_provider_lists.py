"""What a provider must do whose vendor takes whole lists. One class per vendor inherits it, on its
sandbox.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.model import Accepted, Blocked, NotNow, Refused, Uncertain
from sftp_sync.providers.base import DRAFT, GONE, Draft, ListProvider, Recipient
from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from tests.support.kathan import SETTINGS, TOKEN, KathanVendor, kathan

NAME = "renewals: a.csv (sftp-sync 0123456789ab.1.1)"
NUMBER = "+12125550100"


def a_recipient(number: str = NUMBER, **told: Any) -> Recipient:
    return Recipient(number, {"name": "Zoë", "plan": "gold"}, **told)


def a_draft(*recipients: Recipient, **settings: Any) -> Draft:
    return Draft(NAME, {**SETTINGS, **settings}, recipients or (a_recipient(),))


def made(provider: ListProvider, draft: Draft | None = None) -> str:
    outcome = provider.draft(draft or a_draft()).outcome
    assert isinstance(outcome, Accepted), outcome
    return outcome.call_id


def on(kind: Any) -> When:
    return When(every=1, on=kind)


class ListProviderContract:
    """A subclass brings the fixture `vendor`."""

    def test_a_draft_calls_nobody_and_is_started_once_it_is_asked_for(
        self, vendor: KathanVendor
    ) -> None:
        provider = vendor.provider()
        campaign_id = made(provider, a_draft(a_recipient(overrides={"first_message": "Hello"})))
        assert vendor.starts() == []
        assert provider.look(campaign_id, NAME).status == DRAFT
        outcome = provider.start(campaign_id).outcome
        assert outcome == Accepted(campaign_id, "running")
        (start,) = vendor.starts()
        assert (start["id"], start["name"]) == (campaign_id, NAME)
        assert start["recipients"] == [
            {
                "phone_number": NUMBER,
                "metadata": {"name": "Zoë", "plan": "gold"},
                "assistant_overrides": {"first_message": "Hello"},
            }
        ]

    def test_a_list_is_handed_over_and_attached(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        told = {"note": 'He said "no",\nthen ü', "phone_number": "as it came"}
        recipients = [a_recipient(), Recipient("+12125550101", told)]
        list_id = provider.keep_list(NAME, recipients)
        campaign_id = made(provider, Draft(NAME, SETTINGS, (), list_id))
        provider.start(campaign_id)
        (start,) = vendor.starts()
        assert [one["phone_number"] for one in start["recipients"]] == [NUMBER, "+12125550101"]
        assert start["recipients"][0]["metadata"]["name"] == "Zoë"
        assert start["recipients"][1]["metadata"]["note"] == told["note"]
        assert start["recipients"][1]["metadata"]["phone_number_"] == "as it came"

    def test_a_schedule_is_written_and_compared(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        schedule = {"scheduleStartTime": "2030-01-01T09:00:00Z"}
        assert provider.settle_schedule(campaign_id, NAME, schedule).status == DRAFT
        vendor.break_with(schedule_in_zone="2030-01-01T10:00:00+01:00")
        assert provider.settle_schedule(campaign_id, NAME, schedule).status == DRAFT
        (draft,) = vendor.drafts()
        assert draft.fields["scheduleStartTime"] == "2030-01-01T09:00:00Z"
        assert draft.fields["name"] == NAME

    def test_a_schedule_that_is_ignored_or_understood_otherwise_is_refused(
        self, vendor: KathanVendor
    ) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        schedule = {"scheduleEndTime": "2030-01-01T09:00:00Z"}
        vendor.break_with(ignores_schedule=True)
        with pytest.raises(VendorRefused, match="ignored scheduleEndTime"):
            provider.settle_schedule(campaign_id, NAME, schedule)
        vendor.break_with(schedule_in_zone="tomorrow")
        with pytest.raises(VendorRefused, match="understood scheduleEndTime as tomorrow"):
            provider.settle_schedule(campaign_id, NAME, schedule)

    def test_a_campaign_that_is_not_there_is_gone(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        assert provider.look("no/such one", NAME).status == GONE
        assert provider.settle_schedule("no/such one", NAME, {}).status == GONE
        outcome = provider.start("no/such one").outcome
        assert isinstance(outcome, Blocked)
        assert outcome.scope == "campaign"

    def test_what_is_wrong_with_a_field_is_said(self, vendor: KathanVendor) -> None:
        outcome = vendor.provider().draft(a_draft(max_concurrency=201)).outcome
        assert isinstance(outcome, Refused)
        assert "between 1 and 200" in outcome.reason
        assert vendor.drafts() == []

    def test_counts_come_as_they_are(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        provider.start(campaign_id)
        assert provider.look(campaign_id, NAME).counts == {"recipients": 1, "queued": 1}

    @pytest.mark.parametrize(
        ("token", "user"),
        [("sk_live_wrong", "user_123"), (TOKEN, "user_wrong"), ("", "user_123")],
    )
    def test_whom_the_vendor_does_not_know_stops_the_account(
        self, vendor: KathanVendor, token: str, user: str
    ) -> None:
        provider = vendor.provider(token=token, user=user)
        for answer in (provider.draft(a_draft()), provider.start("c1")):
            assert isinstance(answer.outcome, Blocked)
            assert answer.outcome.scope == "account"
        for ask in (
            provider.check_account,
            lambda: provider.look("c1", NAME),
            lambda: provider.keep_list(NAME, [a_recipient()]),
            lambda: list(provider.calls()),
        ):
            with pytest.raises(VendorRefused) as raised:
                ask()
            assert raised.value.scope == "account"

    @pytest.mark.parametrize(
        "fault", ["drop_after_accept", "bad_gateway_after_accept", "truncated_body"]
    )
    def test_a_start_behind_a_broken_answer_is_doubt(
        self, vendor: KathanVendor, fault: str
    ) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        vendor.break_with(**{fault: ALWAYS})
        assert isinstance(provider.start(campaign_id).outcome, Uncertain)
        assert len(vendor.starts()) == 1
        vendor.break_with()
        assert provider.look(campaign_id, NAME).status == "running"

    @pytest.mark.parametrize("fault", ["server_error", "reset_before_reading"])
    def test_a_start_that_was_none_is_doubt_too(self, vendor: KathanVendor, fault: str) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        vendor.break_with(**{fault: ALWAYS})
        assert isinstance(provider.start(campaign_id).outcome, Uncertain)
        assert vendor.starts() == []

    def test_a_start_that_leaves_a_draft_is_doubt(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        vendor.break_with(start_leaves_draft=True)
        assert isinstance(provider.start(campaign_id).outcome, Uncertain)

    def test_a_start_answered_after_our_patience_is_doubt(self, vendor: KathanVendor) -> None:
        campaign_id = made(vendor.provider())
        vendor.break_with(slow_answer=ALWAYS, slow_seconds=0.6)
        began = time.monotonic()
        outcome = vendor.provider(timeout_seconds=0.3).start(campaign_id).outcome
        assert time.monotonic() - began < 0.6
        assert isinstance(outcome, Uncertain)
        assert len(vendor.starts()) == 1

    def test_a_draft_made_behind_a_broken_answer_is_doubt(self, vendor: KathanVendor) -> None:
        vendor.break_with(drop_after_accept=on("drafts"))
        assert isinstance(vendor.provider().draft(a_draft()).outcome, Uncertain)
        assert len(vendor.drafts()) == 1

    def test_too_many_requests_is_not_now(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        vendor.break_with(too_many_requests=on("all"))
        assert isinstance(provider.start(campaign_id).outcome, NotNow)
        assert isinstance(provider.draft(a_draft()).outcome, NotNow)
        with pytest.raises(VendorUnavailable, match="429"):
            provider.look(campaign_id, NAME)
        assert vendor.starts() == []

    def test_what_may_not_be_sent_never_arrives(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        campaign_id = made(provider)
        before = len(vendor.sandbox.requests())
        for answer in (
            provider.start(campaign_id, lambda: False),
            provider.draft(a_draft(), lambda: False),
        ):
            assert answer.outcome == NotNow("the lease was lost before sending")
        assert len(vendor.sandbox.requests()) == before

    def test_a_vendor_that_is_down_is_not_now(self, vendor: KathanVendor) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        provider = vendor.provider(base_url=f"http://127.0.0.1:{port}")
        assert isinstance(provider.start("c1").outcome, NotNow)
        assert isinstance(provider.draft(a_draft()).outcome, NotNow)
        with pytest.raises(VendorUnavailable, match="cannot be reached"):
            provider.look("c1", NAME)

    def test_a_list_without_an_id_stops_with_what_to_change(self, vendor: KathanVendor) -> None:
        vendor.break_with(hides_list_id=True)
        with pytest.raises(VendorRefused, match="holds no id") as raised:
            vendor.provider().keep_list(NAME, [a_recipient()])
        assert "name, row_count" in raised.value.message
        assert "recipient_list_above" in raised.value.fix

    def test_the_calls_are_read_to_their_end_each_once(self, vendor: KathanVendor) -> None:
        provider = vendor.provider()
        assert [page.calls for page in provider.calls()] == [()]
        recipients = [a_recipient(f"+1212555{number:04d}") for number in range(120)]
        provider.start(made(provider, a_draft(*recipients)))
        pages = list(provider.calls())
        assert [len(page.calls) for page in pages] == [50, 50, 20]
        calls = [call for page in pages for call in page.calls]
        assert len({call.id for call in calls}) == 120
        assert {call.to for call in calls} == {one.phone_number for one in recipients}
        assert {(call.assistant_id, call.phone_number_id) for call in calls} == {("asst_1", "pn_1")}
        assert all(call.created_at is not None for call in calls)
        assert pages[0].clock_offset == pytest.approx(0, abs=1)

    def test_a_clock_that_is_off_is_measured(self, vendor: KathanVendor) -> None:
        vendor.break_with(clock_offset_seconds=-90.0)
        (page,) = vendor.provider().calls()
        assert page.clock_offset == pytest.approx(-90, abs=1)

    def test_the_account_can_be_checked(self, vendor: KathanVendor) -> None:
        vendor.provider().check_account()
        vendor.break_with(server_error=on("all"))
        with pytest.raises(VendorUnavailable, match="500"):
            vendor.provider().check_account()

    def test_no_evidence_holds_a_number_or_the_token(self, vendor: KathanVendor) -> None:
        bad = a_draft(a_recipient("+12"), a_recipient())
        for answer in (vendor.provider().draft(bad), vendor.provider().draft(a_draft())):
            assert answer.evidence
            assert NUMBER not in answer.evidence
            assert TOKEN not in answer.evidence

    def test_waiting_for_a_slot_ends_when_it_is_time_to_stop(self, vendor: KathanVendor) -> None:
        vendor.break_with(too_many_requests=ALWAYS)
        provider = vendor.provider()
        provider.start("c1")
        vendor.stop.set()
        with pytest.raises(VendorUnavailable, match="Stopping"):
            provider.look("c1", NAME)


class TestKathan(ListProviderContract):
    @pytest.fixture
    def vendor(self, tmp_path: Path) -> Iterator[KathanVendor]:
        with kathan(tmp_path, speed=0.001) as vendor:
            yield vendor

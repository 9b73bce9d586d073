"""Which call is a contact's: found by number, assistant and time, or told as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sftp_sync.model import CallNews, Contact, Launch, LaunchState
from sftp_sync.providers.base import VendorCall
from sftp_sync.steps.matching import Heard, by_number, news_of_contact
from tests.support.builders import NOW

PHONE = "+12125550123"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONTACT = Contact(1, PHONE, None, None, NOW)
LAUNCH = Launch(
    id=1,
    file_id=1,
    campaign="renewals",
    state=LaunchState.STARTED,
    name="renewals: a.csv",
    recipients=1,
    vendor_id="v1",
    attempt=1,
    made_at=NOW,
    started_at=NOW,
    status="running",
    assistant_id="asst_1",
    phone_number_id="pn_1",
)
COMPLETED = replace(LAUNCH, status="completed")
ALONE = {PHONE: [(1, 1, None)]}


def a_call(**changes: Any) -> VendorCall:
    call = VendorCall(
        id="c1",
        to=PHONE,
        status="ringing",
        created_at=NOW + HOUR,
        assistant_id="asst_1",
        phone_number_id="pn_1",
    )
    return replace(call, **changes)


def news(
    *calls: VendorCall,
    contact: Contact = CONTACT,
    launch: Launch = LAUNCH,
    rivals: Any = None,
    others: Sequence[Launch] = (),
    offset: float | None = None,
    after: timedelta = HOUR,
) -> CallNews | None:
    known = {one.id: one for one in (launch, *others)}
    heard = Heard(by_number(calls), known, offset, 7 * DAY, NOW + after)
    return news_of_contact(contact, launch, ALONE if rivals is None else rivals, heard)


def test_the_one_call_that_fits_is_the_contacts() -> None:
    found = news(a_call(), a_call(id="c2", to="+12125550199"))
    assert found is not None
    assert (found.call_id, found.status, found.over_at) == ("c1", "ringing", None)
    assert found.matched_by == "matched by number, assistant and time"


@pytest.mark.parametrize(
    "changes",
    [
        {"created_at": NOW - timedelta(minutes=3)},
        {"created_at": None},
        {"assistant_id": "asst_2"},
        {"phone_number_id": "pn_2"},
        {"assistant_id": None, "phone_number_id": None},
    ],
    ids=str,
)
def test_a_call_that_does_not_fit_is_nobodys(changes: dict[str, Any]) -> None:
    assert news(a_call(**changes)) is None


@pytest.mark.parametrize("changes", [{"assistant_id": None}, {"phone_number_id": None}], ids=str)
def test_what_the_vendor_leaves_out_contradicts_nothing(changes: dict[str, Any]) -> None:
    found = news(a_call(**changes))
    assert found is not None
    assert found.call_id == "c1"


@pytest.mark.parametrize(("offset", "fits"), [(-3600.0, True), (0.0, False), (None, False)])
def test_times_are_the_vendors(offset: float | None, *, fits: bool) -> None:
    found = news(a_call(created_at=NOW - timedelta(minutes=59)), offset=offset)
    assert (found is not None) == fits


def test_of_several_that_fit_none_is_taken_and_that_is_told_at_the_end() -> None:
    calls = a_call(), a_call(id="c2")
    assert news(*calls) is None
    found = news(*calls, launch=COMPLETED)
    assert found is not None
    assert (found.status, found.call_id, found.over_at) == ("unknown", None, NOW + HOUR)
    assert found.matched_by is not None
    assert "2 calls fit" in found.matched_by


def test_a_call_that_another_list_may_have_caused_is_not_taken() -> None:
    earlier = replace(LAUNCH, id=2)
    rivals = {PHONE: [(1, 1, None), (7, 2, None)]}
    assert news(a_call(), rivals=rivals, others=[earlier]) is None
    found = news(a_call(), rivals=rivals, others=[earlier], launch=COMPLETED)
    assert found is not None
    assert found.matched_by is not None
    assert "another row or list" in found.matched_by


def test_a_list_that_came_later_or_calls_otherwise_is_no_rival() -> None:
    rivals = {PHONE: [(1, 1, None), (7, 2, None)]}
    for other in (
        replace(LAUNCH, id=2, started_at=NOW + DAY),
        replace(LAUNCH, id=2, assistant_id="asst_2"),
        replace(LAUNCH, id=2, started_at=None),
    ):
        found = news(a_call(), rivals=rivals, others=[other])
        assert found is not None
        assert found.call_id == "c1"


def test_a_call_that_another_contact_has_is_not_taken() -> None:
    rivals = {PHONE: [(1, 1, None), (7, 2, "c1")]}
    assert news(a_call(), rivals=rivals) is None
    found = news(a_call(), a_call(id="c2"), rivals=rivals)
    assert found is not None
    assert found.call_id == "c2"


def test_a_call_that_may_be_a_retry_of_another_contacts_is_not_taken() -> None:
    rivals = {PHONE: [(1, 1, None), (7, 2, "c1")]}
    earlier = replace(LAUNCH, id=2)
    calls = a_call(status="no-answer"), a_call(id="c2", status="completed")
    assert news(*calls, rivals=rivals, others=[earlier]) is None
    # Whoever was reached is not called again, nor is anybody of a campaign that had ended by then.
    reached = a_call(status="completed"), calls[1]
    ended = replace(earlier, ended_at=NOW + HOUR / 2)
    for heard, other in ((reached, earlier), (calls, ended)):
        found = news(*heard, rivals=rivals, others=[other])
        assert found is not None
        assert found.call_id == "c2"


class TestTheEnd:
    @pytest.mark.parametrize("status", ["completed", "Completed", "cancelled"])
    def test_is_told_by_the_status(self, status: str) -> None:
        found = news(a_call(status=status, duration_seconds=61))
        assert found is not None
        assert (found.over_at, found.duration_seconds) == (NOW + HOUR, 61)

    @pytest.mark.parametrize(
        ("changes", "is_over"),
        [
            ({"status": "no-answer"}, True),
            ({"status": "wrapped-up", "ended_at": NOW + HOUR}, True),
            ({"status": "wrapped-up"}, False),
            ({"status": "ringing"}, False),
        ],
        ids=str,
    )
    def test_of_others_comes_with_that_of_the_campaign(
        self, changes: dict[str, Any], *, is_over: bool
    ) -> None:
        for launch, expected in ((LAUNCH, False), (COMPLETED, is_over)):
            found = news(a_call(**changes), launch=launch)
            assert found is not None
            assert (found.over_at is not None) == expected

    def test_of_what_is_not_known_comes_in_time(self) -> None:
        found = news(a_call(status="wrapped-up"), after=8 * DAY)
        assert found is not None
        assert (found.status, found.over_at) == ("wrapped-up", NOW + 8 * DAY)

    def test_of_what_is_not_listed_comes_in_time(self) -> None:
        assert news(launch=COMPLETED) is None
        found = news(after=8 * DAY)
        assert found is not None
        assert (found.status, found.matched_by) == ("unknown", "the vendor lists no such call")


class TestAContactWithItsCall:
    KNOWN = replace(CONTACT, call_id="c1", status="ringing")

    def test_hears_only_what_is_new(self) -> None:
        assert news(a_call(), contact=self.KNOWN) is None
        found = news(a_call(status="answered"), contact=self.KNOWN)
        assert found is not None
        assert found.status == "answered"

    def test_keeps_it_whatever_else_is_called(self) -> None:
        found = news(a_call(status="completed"), a_call(id="c2"), contact=self.KNOWN)
        assert found is not None
        assert found.call_id == "c1"
        assert found.matched_by == "matched by number, assistant and time; 1 more fit by now"

    def test_keeps_its_last_word_where_the_call_is_listed_no_more(self) -> None:
        assert news(contact=self.KNOWN, launch=COMPLETED) is None
        found = news(contact=self.KNOWN, after=8 * DAY)
        assert found is not None
        assert (found.status, found.call_id) == ("ringing", None)

"""When is a call over, and which listed call is a row's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sftp_sync import outcome
from sftp_sync.model import CallNews, OpenCall
from sftp_sync.outcome import BY_NUMBER, NOT_LISTED, SEVERAL, UNKNOWN, Listing, listing_of
from sftp_sync.providers.base import VendorCall, VendorCampaign

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUEUED = NOW - timedelta(hours=3)
PHONE = "+12125550123"
A_WEEK = timedelta(days=7)


def listing(*calls: VendorCall, status: str = "active", ids_agree: bool = True) -> Listing:
    campaign = VendorCampaign("c", "Renewals", status, max_retries=3, calls=calls)
    return listing_of(campaign, ids_agree=ids_agree, final_after=A_WEEK, now=NOW)


def listed(status: str, retries: int = 0, call_id: str = "id-1", minutes: int = 0) -> VendorCall:
    made_at = QUEUED + timedelta(minutes=minutes)
    return VendorCall(call_id, PHONE, status, created_at=made_at, retries=retries)


def row(call_id: str | None = "id-1", queued_at: datetime = QUEUED, row_id: int = 7) -> OpenCall:
    return OpenCall(row_id, PHONE, call_id, "queued", 0, queued_at)


def news_of(call: OpenCall, listing: Listing, *others: OpenCall) -> CallNews | None:
    """News of a row, with others that have its number."""
    rows = [(one.row_id, one.call_id, one.queued_at) for one in (call, *others)]
    return outcome.news_of(call, listing, {PHONE: rows})


def told(news: CallNews | None) -> tuple[str, bool]:
    assert news is not None
    return news.status, news.over_at is not None


@pytest.mark.parametrize(
    ("status", "retries", "campaign", "is_over"),
    [
        ("completed", 0, "active", True),
        ("cancelled", 0, "active", True),
        ("ringing", 0, "active", False),
        ("answered", 0, "completed", False),
        ("failed", 0, "active", False),
        ("busy", 2, "active", False),
        ("no-answer", 3, "active", True),
        ("voicemail", 0, "cancelled", True),
        ("failed", 0, "completed", True),
        ("levitating", 0, "active", False),
        ("levitating", 3, "completed", False),
    ],
)
def test_a_call_is_over_when_nothing_more_can_come_of_it(
    status: str, retries: int, campaign: str, *, is_over: bool
) -> None:
    assert told(news_of(row(), listing(listed(status, retries), status=campaign))) == (
        status,
        is_over,
    )


def test_what_has_not_changed_is_no_news() -> None:
    assert news_of(row(), listing(listed("queued"))) is None


def test_after_a_while_a_call_is_reported_as_it_stands() -> None:
    long_ago = row(queued_at=NOW - A_WEEK - timedelta(seconds=1))
    assert told(news_of(long_ago, listing(listed("queued")))) == ("queued", True)


def test_a_call_that_is_not_listed_waits_and_is_unknown_in_the_end() -> None:
    assert news_of(row(), listing()) is None
    news = news_of(row(queued_at=NOW - A_WEEK - timedelta(seconds=1)), listing())
    assert told(news) == (UNKNOWN, True)
    assert news is not None
    assert news.matched_by == NOT_LISTED


def test_where_ids_agree_another_call_to_the_number_is_not_taken() -> None:
    assert news_of(row(), listing(listed("completed", call_id="other"))) is None


def test_where_ids_say_nothing_the_one_call_to_the_number_is_taken_and_marked() -> None:
    news = news_of(row(), listing(listed("completed", call_id="other"), ids_agree=False))
    assert told(news) == ("completed", True)
    assert news is not None
    assert news.matched_by == BY_NUMBER


def test_two_calls_to_the_number_cannot_be_told_apart() -> None:
    two = (listed("completed", call_id="a"), listed("failed", call_id="b", minutes=5))
    assert news_of(row(), listing(*two, ids_agree=False)) is None


def test_a_call_made_before_the_row_was_queued_is_another_one() -> None:
    earlier = listed("completed", call_id="other", minutes=-3)
    assert news_of(row(), listing(earlier, ids_agree=False)) is None


def test_a_row_that_a_person_called_accepted_is_found_by_its_number() -> None:
    news = news_of(row(call_id=None), listing(listed("completed", call_id="other")))
    assert told(news) == ("completed", True)


def at(minutes: float) -> datetime:
    return QUEUED + timedelta(minutes=minutes)


FIRST, SECOND = row("first"), row("second", at(24 * 60), row_id=8)
TOGETHER = row("second", at(1), row_id=8)


def matched(call: OpenCall, others: list[OpenCall], *calls: VendorCall, **more: bool) -> str | None:
    """The status that a row gets by its number; None where none was taken."""
    found = news_of(call, listing(*calls, ids_agree=more.get("ids_agree", False)), *others)
    return None if found is None else found.status


def test_one_call_is_never_the_outcome_of_two_rows() -> None:
    only = listed("completed", call_id="a")
    assert matched(FIRST, [TOGETHER], only) is None
    assert matched(TOGETHER, [FIRST], only) is None


def test_calls_on_two_days_are_each_of_the_row_of_that_day() -> None:
    two = (
        listed("completed", call_id="a"),
        listed("failed", call_id="b", minutes=24 * 60 - 1),
    )
    assert matched(FIRST, [SECOND], *two) == "completed"
    assert matched(SECOND, [FIRST], *two) == "failed"


def test_a_call_that_is_not_listed_yet_leaves_its_row_without_one() -> None:
    early = listed("completed", call_id="a")
    late = listed("failed", call_id="b", minutes=24 * 60)
    assert (matched(FIRST, [SECOND], early), matched(SECOND, [FIRST], early)) == ("completed", None)
    assert (matched(FIRST, [SECOND], late), matched(SECOND, [FIRST], late)) == (None, "failed")


def test_a_row_in_doubt_may_own_a_call_too() -> None:
    in_doubt = row(None, at(1), row_id=8)
    assert matched(FIRST, [in_doubt], listed("completed", call_id="a")) is None


def test_a_call_that_another_row_has_by_its_id_is_not_taken() -> None:
    theirs, ours = listed("completed", call_id="second"), listed("failed", call_id="a")
    assert matched(FIRST, [TOGETHER], theirs) is None
    assert matched(FIRST, [TOGETHER], theirs, ours) == "failed"


def test_where_ids_agree_a_row_with_an_id_looks_for_no_other_call() -> None:
    without_id = row(None)
    only = listed("completed", call_id="a")
    assert matched(without_id, [TOGETHER], only, ids_agree=True) == "completed"


def test_rows_that_have_one_call_share_it() -> None:
    adopted = row("first", at(24 * 60), row_id=8)
    only = listed("completed", call_id="a")
    assert matched(FIRST, [adopted], only) == "completed"
    assert matched(adopted, [FIRST], only) == "completed"


def test_what_cannot_be_told_apart_is_unknown_in_the_end_and_says_why() -> None:
    long_ago = A_WEEK + timedelta(hours=1)
    first, second = row("first", NOW - long_ago), row("second", NOW - long_ago, row_id=8)
    only = VendorCall("a", PHONE, "completed", created_at=NOW - long_ago)
    news = news_of(first, listing(only, ids_agree=False), second)
    assert told(news) == (UNKNOWN, True)
    assert news is not None
    assert news.matched_by == SEVERAL

"""Durations of calls that have ended: waited for, but not for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from sftp_sync.errors import SyncError, VendorRefused, VendorUnavailable
from sftp_sync.model import CallNews, OpenCall
from sftp_sync.outcome import BY_NUMBER, listing_of
from sftp_sync.providers.base import VendorCall, VendorCampaign
from sftp_sync.steps.durations import Durations

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
PHONE = "+12125550123"
UNAVAILABLE = VendorUnavailable("The vendor answered 500.")


@dataclass
class CallList:
    """An account's list that ends, or breaks off."""

    pages: Sequence[Sequence[str]] = ()
    breaks_with: SyncError | None = None
    asked: list[date] = field(default_factory=list)

    def read(self, since: date) -> Iterator[tuple[VendorCall, ...]]:
        self.asked.append(since)
        for page in self.pages:
            yield tuple(VendorCall(one, PHONE, "completed", duration_seconds=42) for one in page)
        if self.breaks_with is not None:
            raise self.breaks_with


def told(
    calls: CallList, *ids: str, is_patient: bool = True, created_at: datetime | None = None
) -> list[tuple[int, float | None]]:
    """(row, duration) of rows with these calls that have ended, numbered from 1."""
    return told_by(Durations(calls.read, lambda: is_patient), *ids, created_at=created_at)


def told_by(
    durations: Durations, *ids: str, created_at: datetime | None = None
) -> list[tuple[int, float | None]]:
    rows = list(enumerate(ids, start=1))
    open_calls = [OpenCall(row, PHONE, call_id, "ringing", 0, NOW) for row, call_id in rows]
    listed = tuple(VendorCall(one, PHONE, "completed", created_at=created_at) for one in set(ids))
    listing = listing_of(
        VendorCampaign("c", "Renewals", "active", calls=listed),
        ids_agree=True,
        final_after=timedelta(days=7),
        now=NOW,
    )
    ended = [CallNews(row, "completed", over_at=NOW) for row, _ in rows]
    found = durations.added_to(ended, open_calls, listing)
    return [(one.row_id, one.duration_seconds) for one in found]


def test_every_row_of_a_call_gets_its_duration() -> None:
    assert told(CallList([["a", "b"]]), "a", "a", "b") == [(1, 42), (2, 42), (3, 42)]


def test_a_call_that_the_list_does_not_hold_has_none() -> None:
    assert told(CallList([["b"]]), "a", "b") == [(1, None), (2, 42)]


def test_what_was_read_before_a_failure_counts_and_the_rest_waits() -> None:
    assert told(CallList([["a"]], UNAVAILABLE), "a", "b") == [(1, 42)]


def test_nothing_waits_where_it_has_failed_for_long() -> None:
    broken = CallList([["a"]], UNAVAILABLE)
    assert told(broken, "a", "b", is_patient=False) == [(1, 42), (2, None)]


def test_nothing_waits_for_a_list_that_is_refused() -> None:
    refused = CallList(breaks_with=VendorRefused("The vendor answered 403."))
    assert told(refused, "a") == [(1, None)]


def test_durations_wait_for_a_token() -> None:
    refused = CallList(breaks_with=VendorRefused("The vendor answered 401.", scope="account"))
    assert told(refused, "a") == []


def test_a_list_that_has_failed_is_not_asked_again_in_the_same_run() -> None:
    calls = CallList(breaks_with=UNAVAILABLE)
    durations = Durations(calls.read, lambda: True)
    assert told_by(durations, "a") == told_by(durations, "b") == []
    assert len(calls.asked) == 1
    assert durations.problem is UNAVAILABLE


@pytest.mark.parametrize(
    ("created_at", "since"),
    [
        (None, date(2026, 11, 19)),
        (NOW, date(2026, 11, 19)),
        # A call that we found there, made the evening before.
        (NOW - timedelta(hours=2), date(2026, 11, 18)),
    ],
)
def test_calls_are_asked_for_from_a_day_before_they_were_made(
    created_at: datetime | None, since: date
) -> None:
    calls = CallList([["a"]])
    told(calls, "a", created_at=created_at)
    assert calls.asked == [since]


def test_what_was_found_by_its_number_has_no_id_to_ask_for() -> None:
    calls = CallList()
    durations = Durations(calls.read, lambda: True)
    ended = [CallNews(1, "completed", over_at=NOW, matched_by=BY_NUMBER)]
    listing = listing_of(
        VendorCampaign("c", "Renewals", "active"),
        ids_agree=False,
        final_after=timedelta(days=7),
        now=NOW,
    )
    assert durations.added_to(ended, [OpenCall(1, PHONE, "x", None, 0, NOW)], listing) == ended
    assert calls.asked == []

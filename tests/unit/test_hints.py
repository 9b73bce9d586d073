"""What headers say of the pace and the clock, in every form a vendor may choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.providers.hints import Hints, clock_offset, hints_of
from sftp_sync.providers.times import time_of

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
HEADERS = [
    "date",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
]


@pytest.mark.parametrize(
    ("headers", "hints"),
    [
        ({}, Hints()),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "42"},
            Hints(limit=100, remaining=99, reset_seconds=42),
        ),
        ({"x-ratelimit-reset": str(EPOCH + 42)}, Hints(reset_seconds=42)),
        ({"x-ratelimit-reset": str((EPOCH + 42) * 1000)}, Hints(reset_seconds=42)),
        ({"x-ratelimit-reset": str(EPOCH - 42)}, Hints(reset_seconds=0)),
        ({"x-ratelimit-limit": "100;w=60"}, Hints(limit=100)),
        ({"x-ratelimit-limit": "100, 100;window=60"}, Hints(limit=100)),
        ({"x-ratelimit-limit": "0"}, Hints()),
        ({"x-ratelimit-limit": "-1", "x-ratelimit-remaining": "lots"}, Hints()),
        ({"retry-after": "30"}, Hints(retry_seconds=30)),
        ({"retry-after": " 1.5 "}, Hints(retry_seconds=1.5)),
        ({"retry-after": "Fri, 20 Nov 2026 06:30:30 GMT"}, Hints(retry_seconds=30)),
        ({"retry-after": "Fri, 20 Nov 2026 06:29:30 GMT"}, Hints(retry_seconds=0)),
        ({"retry-after": "soon"}, Hints()),
        ({"retry-after": "86400"}, Hints(retry_seconds=3600)),
    ],
)
def test_each_form_of_header_is_read(headers: dict[str, str], hints: Hints) -> None:
    assert hints_of(200, headers, NOW) == hints


def test_dates_are_measured_by_the_clock_of_whoever_wrote_them() -> None:
    an_hour_on = NOW + timedelta(hours=1)
    headers = {
        "date": format_datetime(an_hour_on, usegmt=True),
        "retry-after": format_datetime(an_hour_on + timedelta(seconds=9), usegmt=True),
        "x-ratelimit-reset": str(int(an_hour_on.timestamp()) + 20),
    }
    assert hints_of(429, headers, NOW) == Hints(reset_seconds=20, retry_seconds=9, refused=True)


def test_the_body_is_asked_where_no_header_says_how_long() -> None:
    assert hints_of(429, {}, NOW, 60).retry_seconds == 60
    assert hints_of(429, {"retry-after": "5"}, NOW, 60).retry_seconds == 5


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "date",
                "retry-after",
                "x-ratelimit-limit",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
            ]
        ),
        st.text(max_size=30)
        | st.integers().map(str)
        | st.floats().map(str)
        | st.datetimes().map(lambda at: format_datetime(at.replace(tzinfo=UTC), usegmt=True)),
    )
)
def test_no_header_whatsoever_asks_for_an_unreasonable_wait(headers: dict[str, str]) -> None:
    hints = hints_of(200, headers, NOW)
    assert hints.limit is None or hints.limit > 0
    for seconds in (hints.retry_seconds, hints.reset_seconds):
        assert seconds is None or 0 <= seconds <= 3600


@given(st.integers(0, 3599))
def test_a_reset_means_the_same_in_both_forms(seconds: int) -> None:
    to_go = hints_of(200, {"x-ratelimit-reset": str(seconds)}, NOW)
    as_date = hints_of(200, {"x-ratelimit-reset": str(EPOCH + seconds)}, NOW)
    assert to_go == as_date


@given(st.floats(-7200, 7200), st.floats(0, 10))
def test_the_vendors_clock_is_known_to_a_second_and_half_the_latency(
    offset: float, latency: float
) -> None:
    ended = NOW + timedelta(seconds=latency)
    seen = NOW + timedelta(seconds=latency / 2 + offset)
    headers = {"date": format_datetime(seen.replace(microsecond=0), usegmt=True)}
    found = clock_offset(headers, NOW, ended)
    assert found == pytest.approx(offset, abs=0.51)


def test_an_answer_that_took_long_says_nothing_of_the_clock() -> None:
    headers = {"date": format_datetime(NOW, usegmt=True)}
    assert clock_offset(headers, NOW, NOW + timedelta(seconds=11)) is None


def test_without_a_date_the_vendors_clock_is_not_known() -> None:
    assert clock_offset({}, NOW, NOW) is None
    assert clock_offset({"date": "yesterday"}, NOW, NOW) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T06:30:00Z", NOW),
        ("2026-11-20T06:30:00.000000Z", NOW),
        ("2026-11-20T06:30:00.250000Z", NOW + timedelta(microseconds=250_000)),
        ("2026-11-20T07:30:00+01:00", NOW),
        ("2026-11-20T06:30:00", NOW),
        ("2026-11-20 06:30:00", NOW),
        (EPOCH, NOW),
        ("", None),
        ("soon", None),
        (None, None),
        (True, None),
        ([], None),
        (1e300, None),
        ("0001-01-01T00:00:00+23:00", None),
    ],
)
def test_timestamps_are_read_as_utc(text: object, moment: datetime | None) -> None:
    assert time_of(text) == moment

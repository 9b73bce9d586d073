"""What an answer says about the vendor's pace and clock, read from its headers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sftp_sync.providers.shapes import number

EPOCH_FROM = 1_000_000_000  # a reset above this is a date, below it seconds to go
MILLISECONDS_FROM = 100_000_000_000
LONGEST_LATENCY = timedelta(seconds=10)
LONGEST_SECONDS = 3600.0  # a vendor that asks for more is asked again after an hour


@dataclass(frozen=True)
class Hints:
    """`limit` and `remaining` count requests of the vendor's minute, of which `reset_seconds` are
    left. `retry_seconds` is how long the vendor asks us to wait; `refused` is a 429.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_seconds: float | None = None
    retry_seconds: float | None = None
    refused: bool = False


NOTHING_SAID = Hints()


def hints_of(
    status: int, headers: Mapping[str, str], now: datetime, said_in_body: float | None = None
) -> Hints:
    """The hints of one answer that came at `now`."""
    vendor_now = date_of(headers.get("date", "")) or now
    limit = _count(headers.get("x-ratelimit-limit", ""))
    asked = seconds_asked(headers.get("retry-after", ""), vendor_now)
    return Hints(
        limit=limit or None,
        remaining=_count(headers.get("x-ratelimit-remaining", "")),
        reset_seconds=_reset(headers.get("x-ratelimit-reset", ""), vendor_now),
        retry_seconds=_bounded(asked if asked is not None else said_in_body),
        refused=status == 429,  # noqa: PLR2004 - the status that says: too many requests
    )


def date_of(text: str) -> datetime | None:
    """An HTTP date, or None."""
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def seconds_asked(retry_after: str, vendor_now: datetime) -> float | None:
    """Retry-After is seconds to wait, or the date to wait for (by the vendor's own clock)."""
    seconds = number(retry_after.strip())
    if seconds is not None:
        return seconds
    date = date_of(retry_after)
    return None if date is None else max(0.0, (date - vendor_now).total_seconds())


def clock_offset(headers: Mapping[str, str], began: datetime, ended: datetime) -> float | None:
    """The vendor's clock minus ours, in seconds, where the answer carries a date.

    The date has whole seconds, cut off: half a second is what it lacks on average. An answer that
    took long says nothing of use: the date may be from its beginning or its end.
    """
    date = date_of(headers.get("date", ""))
    if date is None or ended - began > LONGEST_LATENCY:
        return None
    middle = began + (ended - began) / 2
    return round((date - middle).total_seconds() + 0.5, 3)


def _count(text: str) -> int | None:
    """The leading number of a header such as `100` or `100;w=60`."""
    figure = number(text.split(";", maxsplit=1)[0].split(",", maxsplit=1)[0].strip())
    return None if figure is None else int(figure)


def _reset(text: str, vendor_now: datetime) -> float | None:
    """Seconds until the vendor's minute is over, given so or as a date since 1970."""
    figure = number(text.strip())
    if figure is None:
        return None
    if figure >= MILLISECONDS_FROM:
        figure /= 1000
    if figure >= EPOCH_FROM:
        figure = max(0.0, figure - vendor_now.timestamp())
    return _bounded(figure)


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(seconds, LONGEST_SECONDS)

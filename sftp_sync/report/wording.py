"""Shares, days and texts from outside, as a person reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from sftp_sync.errors import printable
from sftp_sync.report.period import Period
from sftp_sync.report.values import Day

THOUSAND, MILLION = 1_000, 1_000_000
MINUTE, HOUR = 60, 3_600
SHORTEST_MONTH_DAYS = 27


def shortened(text: str, limit: int) -> str:
    """Text from outside as one readable line; a long one loses its middle, for the end of a name
    says as much as its beginning.
    """
    line = printable(text)
    if len(line) <= limit:
        return line
    end = limit // 3
    return f"{line[: limit - end - 1]}…{line[-end:]}"


def counts_in_words(counts: Mapping[str, object]) -> str:
    """What a vendor counts, word for word: what it counts is documented nowhere."""
    values = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in counts.values()
    )
    return ", ".join(f"{name}: {value}" for name, value in zip(counts, values, strict=True))


def percentage(part: int, whole: int) -> str:
    """A share. What is there is never nothing, and what is not all is never everything."""
    if not part or not whole:
        return "0 %"
    share = 100 * part / whole
    if share < 1:
        return "< 1 %"
    return f"{min(round(share), 99 if part < whole else 100)} %"


def compact(number: float) -> str:
    """A number for an axis: 1,200 is 1.2k."""
    if number >= MILLION:
        return f"{number / MILLION:g}M"
    return f"{number / THOUSAND:g}k" if number >= THOUSAND else f"{number:g}"


def lasting(seconds: float) -> str:
    """A duration in its two largest units."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR:,} h {whole % HOUR // MINUTE} min"


def day_name(day: date) -> str:
    """A day without its year."""
    return f"{day.day} {day:%b}"


def day_range(first: date, last: date) -> str:
    """One day, or from one to another, with the year once."""
    if first == last:
        return f"{day_name(last)} {last.year}"
    begin = day_name(first)
    if first.year != last.year:
        begin = f"{begin} {first.year}"
    elif first.month == last.month:
        begin = str(first.day)
    return f"{begin} – {day_name(last)} {last.year}"  # noqa: RUF001 - a range


def days_of(day: Day) -> str:
    """A day with its weekday, or the days that stand together."""
    if day.first == day.last:
        return f"{day.first:%a} {day_name(day.first)}"
    if _is_month(day):
        return date_of(day)
    return day_range(day.first, day.last)


def date_of(day: Day) -> str:
    """The same in as few signs as fit under a bar."""
    return f"{day.first:%b} {day.first.year}" if _is_month(day) else day_name(day.first)


def _is_month(day: Day) -> bool:
    return day.first.day == 1 and (day.last - day.first).days >= SHORTEST_MONTH_DAYS


def period_in_words(period: Period) -> str:
    """The days of a report, and whose days they are."""
    return f"{day_range(period.first, period.last)}, {period.zone}"

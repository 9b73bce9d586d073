"""Many days stand together by week or by month, so that every bar can still be told from the next;
and the empty ones before the first row are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sftp_sync.report.tally import Tally
from sftp_sync.report.values import Day

MOST_BARS = 92
FEWEST_BARS = 7


def spans(days: Sequence[Day], most: int = MOST_BARS) -> list[Day]:
    """The bars of a chart: days, weeks from Monday, or months."""
    first = next((at for at, day in enumerate(days) if day.tally.total), len(days))
    begun = list(days[min(first, max(0, len(days) - FEWEST_BARS)) :])
    shown = begun
    for beginning in (_monday, _month):
        if len(shown) <= most:
            break
        shown = _together(begun, beginning)
    return shown


def unit(bars: Sequence[Day]) -> str:
    """What one bar stands for."""
    longest = max(((bar.last - bar.first).days for bar in bars), default=0)
    week = 7
    return "day" if not longest else "week" if longest < week else "month"


def _together(days: Sequence[Day], beginning: Callable[[date], date]) -> list[Day]:
    parts: dict[date, list[Day]] = {}
    for day in days:
        parts.setdefault(beginning(day.first), []).append(day)
    return [
        Day(part[0].first, part[-1].last, Tally.sum(day.tally for day in part))
        for part in parts.values()
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)

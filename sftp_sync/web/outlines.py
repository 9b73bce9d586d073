"""What became of the rows of the last days, of each campaign and of all together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sftp_sync.ledger.summaries import Happened
from sftp_sync.report import Day, Period, Tally

SHOWN_DAYS = 14


@dataclass(frozen=True)
class Outlines:
    """The last days."""

    period: Period
    days: tuple[Day, ...]
    tally: Tally
    by_campaign: Mapping[str, tuple[Day, ...]]
    tallies: Mapping[str, Tally]


def period_of(now: datetime, zone: str) -> Period:
    """The days that are shown, today among them."""
    return Period.since(f"{SHOWN_DAYS}d", now, zone)


def since(now: datetime) -> datetime:
    """Early enough for every zone."""
    return now - timedelta(days=SHOWN_DAYS + 1)


def outlined(happened: Mapping[str, Iterable[Happened]], period: Period) -> Outlines:
    """Outcomes by campaign and by day."""
    by_campaign: dict[str, tuple[Day, ...]] = {}
    for name, some in happened.items():
        counted = defaultdict(list)
        for one in some:
            counted[period.day_of(one.at)].append(one.counted)
        by_campaign[name] = _days(period, {day: Tally.of(few) for day, few in counted.items()})
    every = by_campaign.values()
    together = _days(
        period,
        {days[0].first: Tally.sum(day.tally for day in days) for days in zip(*every, strict=True)},
    )
    tallies = {name: Tally.sum(day.tally for day in days) for name, days in by_campaign.items()}
    return Outlines(period, together, Tally.sum(tallies.values()), by_campaign, tallies)


def _days(period: Period, tallies: Mapping[date, Tally]) -> tuple[Day, ...]:
    return tuple(Day(day, day, tallies.get(day, Tally())) for day in period.days())

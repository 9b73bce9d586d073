"""When a campaign's step is due: decided here, from the schedule, the last run and the time.

APScheduler only wakes us. Left to itself it skips what it was late for, counts from its own start,
runs a job twice or never in the hours that a change to or from daylight saving repeats or leaves
out, and cannot know what ran before a restart. What is asked here is always the same: which slot
of the schedule comes after those that were served?
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sftp_sync.config import CampaignConfig, Schedule
from sftp_sync.config.schedule import Expect, cron_triggers
from sftp_sync.model import PlannedStep, RunRecord

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
# A time of day stays in its minute; what has none is spread over its whole pause, up to an hour.
CLOSE = timedelta(seconds=59)
CLOCK_ERROR = timedelta(minutes=15)
# No zone has ever changed its clocks by more at once, but for a change of the date itself.
LARGEST_SHIFT = timedelta(hours=2)
# However few days of the week are named, one of them is among so many.
A_WEEK_ON = 8


@dataclass(frozen=True)
class Timetable:
    """A schedule in a zone. `offset` keeps campaigns of the same schedule apart. Where a file is
    `expected` there is one more slot at that time: only who looks then can say that it is missing.
    """

    schedule: Schedule
    daily_at: time = time(6)
    zone: str = "UTC"
    offset: timedelta = timedelta()
    expected: Expect | None = None

    def __str__(self) -> str:
        at = f" at {self.daily_at:%H:%M}" if self.schedule.kind == "daily" else ""
        expected = "" if self.expected is None else f", {self.expected}"
        return f"{self.schedule}{at}{expected} in {self.zone}"

    def slot_after(self, moment: datetime) -> datetime | None:
        """The first slot behind a moment; None where there is none."""
        slots = [self._scheduled_after(moment)]
        if self.expected is not None and self.schedule.kind != "manual":
            slots.append(_expected_after(moment, self.expected, ZoneInfo(self.zone)))
        return min((one for one in slots if one is not None), default=None)

    def _scheduled_after(self, moment: datetime) -> datetime | None:
        match self.schedule.kind:
            case "manual":
                return None
            case "hourly":
                return _multiple_after(moment, HOUR)
            case "every":
                return _multiple_after(moment, self.schedule.every or HOUR)
            case "daily":
                return _daily_after(moment, self.daily_at, ZoneInfo(self.zone))
            case "cron":
                return _cron_after(moment, self.schedule.cron or "", ZoneInfo(self.zone))


def timetable(one: CampaignConfig, step: PlannedStep) -> Timetable:
    """When a step of a campaign runs. Following has a rhythm of its own where results go back more
    seldom than hourly: what `status` and the reports say must not be a day old.
    """
    settings = one.settings
    schedule = settings.import_schedule if step == "collect" else results_schedule(one)
    if step == "follow":
        is_seldom = schedule.kind in {"daily", "cron"} or (schedule.every or HOUR) > HOUR
        schedule = Schedule("hourly" if is_seldom else "manual")
    expected = settings.expect if step == "collect" else None
    named = Timetable(schedule, settings.daily_at, settings.timezone, expected=expected)
    return replace(named, offset=offset_of(one.name, named))


def results_schedule(one: CampaignConfig) -> Schedule:
    """When results go back: as lists come in, unless said otherwise."""
    chosen = one.settings.results.schedule
    return one.settings.import_schedule if chosen is None else chosen


def offset_of(name: str, planned: Timetable) -> timedelta:
    """How far behind its slots a campaign runs: always the same, and hardly that of another."""
    match planned.schedule.kind:
        case "daily" | "cron" | "manual":
            spread = CLOSE
        case "hourly":
            spread = HOUR
        case "every":
            spread = min(planned.schedule.every or HOUR, HOUR)
    drawn = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    return timedelta(seconds=spread.total_seconds() * drawn / 2**32)


def next_run(planned: Timetable, known: RunRecord | None, now: datetime) -> datetime | None:
    """When the step is due: now or earlier means at once, and however many slots were missed, it
    runs once for all of them. None where it is never due by itself.
    """
    slot = planned.slot_after(_served_until(planned, known, now))
    due = None if slot is None else slot + planned.offset
    if due is not None and known is not None and known.retry_at is not None:
        return min(due, known.retry_at)
    return due


def is_due(planned: Timetable, known: RunRecord | None, now: datetime) -> bool:
    """Whether the step is to run now."""
    due = next_run(planned, known, now)
    return due is not None and due <= now


def shown_next_run(planned: Timetable, known: RunRecord | None, now: datetime) -> datetime | None:
    """The next run as people are told: to the minute, unless runs are closer together."""
    due = next_run(planned, known, now)
    if due is None or planned.schedule.kind == "every":
        return due
    return due.replace(second=0, microsecond=0)


def next_collect(
    one: CampaignConfig, known: Mapping[tuple[str, PlannedStep], RunRecord], now: datetime
) -> datetime | None:
    """When the daemon collects a campaign's lists next, as people are told."""
    if not one.settings.enabled:
        return None
    return shown_next_run(timetable(one, "collect"), known.get((one.name, "collect")), now)


def _served_until(planned: Timetable, known: RunRecord | None, now: datetime) -> datetime:
    """Slots up to here need no run. Without a past, none was missed."""
    latest = now - planned.offset
    if known is None:
        return latest
    served = known.since - planned.offset
    if known.served_until is not None:
        served = max(served, known.served_until)
    # A clock that was set back by a little must not run a slot twice. One that had been far ahead
    # must not keep us from running until it gets there again.
    return latest if served > latest + CLOCK_ERROR else served


def _multiple_after(moment: datetime, pause: timedelta) -> datetime:
    # Counted from the epoch: a restart does not shift the rhythm.
    return EPOCH + ((moment - EPOCH) // pause + 1) * pause


def _daily_after(moment: datetime, at: time, zone: ZoneInfo) -> datetime:
    today = moment.astimezone(zone).date()
    candidates = (_instant(day, at, zone) for day in _days_around(today))
    return min(one for one in candidates if one > moment)


def _expected_after(moment: datetime, expected: Expect, zone: ZoneInfo) -> datetime | None:
    days = _days_around(moment.astimezone(zone).date(), A_WEEK_ON)
    slots = (_instant(day, expected.by, zone) for day in days if day.weekday() in expected.days)
    return min((one for one in slots if one > moment), default=None)


def _days_around(day: date, until: int = 3) -> Iterator[date]:
    # Two days on at least: islands have moved over the date line and left a day out.
    return (day + timedelta(days=shift) for shift in range(-1, until + 1) if _exists(day, shift))


def _exists(day: date, shift: int) -> bool:
    return date.min.toordinal() <= day.toordinal() + shift <= date.max.toordinal()


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A local time as a moment, exactly one for each day: of a time that comes twice the first, for
    one that is left out as long after midnight as on other days.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _cron_after(moment: datetime, written: str, zone: ZoneInfo) -> datetime | None:
    """Wall-clock times are taken from the line as if there were no daylight saving, and each is
    turned into moments here.
    """
    repeats = written.split()[1].startswith("*")
    wall = moment.astimezone(zone).replace(tzinfo=UTC, fold=0) - LARGEST_SHIFT
    best: datetime | None = None
    ends: datetime | None = None
    while (wall_time := _wall_after(written, wall)) is not None:
        if ends is not None and wall_time > ends:
            return best
        later = [one for one in _moments(wall_time, zone, repeats=repeats) if one > moment]
        if later:
            best = min([*later, *([] if best is None else [best])])
            ends = ends or wall_time + LARGEST_SHIFT
        wall = wall_time + MINUTE
    return best


def _moments(wall_time: datetime, zone: ZoneInfo, *, repeats: bool) -> Iterator[datetime]:
    """The moments of a wall-clock time. In a line for every hour an hour that comes twice counts
    twice, and one that is left out not at all; in others a time is had exactly once.
    """
    local = wall_time.replace(tzinfo=zone)
    first = local.astimezone(UTC)
    if not repeats:
        yield first
        return
    for one in dict.fromkeys((first, local.replace(fold=1).astimezone(UTC))):
        if one.astimezone(zone).replace(tzinfo=UTC, fold=0) == wall_time:
            yield one


def _wall_after(written: str, wall: datetime) -> datetime | None:
    found = (trigger.get_next_fire_time(None, wall) for trigger in _triggers(written))
    return min((one for one in found if one is not None), default=None)


@lru_cache(maxsize=512)
def _triggers(written: str) -> tuple[CronTrigger, ...]:
    return cron_triggers(written)

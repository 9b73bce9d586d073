"""When a campaign's steps run, and when a file is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import PlainValidator

from sftp_sync.config.problems import did_you_mean
from sftp_sync.config.values import clock_time, longer_than_nothing
from sftp_sync.model import many

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

WORDS = ("manual", "hourly", "daily")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# As cron counts them: 0 and 7 are Sunday. APScheduler's 0 is Monday, so it only gets names.
CRON_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HINT = 'must be manual, hourly, daily, {every: 15m} or {cron: "0 7 * * mon-fri"}.'


@dataclass(frozen=True)
class Schedule:
    """When to run. `every` and `cron` are set for their kinds only; `daily` runs at the campaign's
    `daily_at`.
    """

    kind: Literal["manual", "hourly", "daily", "every", "cron"] = "manual"
    every: timedelta | None = None
    cron: str | None = None

    def __str__(self) -> str:
        if self.every is not None:
            return f"every {self.every.total_seconds():g} s"
        return f"cron {self.cron}" if self.cron else self.kind


@dataclass(frozen=True)
class Expect:
    """Say so when no file has come by this local time on these days (0 is Monday)."""

    by: time
    days: tuple[int, ...] = tuple(range(7))

    def __str__(self) -> str:
        return f"expected by {self.by:%H:%M} on {','.join(DAYS[day] for day in self.days)}"


def read_schedule(written: object) -> Schedule:
    """A word, or a block with one key."""
    match written:
        case "manual" | "hourly" | "daily":
            return Schedule(written)
        case str():
            raise ValueError(f"{HINT}{did_you_mean(written, WORDS)}")
        case {"every": every, **rest} if not rest:
            return Schedule("every", every=_pause(every))
        case {"cron": str(cron), **rest} if not rest:
            return Schedule("cron", cron=_cron(cron))
        case _:
            raise ValueError(HINT)


def _pause(written: object) -> timedelta:
    pause = longer_than_nothing(written)
    if pause < timedelta(seconds=1):
        raise ValueError("every: must be at least 1s.")
    return pause


def _cron(written: str) -> str:
    try:
        triggers = cron_triggers(written)
    except ValueError as error:
        raise ValueError(
            f'"{written}" is no cron line ({error}). It has five fields: minute, hour, day, month, '
            'day of week, as in "0 7 * * mon-fri".',
        ) from None
    if all(one.get_next_fire_time(None, LONG_AGO) is None for one in triggers):
        raise ValueError(f'"{written}" never comes: none of its months has such a day.')
    return written


def cron_triggers(written: str) -> tuple[CronTrigger, ...]:
    """What fires at the wall-clock times of a cron line, in a zone without daylight saving. As cron
    has it, a line that names days of the month and of the week means either.
    """
    # Imported here: only configurations with a cron line pay for it.
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415  as said above

    fields = written.split()
    if len(fields) != 5:  # noqa: PLR2004 - as the message says
        raise ValueError(f"it has {many(len(fields), 'field')}")
    minute, hour, day, month, weekday = fields
    # As they are written: cron takes a field that begins with a star for no choice.
    is_either = not day.startswith("*") and not weekday.startswith("*")
    weekday = weekday if weekday == "*" else _cron_days(weekday)
    days = [(day, "*"), ("*", weekday)] if is_either else [(day, weekday)]
    return tuple(
        CronTrigger(
            minute=minute, hour=hour, day=one, month=month, day_of_week=other, timezone="UTC"
        )
        for one, other in days
    )


def _cron_days(field: str) -> str:
    """Days of the week by name, whatever they were written as."""
    chosen: set[str] = set()
    for part in field.split(","):
        span, _, step = part.lower().partition("/")
        first, _, last = ("sun-sat" if span == "*" else span).partition("-")
        start = _cron_day(first)
        end = _cron_day(last or ("sat" if step else first))
        # From Friday to Monday passes Sunday.
        days = range(start, end + 1 if end >= start else end + 8)
        chosen.update(CRON_DAYS[day % 7] for day in days[:: int(step or 1)])
    return ",".join(sorted(chosen, key=CRON_DAYS.index))


def _cron_day(word: str) -> int:
    if word in CRON_DAYS:
        return CRON_DAYS.index(word)
    if word.isdigit() and int(word) < len(CRON_DAYS):
        return int(word)
    raise ValueError(f"{word!r} is no day of the week")


def read_expect(written: object) -> Expect | None:
    """{by: "09:00", days: mon-fri}."""
    if written is None:
        return None
    if not isinstance(written, Mapping) or "by" not in written or set(written) - {"by", "days"}:
        raise ValueError('must be {by: "09:00", days: mon-fri}; days may be left out.')
    return Expect(clock_time(written["by"]), _days(written.get("days", "mon-sun")))


def _days(written: object) -> tuple[int, ...]:
    parts = written if isinstance(written, list) else str(written).split(",")
    chosen: set[int] = set()
    for part in parts:
        first, _, last = str(part).strip().lower().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError("days must be as mon-fri or mon,wed,fri.")
        start, end = DAYS.index(first), DAYS.index(last or first)
        chosen.update(day % 7 for day in range(start, end + 1 if end >= start else end + 8))
    return tuple(sorted(chosen))


ScheduleField = Annotated[Schedule, PlainValidator(read_schedule)]
ExpectField = Annotated[Expect | None, PlainValidator(read_expect)]

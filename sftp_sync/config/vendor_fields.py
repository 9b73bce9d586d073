"""The settings of a campaign at Talkover, each with its range: what the vendor would refuse does
not leave this machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

from sftp_sync.config.problems import did_you_mean
from sftp_sync.config.scalars import Number
from sftp_sync.config.schedule import DAYS
from sftp_sync.config.values import clock_time, one_or_more, zone_name

Reader = Callable[[object], object]
"""A written value as the vendor takes it; `ValueError` with the sentence where it is wrong."""

LONGEST_NAME, LONGEST_ZONE, HOURS_A_WEEK, MOST_RETRIES = 255, 50, 168, 10
E164 = re.compile(r"\+[1-9]\d{6,14}")
WINDOW = re.compile(r"\s*(\S+?)\s*[-\u2013]\s*(\S+)\s*")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def text(longest: int | None = None, *, may_be_empty: bool = False) -> Reader:
    """Text, not longer than that."""

    def read(written: object) -> str:
        plain = written.written if isinstance(written, Number) else written
        if isinstance(plain, bool) or not isinstance(plain, str | int):
            raise ValueError("must be text.")
        if not str(plain).strip() and not may_be_empty:
            raise ValueError("is empty.")
        if longest is not None and len(str(plain)) > longest:
            raise ValueError(f"has {len(str(plain))} characters; {longest} are allowed.")
        return str(plain)

    return read


def whole(least: int, most: int | None = None) -> Reader:
    """A whole number within limits."""
    limits = f"of at least {least}" if most is None else f"from {least} to {most}"

    def read(written: object) -> int:
        if isinstance(written, bool) or not isinstance(written, int):
            raise ValueError(f"must be a whole number {limits}.")
        if written < least or (most is not None and written > most):
            raise ValueError(f"must be a whole number {limits}, not {written}.")
        return written

    return read


def one_of(*words: str) -> Reader:
    """One of some words."""

    def read(written: object) -> str:
        if not isinstance(written, str) or written not in words:
            meant = did_you_mean(str(written), words)
            raise ValueError(f"must be {', '.join(words[:-1])} or {words[-1]}.{meant}")
        return written

    return read


def claim(written: object) -> bool:
    """True or false."""
    if not isinstance(written, bool):
        raise ValueError("must be true or false.")
    return written


def identifier(written: object) -> str:
    """A UUID."""
    try:
        return str(UUID(str(written)))
    except ValueError:
        hint = "must be an id such as 550e8400-e29b-41d4-a716-446655440000."
        raise ValueError(hint) from None


def day(written: object) -> str:
    """A date as YYYY-MM-DD."""
    try:
        if DATE.fullmatch(str(written)):
            return date.fromisoformat(str(written)).isoformat()
    except ValueError:
        raise ValueError(f'there is no day "{written}".') from None
    raise ValueError("must be a date as 2026-11-20.")


def day_or_none(written: object) -> str | None:
    """A date, or null to have none."""
    return None if written is None else day(written)


def zone(written: object) -> str:
    """An IANA time zone."""
    name = str(text(LONGEST_ZONE)(written))
    return zone_name(name)


def weekdays(written: object) -> list[int]:
    """Numbers from 1 (Monday) to 7, names, and ranges such as mon-fri; each day once, in order."""
    parts = written.split(",") if isinstance(written, str) else written
    found = {number for part in _several(parts) for number in _weekdays(part)}
    if not found:
        raise ValueError("must name at least one day.")
    return sorted(found)


def _weekdays(written: object) -> range:
    first, dash, last = str(written).partition("-")
    start = _weekday(first)
    end = _weekday(last) if dash else start
    if end < start:
        raise ValueError(f'"{written}" ends before it begins. Write the days one by one.')
    return range(start, end + 1)


def _weekday(written: str) -> int:
    word = written.strip().lower()
    if word.isdecimal() and 1 <= int(word) <= len(DAYS):
        return int(word)
    full = {name: number for number, name in enumerate(FULL_DAYS, start=1)}
    short = {name: number for number, name in enumerate(DAYS, start=1)}
    if word in full or word in short:
        return full.get(word) or short[word]
    raise ValueError(
        f'"{written.strip()}" is no day: 1 (Monday) to 7, or mon to sun.'
        f"{did_you_mean(word, FULL_DAYS)}"
    )


def windows(written: object) -> list[dict[str, str]]:
    """Times of day as 09:00-17:00, or as {start: "09:00", end: "17:00"}."""
    parts = written.split(",") if isinstance(written, str) else written
    if isinstance(parts, Mapping):
        parts = [parts]
    found = [_window(part, position) for position, part in enumerate(_several(parts))]
    if not found:
        raise ValueError('must hold at least one window such as "09:00-17:00".')
    return found


def _window(written: object, position: int) -> dict[str, str]:
    if isinstance(written, Mapping):
        if set(written) != {"start", "end"}:
            raise ValueError(f'[{position}] must have start and end, as {{start: "09:00", …}}.')
        ends = (str(written["start"]), str(written["end"]))
    else:
        match = WINDOW.fullmatch(str(written))
        if match is None:
            raise ValueError(f'[{position}] must be a window such as "09:00-17:00".')
        ends = (match[1], match[2])
    try:
        start, end = (clock_time(one) for one in ends)
    except ValueError:
        hint = "needs times of day such as 09:00 and 17:00 (24-hour clock)."
        raise ValueError(f'[{position}] "{"-".join(ends)}" {hint}') from None
    if end <= start:
        raise ValueError(
            f"[{position}] ends at {end:%H:%M}, which is not after its start at {start:%H:%M}."
            " A window over midnight is two windows."
        )
    return {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}


def numbers(written: object) -> list[str]:
    """Phone numbers as E.164, each once."""
    found = []
    for position, one in enumerate(_several(written)):
        number = re.sub(r"[\s().-]", "", str(one))
        if not E164.fullmatch(number):
            raise ValueError(f'[{position}] "{one}" is no number such as +12125550123.')
        found.append(number)
    return list(dict.fromkeys(found))


def words(written: object) -> list[str]:
    """Words, as completed and voicemail."""
    return [str(text()(one)) for one in _several(written)]


def _several(written: object) -> tuple[object, ...]:
    several = one_or_more(written)
    return several if isinstance(several, tuple) else ()


FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = whole(1, HOURS_A_WEEK)
FIELDS: Mapping[str, Reader] = {
    "name": text(LONGEST_NAME),
    "description": text(may_be_empty=True),
    "campaign_type": one_of("sales", "follow_up", "reminder", "custom"),
    "agent_id": identifier,
    "start_date": day,
    "end_date": day_or_none,
    "days_of_week": weekdays,
    "call_time_ranges": windows,
    "timezone": zone,
    "initial_call_delay": whole(0),
    "max_retries": whole(0, MOST_RETRIES),
    "retry_cooldown_hours": HOURS,
    "auto_complete": claim,
    "retry_on_no_conversion": claim,
    "enable_post_completion_cooldown": claim,
    "post_completion_cooldown_hours": HOURS,
    "success_cooldown_hours": HOURS,
    "voicemail_cooldown_hours": HOURS,
    "no_answer_cooldown_hours": HOURS,
    "busy_cooldown_hours": HOURS,
    "failed_cooldown_hours": HOURS,
    "do_not_call_enabled": claim,
    "do_not_call_list_source": one_of("environment", "global", "custom"),
    "do_not_call_custom_list": numbers,
    "auto_add_to_dnc_enabled": claim,
    "auto_dnc_trigger_statuses": words,
    "auto_dnc_trigger_errors": words,
}

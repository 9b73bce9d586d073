"""Times, sizes and states as a person reads them, and what can be typed told from what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = timedelta(seconds=45)
MANY = 10
KILO = 1000.0
# A command goes on until the sentence does: `release 3, or: …`.
COMMAND = re.compile(r"sftp-sync(?: (?!or:|then:|\()[^\s,;]*[^\s,;.])+")


def lasting(length: timedelta) -> str:
    """A length of time in one or two units."""
    if length < MINUTE:
        return "under a minute"
    if length < HOUR:
        return f"{round(length / MINUTE)} min"
    if length < DAY:
        return _in_two(length, (HOUR, "h"), (MINUTE, "min"))
    return _in_two(length, (DAY, "d"), (HOUR, "h"))


def _in_two(length: timedelta, first: tuple[timedelta, str], second: tuple[timedelta, str]) -> str:
    """Where there is much of the first unit nobody asks for the second."""
    much, rest = divmod(length, first[0])
    little = rest // second[0]
    is_enough = much >= MANY or not little
    return f"{much} {first[1]}" if is_enough else f"{much} {first[1]} {little} {second[1]}"


def from_now(moment: datetime, now: datetime) -> str:
    """When something is or was, seen from now."""
    if abs(moment - now) < SOON:
        return "now"
    return f"in {lasting(moment - now)}" if moment > now else f"{lasting(now - moment)} ago"


def exactly(moment: datetime, zone: str = "UTC") -> str:
    """A moment to the minute, with whose clock that is."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def machine_time(moment: datetime) -> str:
    """A moment for a `datetime` attribute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_bytes(number: int) -> str:
    """A size."""
    size, units = float(number), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= KILO and len(units) > 1:
        size, units = size / KILO, units[1:]
    return f"{number} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"


def told_apart(sentence: str) -> Iterator[tuple[bool, str]]:
    """The parts of a sentence: whether each is to be typed, and its text."""
    end = 0
    for found in COMMAND.finditer(sentence):
        if sentence[end : found.start()]:
            yield False, sentence[end : found.start()]
        yield True, found[0]
        end = found.end()
    if sentence[end:]:
        yield False, sentence[end:]

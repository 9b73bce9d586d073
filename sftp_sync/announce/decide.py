"""What is news to somebody who was told before. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sftp_sync.attention import Concern
from sftp_sync.ledger.announcements import Key, Said

# Words that change all the time are not sent all the time; numbers that do, a count, a next try or
# the room that is left, are not sent at all.
BETWEEN_CHANGES = timedelta(minutes=15)
NUMBER = re.compile(r"\d+(?:[.,:-]\d+)*")
Event = Literal["raised", "changed", "cleared"]


@dataclass(frozen=True)
class News:
    """Something that is to be told. What was cleared has no concern any more."""

    event: Event
    key: Key
    message: str
    concern: Concern | None = None


def news(concerns: Sequence[Concern], said: Mapping[Key, Said], now: datetime) -> list[News]:
    """What is new, in the order of the concerns, and what is over."""
    loud = {one.key: one for one in concerns if not one.is_quiet}
    found = []
    for key, concern in loud.items():
        before = said.get(key)
        if before is None:
            found.append(News("raised", key, concern.line, concern))
        elif _words(before.message) != _words(concern.line) and _is_long_ago(before, now):
            found.append(News("changed", key, concern.line, concern))
    # What has become quiet is not over yet: it may be loud again in a moment.
    standing = {one.key for one in concerns}
    over = [one for key, one in said.items() if key not in standing]
    return [*found, *(News("cleared", one.key, one.message) for one in over)]


def _is_long_ago(before: Said, now: datetime) -> bool:
    return now - before.at >= BETWEEN_CHANGES


def _words(message: str) -> str:
    return NUMBER.sub("0", message)

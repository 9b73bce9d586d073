"""What is news to somebody who was told before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sftp_sync.attention import Concern
from sftp_sync.ledger.announcements import Key, Said

# Words that change all the time, a count or a next try, are not sent all the time.
BETWEEN_CHANGES = timedelta(minutes=15)
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
        elif before.message != concern.line and now - before.at >= BETWEEN_CHANGES:
            found.append(News("changed", key, concern.line, concern))
    over = [one for key, one in said.items() if key not in loud]
    return [*found, *(News("cleared", one.key, one.message) for one in over)]

"""Numbers that are not to be called, and where that is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SuppressedNumber:
    """A number that we have decided not to call, in any campaign."""

    phone: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class ListSource:
    """A do-not-call list as it lay at the partner's: `dated_at` is what its age is counted from."""

    name: str
    sha256: str
    size: int | None
    modified_at: int | None
    dated_at: datetime


@dataclass(frozen=True)
class SuppressionList:
    """A partner's do-not-call list in force. `unreadable` rows held no valid number; `problem` says
    why a newer list could not be read. Nothing is in force where `source` is None.
    """

    campaign: str
    source: ListSource | None
    taken_at: datetime | None = None
    numbers: int = 0
    unreadable: int = 0
    problem: str | None = None

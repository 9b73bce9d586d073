"""A whole file on its way to a vendor that takes lists as campaigns: made, then started."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class LaunchState(StrEnum):
    """Where a file's campaign at the vendor stands. Only `starting` can cause calls."""

    PLANNED = "planned"
    DRAFTED = "drafted"
    STARTING = "starting"
    UNCERTAIN = "uncertain"
    STARTED = "started"
    STALE = "stale"
    REFUSED = "refused"


L = LaunchState
LAUNCH_TRANSITIONS: dict[LaunchState, frozenset[LaunchState]] = {
    L.PLANNED: frozenset({L.DRAFTED, L.STALE}),
    L.DRAFTED: frozenset({L.STARTING, L.STALE}),
    L.STARTING: frozenset({L.STARTED, L.UNCERTAIN, L.DRAFTED}),
    L.UNCERTAIN: frozenset({L.STARTING, L.STARTED, L.STALE, L.REFUSED}),
    L.STARTED: frozenset(),
    L.STALE: frozenset(),
    L.REFUSED: frozenset(),
}


@dataclass(frozen=True)
class Terms:
    """How a file becomes a campaign at the vendor: the fields of its request, when it calls (in
    the vendor's spelling), what differs for each contact, and from how many contacts on they travel
    as a list of their own.
    """

    settings: Mapping[str, object]
    schedule: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    recipient_list_above: int = 1000

    @property
    def fingerprint(self) -> str:
        """What a draft was made by: one that was made by other terms is not started."""
        terms = [self.settings, self.schedule, self.overrides]
        return hashlib.sha256(json.dumps(terms, sort_keys=True, default=dict).encode()).hexdigest()

    def names(self, what: str) -> str | None:
        """The assistant or the number that the settings name."""
        value = self.settings.get(what)
        return None if value is None else str(value)


@dataclass(frozen=True)
class Launch:
    """A file's rows, fixed, and the campaign that is made of them. `is_unseen`: its start is in
    doubt, and this boot of this machine has not seen it yet.
    """

    id: int
    file_id: int
    campaign: str
    state: LaunchState
    name: str
    recipients: int
    vendor_id: str
    attempt: int
    made_at: datetime
    looks: int = 0
    started_at: datetime | None = None
    status: str | None = None
    counts: Mapping[str, object] = field(default_factory=dict)
    assistant_id: str | None = None
    phone_number_id: str | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    is_unseen: bool = False


@dataclass(frozen=True)
class Start:
    """A start that is ours to ask for: committed, with all its rows, before its request leaves."""

    launch_id: int
    attempt: int
    file_id: int
    recipients: int
    claimed_at: datetime
    day: str
    looks: int = 0
    doubt_since: datetime | None = None
    number: int = 0


@dataclass(frozen=True)
class Stale:
    """A draft that must not be started any more, and why."""

    why: str


@dataclass(frozen=True)
class Contact:
    """A row that was called with its whole file, and is not over as far as the ledger knows."""

    row_id: int
    phone: str
    call_id: str | None
    status: str | None
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class PinnedRow:
    """A row that is to be one of the contacts of a campaign."""

    row_id: int
    line: int
    phone: str
    cells: tuple[str, ...]

"""Rows on their way to the vendor: claimed, answered, in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from sftp_sync.model.boot_time import BootTime
from sftp_sync.model.states import RowState


@dataclass(frozen=True)
class Claim:
    """A row that is ours to send: committed as `sending` before its request leaves.

    `doubt_since` is set where an earlier attempt may have called already: this is a re-ask then,
    after so many `looks`. By its `number` a ledger that does not have it is known.
    """

    row_id: int
    attempt: int
    file_id: int
    line: int
    phone: str
    cells: tuple[str, ...]
    claimed_at: datetime
    day: str
    boot_time: BootTime
    doubt_since: datetime | None = None
    looks: int = 0
    number: int = 0


class Idle(StrEnum):
    """Why there is nothing to claim in a campaign just now."""

    NOTHING = "nothing is due"
    PAUSED = "the campaign is paused"
    RENAMED = "it may be another campaign under a new name"
    DAY_LIMIT = "the calls of the day are spent"
    NO_LIST = "its do-not-call list is missing, too old or cannot be read"
    IN_DOUBT = "numbers wait for a row in doubt"
    JUDGING = "rows were settled without a call, and there are more"


@dataclass(frozen=True)
class Doubt:
    """A row that may have been called, since then by the wall clock as it is now. `unanswered` is
    how long ago its request was given up. `called_elsewhere`: another row has called its number.
    """

    row_id: int
    attempt: int
    file_id: int
    campaign: str
    phone: str
    since: datetime
    unanswered: timedelta
    looks: int
    called_elsewhere: bool


@dataclass(frozen=True)
class KnownCall:
    """A call of ours at the vendor: accepted then by the wall clock as it is now, or, where no
    answer told so and it was recognised later, asked for then.
    """

    call_id: str | None
    phone: str
    accepted_at: datetime
    is_told: bool = True


@dataclass(frozen=True)
class KnownCalls:
    """The calls of ours next to a row in doubt: the newest before its window, the first and the
    last while it was asked for, the first since it was given up.
    """

    before: KnownCall | None = None
    beside: tuple[KnownCall, ...] = ()
    after: KnownCall | None = None


@dataclass(frozen=True)
class Settled:
    """What a row became by an answer; None where the answer came too late to settle it."""

    state: RowState | None
    call_id: str | None = None


@dataclass(frozen=True)
class FilePlan:
    """How the rows of a file are put to the vendor, as it was when the file was received."""

    sha256: str
    header: tuple[str, ...]
    phone_columns: tuple[str, ...]
    payload: Literal["all"] | tuple[str, ...] | Mapping[str, str]
    context: Mapping[str, str]

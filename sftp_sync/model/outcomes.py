"""What one request to a vendor can have come to: values, for the ledger, not exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Accepted:
    """The vendor took it and gave it an id."""

    call_id: str
    status: str = ""
    scheduled_at: str | None = None


@dataclass(frozen=True)
class AlreadyQueued:
    """The vendor already has a call to this number. `created_at` is by the vendor's clock."""

    call_id: str
    status: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True)
class Refused:
    """This row will never be taken. `counts_against_campaign`: five in a row block it. `contact`:
    which one of those that were sent together it is about, if it says so.
    """

    reason: str
    counts_against_campaign: bool = False
    contact: int | None = None


@dataclass(frozen=True)
class NotNow:
    """Certainly not taken; worth asking again after `wait_seconds` (None: our growing pause)."""

    reason: str
    wait_seconds: float | None = None
    is_unreachable: bool = False


@dataclass(frozen=True)
class Blocked:
    """Certainly not taken, and asking again is useless until somebody acts."""

    scope: Literal["account", "campaign"]
    reason: str


@dataclass(frozen=True)
class Uncertain:
    """It may have been taken. Only evidence settles this."""

    reason: str


Outcome = Accepted | AlreadyQueued | Refused | NotNow | Blocked | Uncertain

"""What one request to a vendor can have come to: values, for the ledger, not exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Accepted:
    """The vendor took it and gave it an id. `is_adopted`: the id is that of a call which the vendor
    had already, and which is this row's own.
    """

    call_id: str
    status: str = ""
    scheduled_at: str | None = None
    is_adopted: bool = False


@dataclass(frozen=True)
class AlreadyQueued:
    """The vendor already has a call to this number. `created_at` is by the vendor's clock;
    `campaign_id` is empty where it does not say whose call it is.
    """

    call_id: str
    status: str = ""
    created_at: datetime | None = None
    campaign_id: str = ""


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
    """It may have been taken. Only evidence settles this. `stops_campaign`: every further request
    would be answered so, by something that is not the vendor.
    """

    reason: str
    stops_campaign: bool = False


Outcome = Accepted | AlreadyQueued | Refused | NotNow | Blocked | Uncertain

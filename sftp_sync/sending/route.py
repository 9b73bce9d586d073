"""Which campaign's rows go through which account, and how far it is from its next request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sftp_sync.ledger.claims import Moment
from sftp_sync.model import Campaign, Instant, Terms
from sftp_sync.providers.base import CallProvider, ListProvider


@dataclass(frozen=True)
class Way:
    """A campaign of ours, on its way to a vendor."""

    campaign: Campaign

    @property
    def name(self) -> str:
        """The campaign's name."""
        return self.campaign.name

    def moment(self, when: Instant) -> Moment:
        """Now, and the campaign's local day."""
        day = when.at.astimezone(ZoneInfo(self.campaign.timezone)).date()
        return Moment(when.at, day.isoformat(), when.boot_time)


@dataclass(frozen=True)
class Route(Way):
    """The vendor's campaign that its contacts are queued in, one by one."""

    provider: CallProvider


@dataclass(frozen=True)
class ListRoute(Way):
    """The vendor that makes a campaign of each of its files, and on what terms."""

    provider: ListProvider
    terms: Terms


class Budget(Protocol):
    """An account's pace, as the dispatcher needs it."""

    def slot_free_in(self) -> float:
        """Seconds until the next slot; 0 where it is free now."""

    def take_if_free(self) -> bool:
        """Take a slot if one is free now."""

    def give_back(self) -> None:
        """A slot was taken and nothing was sent."""

    def pause_left(self) -> float:
        """Seconds until the vendor's or our own pause is over."""


@dataclass(frozen=True)
class SendingAccount:
    """A vendor's account: its campaigns, its pace, how many requests may be under way at once."""

    name: str
    routes: tuple[Route, ...]
    budget: Budget
    in_flight: int
    uncertain_after: timedelta


@dataclass(frozen=True)
class ListAccount:
    """An account at a vendor that takes whole files: one request at a time is enough."""

    name: str
    routes: tuple[ListRoute, ...]
    budget: Budget
    uncertain_after: timedelta


AnyAccount = SendingAccount | ListAccount


@dataclass(frozen=True)
class Patience:
    """How long a dispatcher stays. `is_daemon`: until told to stop. `waits_for_doubt`: until rows
    in doubt are settled, as far as that needs no person; otherwise they are left to the next run.
    """

    is_daemon: bool = False
    waits: bool = True

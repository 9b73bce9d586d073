"""What a vendor's API can be asked, in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from sftp_sync.model import Outcome

Lane = Literal["dispatch", "following"]
"""Whose slot of the pace a request takes: what is due goes before what is looked at."""


def always() -> bool:
    """Nothing stands against sending."""
    return True


@dataclass(frozen=True)
class CallRequest:
    """One contact to be called. `to` is E.164."""

    to: str
    payload: Mapping[str, str]
    context: Mapping[str, object]
    is_testing: bool = False
    allow_duplicates: bool = False


@dataclass(frozen=True)
class Answer:
    """What a request came to. `clock_offset` is the vendor's clock minus ours in seconds, by the
    `Date` header, None where it said nothing; `evidence` is one redacted line for the ledger.
    """

    outcome: Outcome
    clock_offset: float | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class VendorCall:
    """A call as the vendor lists it. Statuses are in the vendor's spelling, aliases resolved."""

    id: str
    to: str
    status: str
    created_at: datetime | None = None
    updated_at: datetime | None = None
    retries: int | None = None
    duration_seconds: int | None = None
    ended_at: datetime | None = None
    assistant_id: str | None = None
    phone_number_id: str | None = None


@dataclass(frozen=True)
class VendorCampaign:
    """The vendor's campaign and the calls it lists. `total_calls` is None where it is not said."""

    id: str
    name: str
    status: str
    max_retries: int | None = None
    total_calls: int | None = None
    calls: tuple[VendorCall, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)
    clock_offset: float | None = None


class CallProvider(Protocol):
    """A vendor that queues one call per request."""

    def send(self, request: CallRequest, may_send: Callable[[], bool] = always) -> Answer:
        """Queue one call; never raises: whatever happens on the wire is an outcome.

        The slot of the pace has been taken before. `may_send` is asked with the connection open,
        right before the bytes leave: False sends nothing, and is `NotNow`.
        """

    def campaign(self, lane: Lane = "following") -> VendorCampaign:
        """The campaign with its calls, or one of `sftp_sync.errors`. Waits for a slot itself."""

    def calls(self, since: date | None = None) -> Iterator[tuple[VendorCall, ...]]:
        """The account's calls, page by page. Waits for a slot before each."""

    def check_account(self) -> None:
        """One cheap request that needs the token; returns, or raises one of `sftp_sync.errors`."""


@runtime_checkable
class ImportsItself(Protocol):
    """A vendor that can fetch contact files from a partner's server itself."""

    def hosted_import(self) -> Mapping[str, object] | None:
        """How that is set up for this campaign, without secrets; None where it is not."""


@dataclass(frozen=True)
class Recipient:
    """One contact of a list: what the vendor is told about it, and what differs for it."""

    phone_number: str
    metadata: Mapping[str, str]
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """A campaign that is to be made for one file, without a time at which it would start. Its
    contacts stand in it, or in a list that the vendor has.
    """

    name: str
    settings: Mapping[str, object]
    recipients: Sequence[Recipient] = ()
    list_id: str | None = None


DRAFT, GONE = "draft", "gone"
UNDER_WAY = ("running", "paused", "completed")


@dataclass(frozen=True)
class FileCampaign:
    """What the vendor says of a campaign that was made for one file. `GONE` is ours: there is no
    such campaign any more.
    """

    id: str
    status: str
    counts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class CallPage:
    """Some of an account's calls, of all its campaigns: they do not say which."""

    calls: tuple[VendorCall, ...]
    clock_offset: float | None = None


@runtime_checkable
class ListProvider(Protocol):
    """A vendor that takes a whole file as a campaign: made first, started when all is right."""

    def keep_list(self, name: str, recipients: Sequence[Recipient]) -> str:
        """Hand a list over; its id there, or one of `sftp_sync.errors`. Waits for a slot itself."""

    def draft(self, draft: Draft, may_send: Callable[[], bool] = always) -> Answer:
        """Make a campaign that calls nobody; never raises. `Accepted` holds the campaign's id. The
        slot of the pace has been taken before.
        """

    def settle_schedule(
        self, campaign_id: str, name: str, schedule: Mapping[str, str]
    ) -> FileCampaign:
        """Say when a draft calls once it is started, and see that this was heard; raises otherwise.
        Without a schedule this only looks. Waits for a slot itself.
        """

    def start(self, campaign_id: str, may_send: Callable[[], bool] = always) -> Answer:
        """Start a campaign: its contacts are called from now on. As `CallProvider.send`."""

    def look(self, campaign_id: str, name: str, lane: Lane = "following") -> FileCampaign:
        """How a campaign stands, by writing the name that it has. Waits for a slot itself."""

    def calls(self) -> Iterator[CallPage]:
        """The account's calls, page by page. Waits for a slot before each."""

    def check_account(self) -> None:
        """One cheap request that needs the token; returns, or raises one of `sftp_sync.errors`."""


Vendor = CallProvider | ListProvider

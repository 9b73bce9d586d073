"""Doubt is settled by evidence, never by hope. Pure: a row in doubt and what the vendor lists go
in, what follows comes out.

A request that timed out may have rung a person. What the vendor's list shows decides: a call to the
number, made in the row's window and belonging to no other row, is the row's own. None
in a list that is complete means that asking again is safe, for a moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sftp_sync.model import AlreadyQueued, Doubt
from sftp_sync.providers.base import VendorCall, VendorCampaign

EARLIER = timedelta(minutes=2)
NEAR = timedelta(hours=24)
LOOKING_ENDS = timedelta(hours=1)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
LATER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """This call is the row's own."""

    call: VendorCall


@dataclass(frozen=True)
class AskAgain:
    """The vendor has no call for the row: ask once more, at once, with duplicates forbidden."""


@dataclass(frozen=True)
class LookAgain:
    """Nothing is proven yet."""

    after: timedelta
    why: str


@dataclass(frozen=True)
class ForAPerson:
    """Nothing that the vendor shows can settle it."""

    why: str


Verdict = Found | AskAgain | LookAgain | ForAPerson


@dataclass(frozen=True)
class Look:
    """What the vendor showed at one moment. `held`: the ids of its calls that other rows have.
    `ids_agree`: whether an id from an answer was ever seen in the list.
    """

    campaign: VendorCampaign
    held: Collection[str]
    ids_agree: bool

    @property
    def is_complete(self) -> bool:
        """Whether every call of the campaign is in the list."""
        total = self.campaign.total_calls
        return total is not None and len(self.campaign.calls) >= total


def judge(doubt: Doubt, look: Look) -> Verdict:
    """What follows for a row in doubt from what the vendor shows."""
    opens_at = window_opens_at(doubt, look.campaign.clock_offset)
    listed = [call for call in look.campaign.calls if call.to == doubt.phone]
    unheld = sorted((call for call in listed if call.id not in look.held), key=_made_at)
    if any(call.created_at is None for call in unheld):
        return ForAPerson("the vendor lists a call to this number without saying when it was made")
    inside = [call for call in unheld if _made_at(call) >= opens_at]
    if inside:
        return _present(doubt, look, inside)
    if any(_made_at(call) >= opens_at - NEAR for call in unheld):
        return ForAPerson("a call to this number that no row has was made less than a day before")
    if look.is_complete:
        return AskAgain()
    return _not_complete(doubt)


def window_opens_at(doubt: Doubt, clock_offset: float | None) -> datetime:
    """When the row's call was made at the earliest, by the vendor's clock in whole seconds."""
    offset = timedelta(seconds=clock_offset or 0)
    return (doubt.since + offset - EARLIER).replace(microsecond=0)


def is_ours(answer: AlreadyQueued, doubt: Doubt, look: Look) -> bool:
    """Whether the call that a re-ask ran into is the row's own."""
    if answer.call_id in look.held or answer.created_at is None:
        return False
    if doubt.called_elsewhere and not look.ids_agree:
        # It may be the other row's call, under an id of another kind.
        return False
    return answer.created_at >= window_opens_at(doubt, look.campaign.clock_offset)


def _present(doubt: Doubt, look: Look, inside: Sequence[VendorCall]) -> Verdict:
    oldest = inside[0]
    if doubt.called_elsewhere and not look.ids_agree:
        return ForAPerson(
            "another row has called this number, and whether the listed call is that one cannot be"
            " told by its id",
        )
    if doubt.called_elsewhere and (oldest.retries or 0) > 0:
        return ForAPerson("the listed call may be the vendor's own retry for another row")
    return Found(oldest)


def _not_complete(doubt: Doubt) -> Verdict:
    if doubt.unanswered > LOOKING_ENDS:
        return ForAPerson("the vendor's list of calls was not complete for an hour")
    pause = min(FIRST_PAUSE * 2 ** min(doubt.looks, 10), LONGEST_PAUSE)
    return LookAgain(pause, "the vendor's list of calls is not complete")


def _made_at(call: VendorCall) -> datetime:
    return call.created_at or LATER

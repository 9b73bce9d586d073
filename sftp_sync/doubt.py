"""Doubt is settled by evidence, never by hope. Pure: a row in doubt and what the vendor lists go
in, what follows comes out.

A request that timed out may have rung a person. What the vendor's list shows decides: a call to the
number, made in the row's window and belonging to no other row, is the row's own. None in a list
that is complete, and shows the calls of ours that it must, means that asking again is safe, for a
moment.

A list may be complete by its own count and leave calls out: cut at some length, without test calls,
with numbers that we cannot read. Absence counts only beside calls of ours that are there:

- the newest accepted before the row's window. In a list cut to its newest calls, that one would
  have gone before the row's.
- the first accepted since the row was given up, and the last while it was asked for, where there
  are such. In a list cut to its oldest calls, the row's would stand before them.
- Where there is none before, the first accepted while the row was asked for stands in: a young
  campaign must not wait for a person. Then it is the oldest call of ours, so that whatever we know
  of is shown; a list cut between just these two is all that remains.

An entry with the id of our call and another number is none of them: numbers are written otherwise
there. And where one side of the row's call has no call of ours, a single row is asked for by each
look: its own call must be shown, beside the others, before anything more follows from the list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sftp_sync.errors import short_phone
from sftp_sync.model import AlreadyQueued, Doubt, KnownCall, KnownCalls
from sftp_sync.providers.base import VendorCall, VendorCampaign

EARLIER = timedelta(minutes=2)
NEAR = timedelta(hours=24)
LOOKING_ENDS = timedelta(hours=1)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
SECOND = timedelta(seconds=1)  # the vendor's clock is known by whole ones
LATER = datetime.max.replace(tzinfo=UTC)
NOTHING_KNOWN = "nothing of ours is known there"
NOT_SHOWN = "the vendor's list does not show calls of ours that it must"


@dataclass(frozen=True)
class Found:
    """This call is the row's own."""

    call: VendorCall


@dataclass(frozen=True)
class AskAgain:
    """The vendor has no call for the row: ask once more, at once, with duplicates forbidden.
    `alone`: no other row by the same look.
    """

    alone: bool = False


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
    `ids_agree`: whether an id from an answer was ever seen in the list. `known`: the calls of ours
    next to each row in doubt, by its id.
    """

    campaign: VendorCampaign
    held: Collection[str]
    ids_agree: bool
    known: Mapping[int, KnownCalls] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether every call of the campaign is in the list."""
        total = self.campaign.total_calls
        return total is not None and len(self.campaign.calls) >= total

    def to(self, phone: str) -> Sequence[VendorCall]:
        """The calls to a number."""
        return self._by_number.get(phone, ())

    def shows(self, known: KnownCall, made_by: datetime | None = None) -> bool:
        """Whether a call of ours is in the list, with its number, and made by this time."""
        entry = self._by_id.get(known.call_id or "")
        if entry is not None:
            is_made = made_by is None or entry.created_at is None or entry.created_at <= made_by
            return entry.to == known.phone and is_made
        accepted_at = known.accepted_at + self.clock_offset
        times = (entry.created_at for entry in self.to(known.phone))
        near = [at for at in times if at is not None and abs(at - accepted_at) <= EARLIER]
        return any(made_by is None or at <= made_by for at in near)

    @property
    def clock_offset(self) -> timedelta:
        """The vendor's clock minus ours."""
        return timedelta(seconds=self.campaign.clock_offset or 0)

    @cached_property
    def _by_id(self) -> Mapping[str, VendorCall]:
        return {call.id: call for call in self.campaign.calls}

    @cached_property
    def _by_number(self) -> Mapping[str, Sequence[VendorCall]]:
        found: dict[str, list[VendorCall]] = defaultdict(list)
        for call in self.campaign.calls:
            found[call.to].append(call)
        return dict(found)


def judge(doubt: Doubt, look: Look) -> Verdict:
    """What follows for a row in doubt from what the vendor shows."""
    opens_at = window_opens_at(doubt, look.campaign.clock_offset)
    listed = (call for call in look.to(doubt.phone) if call.id not in look.held)
    unheld = sorted(listed, key=_made_at)
    if any(call.created_at is None for call in unheld):
        return ForAPerson("the vendor lists a call to this number without saying when it was made")
    inside = [call for call in unheld if _made_at(call) >= opens_at]
    if inside:
        return _present(doubt, look, inside)
    if any(_made_at(call) >= opens_at - NEAR for call in unheld):
        return ForAPerson("a call to this number that no row has was made less than a day before")
    return _absent(doubt, look)


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


def _absent(doubt: Doubt, look: Look) -> Verdict:
    if not look.is_complete:
        over = "the vendor's list of calls was not complete for an hour"
        return _later(doubt, "the vendor's list of calls is not complete", over)
    known = look.known.get(doubt.row_id, KnownCalls())
    if known.before is None and not known.beside:
        return _later(doubt, NOTHING_KNOWN, _checked_by_hand(doubt, NOTHING_KNOWN))
    oldest = known.before or known.beside[0]
    # One that was recognised may have been made long after it was asked for.
    is_told = oldest.is_told and oldest.accepted_at <= doubt.since
    made_by = None if is_told else doubt.since + look.clock_offset + SECOND
    is_older = look.shows(oldest, made_by)
    must = (
        [*known.beside, known.after] if known.before is None else [*known.beside[-1:], known.after]
    )
    is_shown = all(look.shows(one) for one in must if one is not None)
    if not is_shown or (known.before is not None and not is_older):
        return _later(doubt, NOT_SHOWN, _checked_by_hand(doubt, NOT_SHOWN))
    return AskAgain(alone=known.after is None or not is_older)


def _later(doubt: Doubt, why: str, over: str) -> Verdict:
    if doubt.unanswered > LOOKING_ENDS:
        return ForAPerson(over)
    pause = min(FIRST_PAUSE * 2 ** min(doubt.looks, 10), LONGEST_PAUSE)
    return LookAgain(pause, why)


def _checked_by_hand(doubt: Doubt, why: str) -> str:
    return (
        f"{why}; check {short_phone(doubt.phone)} at the vendor, then type: sftp-sync resolve"
        f" {doubt.row_id} resend (or accepted, if it was called)"
    )


def _made_at(call: VendorCall) -> datetime:
    return call.created_at or LATER

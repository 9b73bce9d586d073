"""When is a call over, and which listed call is a row's? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sftp_sync.model import CallNews, OpenCall
from sftp_sync.providers.base import VendorCall, VendorCampaign

ENDED = {"completed", "cancelled"}
# The vendor may call again after these, up to the campaign's max_retries.
MAY_BE_RETRIED = {"failed", "busy", "no-answer", "voicemail"}
KNOWN = {*ENDED, *MAY_BE_RETRIED, "queued", "scheduled", "initiated", "ringing", "answered"}
UNKNOWN = "unknown"
NOT_LISTED = "the vendor lists no such call"
BY_NUMBER = "matched by number and time"
SEVERAL = "calls to this number may be those of another row: none was taken for it"
EARLIER = timedelta(minutes=2)

Namesakes = Mapping[str, Sequence[tuple[int, str | None, datetime]]]
"""Rows by number: (row, the call that it has, when it was called at the earliest)."""


@dataclass(frozen=True)
class Listing:
    """The vendor's campaign at one moment, with its calls by id and by number."""

    campaign: VendorCampaign
    by_id: Mapping[str, VendorCall]
    by_number: Mapping[str, tuple[VendorCall, ...]]
    ids_agree: bool
    final_after: timedelta
    now: datetime

    @property
    def is_closed(self) -> bool:
        """Whether the vendor will start no more calls in this campaign."""
        return self.campaign.status in ENDED


def listing_of(
    campaign: VendorCampaign, *, ids_agree: bool, final_after: timedelta, now: datetime
) -> Listing:
    """A listing to find calls in."""
    by_number: dict[str, tuple[VendorCall, ...]] = {}
    for call in campaign.calls:
        by_number[call.to] = (*by_number.get(call.to, ()), call)
    by_id = {call.id: call for call in campaign.calls}
    return Listing(campaign, by_id, by_number, ids_agree, final_after, now)


def is_by_number(call: OpenCall, listing: Listing) -> bool:
    """Whether only its number and the time can tell which listed call is a row's."""
    return call.call_id is None or not (listing.ids_agree or call.call_id in listing.by_id)


def news_of(call: OpenCall, listing: Listing, namesakes: Namesakes) -> CallNews | None:
    """What is new of a row's call; None where nothing is."""
    is_late = listing.now - call.queued_at > listing.final_after
    listed, matched_by = _listed(call, listing, namesakes)
    if listed is None:
        if not is_late:
            return None
        why = matched_by or NOT_LISTED
        return CallNews(call.row_id, UNKNOWN, over_at=listing.now, matched_by=why)
    is_over = is_late or _is_over(listed, listing)
    if not is_over and (listed.status, listed.retries) == (call.status, call.retries):
        return None
    return CallNews(
        row_id=call.row_id,
        status=listed.status,
        retries=listed.retries,
        over_at=listing.now if is_over else None,
        matched_by=matched_by,
    )


def _is_over(listed: VendorCall, listing: Listing) -> bool:
    if listed.status in ENDED:
        return True
    if listed.status not in MAY_BE_RETRIED:
        return False
    most = listing.campaign.max_retries
    return listing.is_closed or (most is not None and (listed.retries or 0) >= most)


def _listed(
    call: OpenCall, listing: Listing, namesakes: Namesakes
) -> tuple[VendorCall | None, str | None]:
    """The row's call in the list, and how it was found where it was not by its id; or why none was
    taken, where several fit.
    """
    if not is_by_number(call, listing):
        return listing.by_id.get(call.call_id or ""), None
    others = _made(call, namesakes.get(call.phone, ()))
    began = others.pop(call.call_id or call.row_id)
    # Those whose call is known by its id look for none.
    rivals = [
        at
        for key, at in others.items()
        if isinstance(key, int) or not (listing.ids_agree or key in listing.by_id)
    ]
    next_at = min((at for at in rivals if at - began >= 2 * EARLIER), default=None)
    fitting = [
        one
        for one in listing.by_number.get(call.phone, ())
        if one.id not in others and _is_between(one.created_at, began, next_at, listing)
    ]
    is_rivalled = any(abs(at - began) < 2 * EARLIER for at in rivals)
    if len(fitting) == 1 and not is_rivalled:
        return fitting[0], BY_NUMBER
    return None, SEVERAL if fitting else None


def _made(
    call: OpenCall, rows: Sequence[tuple[int, str | None, datetime]]
) -> dict[str | int, datetime]:
    """When each call to a number was made at the earliest, this row's too, by its id or its row:
    rows with the same id have the same call.
    """
    since: dict[str | int, datetime] = {call.call_id or call.row_id: call.queued_at}
    for row_id, call_id, at in rows:
        key = call_id or row_id
        since[key] = min(at, since.get(key, at))
    return since


def _is_between(
    created_at: datetime | None, began: datetime, next_at: datetime | None, listing: Listing
) -> bool:
    """Whether a call was made after one row was called and before the next one was."""
    if created_at is None:
        return False
    ours = created_at - timedelta(seconds=listing.campaign.clock_offset or 0) + EARLIER
    return began <= ours and (next_at is None or ours < next_at)

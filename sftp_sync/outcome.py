"""When is a call over, and which listed call is a row's? Pure."""

from __future__ import annotations

from collections.abc import Mapping
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
EARLIER = timedelta(minutes=2)


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


def news_of(call: OpenCall, listing: Listing) -> CallNews | None:
    """What is new of a row's call; None where nothing is."""
    is_late = listing.now - call.queued_at > listing.final_after
    listed, matched_by = _listed(call, listing)
    if listed is None:
        if not is_late:
            return None
        return CallNews(call.row_id, UNKNOWN, over_at=listing.now, matched_by=NOT_LISTED)
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


def _listed(call: OpenCall, listing: Listing) -> tuple[VendorCall | None, str | None]:
    """The row's call in the list: by its id, or by number and time where ids say nothing."""
    if call.call_id is not None and call.call_id in listing.by_id:
        return listing.by_id[call.call_id], None
    if call.call_id is not None and listing.ids_agree:
        return None, None
    opens_at = call.queued_at + timedelta(seconds=listing.campaign.clock_offset or 0) - EARLIER
    alike = [
        one
        for one in listing.by_number.get(call.phone, ())
        if one.created_at is not None and one.created_at >= opens_at
    ]
    # Two calls to one number cannot be told apart: neither is taken.
    return (alike[0], BY_NUMBER) if len(alike) == 1 else (None, None)

"""Follow: what has become of the calls, as far as the vendor tells."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.hosted import look_for_double_import
from sftp_sync.model import CallNews, Campaign, OpenCall
from sftp_sync.outcome import KNOWN, Listing, listing_of, news_of
from sftp_sync.providers.base import CallProvider, ListProvider, Vendor, VendorCall
from sftp_sync.steps.follow_lists import follow_lists
from sftp_sync.steps.followed import Followed

CALLS_AT_ONCE = 50_000
CALLS_PER_PAGE = 100
SPARE_PAGES = 50  # other campaigns of the account may have called meanwhile

log = structlog.get_logger(__name__)
__all__ = ["Followed", "follow"]


def follow(campaign: Campaign, provider: Vendor, around: Surroundings) -> Followed:
    """Bring the calls that are not over up to date: one request for all of them, and some of the
    account's list for the durations of those that have ended.
    """
    if isinstance(provider, ListProvider):
        return follow_lists(campaign, provider, around)
    ledger = around.ledger
    if not ledger.following.is_any_open(campaign.name):
        return Followed()
    with ledger.leases.hold(f"follow:{campaign.name}") as lease:
        listing = _listing(campaign, provider, around)
        total = Followed()
        for chunk in _chunks(campaign, around):
            around.wait(0)
            news = [one for call in chunk if (one := news_of(call, listing)) is not None]
            # What has ended is heard with its duration, or at the next run: it is told only once.
            going_on = [one for one in news if one.over_at is None]
            ledger.following.hear(lease, going_on)
            ended = [one for one in news if one.over_at is not None]
            ledger.following.hear(lease, _with_durations(ended, chunk, provider))
            total = Followed(total.changed + len(news), total.over + len(ended))
            _say_unknown(campaign, news)
        look_for_double_import(campaign, provider, around)
    return total


def _listing(campaign: Campaign, provider: CallProvider, around: Surroundings) -> Listing:
    found = provider.campaign()
    doubts = around.ledger.doubts
    doubts.learn_ids(campaign.destination, (call.id for call in found.calls))
    return listing_of(
        found,
        ids_agree=doubts.ids_agree(campaign.destination),
        final_after=campaign.results.final_after,
        now=around.now(),
    )


def _chunks(campaign: Campaign, around: Surroundings) -> Iterator[list[OpenCall]]:
    """So many calls at once that the account's list is rarely read twice, and memory stays flat."""
    after, chunk = 0, list[OpenCall]()
    while page := around.ledger.following.open_calls(campaign.name, after):
        chunk += page
        after = page[-1].row_id
        if len(chunk) >= CALLS_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _with_durations(
    ended: list[CallNews], calls: list[OpenCall], provider: CallProvider
) -> list[CallNews]:
    """Durations and times of calls that have ended, from the account's list, read no further than
    needed: it is the only place that tells them.
    """
    own = {one.row_id for one in ended if not one.matched_by}
    wanted = {call.call_id: call for call in calls if call.row_id in own and call.call_id}
    if not wanted:
        return ended
    since = min(call.queued_at for call in wanted.values())
    found = _found(provider.calls(since.date()), wanted)
    listed = {wanted[call_id].row_id: call for call_id, call in found.items()}
    return [_lasting(one, listed.get(one.row_id)) for one in ended]


def _found(
    pages: Iterator[tuple[VendorCall, ...]], wanted: Collection[str | None]
) -> dict[str, VendorCall]:
    found: dict[str, VendorCall] = {}
    most = SPARE_PAGES + 2 * len(wanted) // CALLS_PER_PAGE
    for number, page in enumerate(pages, start=1):
        found.update((call.id, call) for call in page if call.id in wanted)
        if len(found) == len(wanted) or number == most:
            break
    return found


def _lasting(news: CallNews, listed: VendorCall | None) -> CallNews:
    if listed is None:
        return news
    return replace(news, duration_seconds=listed.duration_seconds, updated_at=listed.updated_at)


def _say_unknown(campaign: Campaign, news: list[CallNews]) -> None:
    for status in {one.status for one in news if not one.matched_by} - KNOWN:
        log.warning("unknown_call_status", campaign=campaign.name, status=status)

"""Follow: what has become of the calls, as far as the vendor tells."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.model import CallNews, Campaign, OpenCall
from sftp_sync.outcome import KNOWN, Listing, listing_of, news_of
from sftp_sync.providers.base import CallProvider, ListProvider, Vendor, VendorCall
from sftp_sync.steps.follow_lists import follow_lists
from sftp_sync.steps.followed import Followed

PAGES_AT_MOST = 50

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
        for page in _pages(campaign, around):
            around.wait(0)
            news = [one for call in page if (one := news_of(call, listing)) is not None]
            news = _with_durations(news, page, provider)
            ledger.following.hear(lease, news)
            over = sum(1 for one in news if one.over_at is not None)
            total = Followed(total.changed + len(news), total.over + over)
            _say_unknown(campaign, news)
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


def _pages(campaign: Campaign, around: Surroundings) -> Iterator[list[OpenCall]]:
    after = 0
    while page := around.ledger.following.open_calls(campaign.name, after):
        yield page
        after = page[-1].row_id


def _with_durations(
    news: list[CallNews], page: list[OpenCall], provider: CallProvider
) -> list[CallNews]:
    """Durations and times of calls that have ended, from the account's list, read no further than
    needed: it is the only place that tells them.
    """
    ids = {call.row_id: call.call_id for call in page}
    ended = {ids[one.row_id] for one in news if one.over_at is not None and not one.matched_by}
    wanted = {call_id for call_id in ended if call_id is not None}
    if not wanted:
        return news
    since = min(call.queued_at for call in page if call.call_id in wanted)
    found = _found(provider.calls(since.date()), wanted)
    return [_lasting(one, found.get(ids[one.row_id] or "")) for one in news]


def _found(
    pages: Iterator[tuple[VendorCall, ...]], wanted: Collection[str]
) -> dict[str, VendorCall]:
    found: dict[str, VendorCall] = {}
    for number, page in enumerate(pages, start=1):
        found.update((call.id, call) for call in page if call.id in wanted)
        if len(found) == len(wanted) or number == PAGES_AT_MOST:
            break
    return found


def _lasting(news: CallNews, listed: VendorCall | None) -> CallNews:
    if listed is None:
        return news
    return replace(news, duration_seconds=listed.duration_seconds, updated_at=listed.updated_at)


def _say_unknown(campaign: Campaign, news: list[CallNews]) -> None:
    for status in {one.status for one in news if not one.matched_by} - KNOWN:
        log.warning("unknown_call_status", campaign=campaign.name, status=status)

"""Follow: what has become of the calls, as far as the vendor tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.hosted import look_for_double_import
from sftp_sync.model import CallNews, Campaign, OpenCall
from sftp_sync.outcome import KNOWN, Listing, is_by_number, listing_of, news_of
from sftp_sync.providers.base import CallProvider, ListProvider, Vendor
from sftp_sync.steps.durations import Durations
from sftp_sync.steps.follow_lists import follow_lists
from sftp_sync.steps.followed import Followed

CALLS_AT_ONCE = 50_000
# Under this cause a run that fails is noted, from its first failure until it works.
CAUSE = "follow"
PATIENCE = timedelta(hours=3)

log = structlog.get_logger(__name__)
__all__ = ["Followed", "follow"]


def follow(campaign: Campaign, provider: Vendor, around: Surroundings) -> Followed:
    """Bring the calls that are not over up to date: one request for all of them, and some of the
    account's list for the durations of those that have ended.
    """
    ended = _end_out_of_sight(campaign, around)
    if isinstance(provider, ListProvider):
        followed = follow_lists(campaign, provider, around)
    else:
        followed = _follow_calls(campaign, provider, around)
    return Followed(followed.changed + ended, followed.over + ended)


def _end_out_of_sight(campaign: Campaign, around: Surroundings) -> int:
    """What was called elsewhere, before `campaign_id` or `base_url` changed, cannot be followed."""
    following, late = around.ledger.following, around.now() - campaign.results.final_after
    ended = 0
    if not following.out_of_sight(campaign, late):
        return ended
    with around.ledger.leases.hold(f"follow:{campaign.name}") as lease:
        while found := following.out_of_sight(campaign, late):
            following.end_out_of_sight(lease, found, around.now())
            ended += len(found)
    return ended


def _follow_calls(campaign: Campaign, provider: CallProvider, around: Surroundings) -> Followed:
    look_for_double_import(campaign, provider, around)
    if not around.ledger.following.is_any_open(campaign):
        return Followed()
    durations = Durations(provider.calls, lambda: _has_patience(campaign, around))
    with around.ledger.leases.hold(f"follow:{campaign.name}") as lease:
        listing = _listing(campaign, provider, around)
        total = Followed()
        for chunk in _chunks(campaign, around):
            around.wait(0)
            news = _news(chunk, listing, campaign, around)
            going_on = [one for one in news if one.over_at is None]
            around.ledger.following.hear(lease, going_on)
            ended = [one for one in news if one.over_at is not None]
            ended = durations.added_to(ended, chunk, listing)
            around.ledger.following.hear(lease, ended)
            changed = total.changed + len(going_on) + len(ended)
            total = Followed(changed, total.over + len(ended))
            _say_unknown(campaign, news)
    if durations.problem is not None:
        raise durations.problem
    return total


def _has_patience(campaign: Campaign, around: Surroundings) -> bool:
    """Whether what has ended may wait for its duration: not where following has failed for long."""
    standing = (one for one in around.ledger.notices.all() if one.scope == campaign.name)
    since = next((one.since for one in standing if one.cause == CAUSE), around.now())
    return around.now() - since < PATIENCE


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


def _news(
    calls: list[OpenCall], listing: Listing, campaign: Campaign, around: Surroundings
) -> list[CallNews]:
    searched = {call.phone for call in calls if is_by_number(call, listing)}
    numbers = sorted(searched & listing.by_number.keys())
    namesakes = around.ledger.following.namesakes(campaign.destination, numbers)
    found = (news_of(call, listing, namesakes) for call in calls)
    return [one for one in found if one is not None]


def _chunks(campaign: Campaign, around: Surroundings) -> Iterator[list[OpenCall]]:
    """So many calls at once that the account's list is rarely read twice, and memory stays flat."""
    after, chunk = 0, list[OpenCall]()
    while page := around.ledger.following.open_calls(campaign, after):
        chunk += page
        after = page[-1].row_id
        if len(chunk) >= CALLS_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _say_unknown(campaign: Campaign, news: list[CallNews]) -> None:
    for status in {one.status for one in news if not one.matched_by} - KNOWN:
        log.warning("unknown_call_status", campaign=campaign.name, status=status)

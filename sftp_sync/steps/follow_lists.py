"""Follow, where whole files became campaigns: how each campaign stands, in the vendor's own words,
and which of the account's calls are those of our contacts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import VendorRefused
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import CallNews, Campaign, Launch
from sftp_sync.outcome import KNOWN, UNKNOWN
from sftp_sync.providers.base import GONE, ListProvider, VendorCall
from sftp_sync.steps.followed import Followed
from sftp_sync.steps.matching import COMPLETED, Heard, by_number, news_of_contact

ADRIFT = "a person said that it was called; its campaign at the vendor is not known"

log = structlog.get_logger(__name__)


def follow_lists(campaign: Campaign, provider: ListProvider, around: Surroundings) -> Followed:
    """Bring the calls that are not over up to date."""
    departures = around.ledger.departures
    if not departures.is_any_open(campaign):
        return Followed()
    with around.ledger.leases.hold(f"follow:{campaign.name}") as lease:
        launches = [
            _asked(launch, provider, around, lease) for launch in departures.under_way(campaign)
        ]
        heard = _heard(campaign, launches, provider, around)
        total = _end_adrift(campaign, around, lease)
        for launch in launches:
            followed = _follow_one(launch, heard, around, lease)
            total = Followed(total.changed + followed.changed, total.over + followed.over)
            is_late = launch.started_at is None or (
                heard.now - launch.started_at > heard.final_after
            )
            if launch.status in {COMPLETED, GONE} or is_late:
                departures.end(lease, launch, heard.now)
    return total


def _end_adrift(campaign: Campaign, around: Surroundings, lease: Lease) -> Followed:
    """What a person says was called, of which no campaign at the vendor is known: nothing more will
    be heard of it.
    """
    now = around.now()
    late = now - campaign.results.final_after
    ended = 0
    while found := around.ledger.departures.adrift(campaign, late):
        news = [CallNews(row_id, UNKNOWN, over_at=now, matched_by=ADRIFT) for row_id in found]
        around.ledger.following.hear(lease, news)
        ended += len(found)
    return Followed(ended, ended)


def _asked(launch: Launch, provider: ListProvider, around: Surroundings, lease: Lease) -> Launch:
    """How a campaign stands by now. A vendor that does not say stops nothing: calls are listed."""
    around.wait(0)
    try:
        seen = provider.look(launch.vendor_id, launch.name)
    except VendorRefused as error:
        if error.scope == "account":
            raise
        log.warning("campaign_not_told", launch=launch.id, reason=error.message)
        return launch
    around.ledger.departures.heard(lease, launch, seen.status, seen.counts)
    return replace(launch, status=seen.status, counts=seen.counts)


def _heard(
    campaign: Campaign, launches: Iterable[Launch], provider: ListProvider, around: Surroundings
) -> Heard:
    departures = around.ledger.departures
    wanted = {
        one.phone for launch in launches for page in departures.contacts(launch) for one in page
    }
    calls: list[VendorCall] = []
    offset: float | None = None
    for page in provider.calls() if wanted else ():
        around.wait(0)
        # The list is of the account's whole life: only what may be ours stays in memory.
        calls += (call for call in page.calls if call.to in wanted)
        offset = page.clock_offset if page.clock_offset is not None else offset
    return Heard(
        by_number=by_number(calls),
        launches=departures.all_started(),
        clock_offset=offset,
        final_after=campaign.results.final_after,
        now=around.now(),
    )


def _follow_one(launch: Launch, heard: Heard, around: Surroundings, lease: Lease) -> Followed:
    ledger, total = around.ledger, Followed()
    for page in ledger.departures.contacts(launch):
        around.wait(0)
        rivals = ledger.departures.rivals([contact.phone for contact in page])
        found = (news_of_contact(contact, launch, rivals, heard) for contact in page)
        news = [one for one in found if one is not None]
        ledger.following.hear(lease, news)
        over = sum(1 for one in news if one.over_at is not None)
        total = Followed(total.changed + len(news), total.over + over)
        _say_unknown(launch.campaign, news)
    return total


def _say_unknown(campaign: str, news: Iterable[CallNews]) -> None:
    for status in {one.status for one in news if one.call_id is not None} - KNOWN:
        log.warning("unknown_call_status", campaign=campaign, status=status)

"""A campaign under a new address or id is the same one, a person says: what of that can be proven,
and what may be moved.

A row that was claimed may have been called. It goes to the new place only where that is seen to be
the old one: a call that was accepted there is in the list of the new one, by its id and its number.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

import structlog

from sftp_sync.around import OpenVendor, Surroundings
from sftp_sync.errors import LeaseBusy
from sftp_sync.ledger.former_rows import Former
from sftp_sync.model import Campaign
from sftp_sync.model.normal_form import normal_identity
from sftp_sync.providers.base import ListProvider, VendorCall

STEPS = ("collect", "follow", "publish")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Adopted:
    """What was done about one former destination. `is_same`: it was recognised in the new one."""

    recorded_for: str
    is_same: bool
    rows: int


def adopt(campaign: Campaign, vendor: OpenVendor, around: Surroundings) -> list[Adopted]:
    """Move what may be moved of a campaign to the destination that it has now. Nothing is asked of
    the vendor but what it lists.
    """

    @cache
    def listed() -> dict[str, str]:
        return {call.id: call.to for call in _calls(vendor)}

    former_rows, done = around.ledger.former_rows, []
    try:
        with around.ledger.leases.hold(f"collect:{campaign.name}") as lease:
            for former in former_rows.places(campaign):
                is_same = _is_spelt_otherwise(former, campaign) or former_rows.knows_any(
                    former, listed()
                )
                now = around.now()
                moved = former_rows.move(lease, campaign, former, now, is_same=is_same)
                log.info("rows_adopted", campaign=campaign.name, rows=moved, is_same=is_same)
                done.append(Adopted(former.identity, is_same, moved))
    except LeaseBusy as busy:
        raise LeaseBusy(
            f"Another process is taking in the lists of {campaign.name}.",
            fix="Type it again in a moment.",
        ) from busy
    return done


def adopt_name(campaign: Campaign, former: str, around: Surroundings) -> int:
    """Go on under a new name with all that a former one has; how many files."""
    leases = around.ledger.leases
    try:
        with ExitStack() as stack:
            lease = stack.enter_context(leases.hold(f"collect:{campaign.name}"))
            # What is under way for a partner, or heard from the vendor, is written down first.
            others = [f"{step}:{campaign.name}" for step in ("follow", "publish")]
            for name in (*others, *(f"{step}:{former}" for step in STEPS)):
                stack.enter_context(leases.hold(name))
            files = around.ledger.renames.take_over(lease, campaign, former)
    except LeaseBusy as busy:
        raise LeaseBusy(
            f"Another process is at work for {former} or {campaign.name}.",
            fix="Type it again in a moment.",
        ) from busy
    log.info("campaign_adopted", campaign=campaign.name, former=former, files=files)
    return files


def _is_spelt_otherwise(former: Former, campaign: Campaign) -> bool:
    return normal_identity(former.identity) == campaign.destination


def _calls(vendor: OpenVendor) -> list[VendorCall]:
    provider = vendor()
    if isinstance(provider, ListProvider):
        return [call for page in provider.calls() for call in page.calls]
    return list(provider.campaign().calls)

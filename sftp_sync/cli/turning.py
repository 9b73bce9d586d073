"""A campaign's status at the vendor: which may follow which, and what is asked first."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sftp_sync.cli.asking import require_consent
from sftp_sync.errors import VendorRefused

if TYPE_CHECKING:
    from sftp_sync.wiring.owned import OwnedCampaign


class Status(StrEnum):
    """Where a campaign stands at the vendor."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


FINAL = (Status.COMPLETED, Status.CANCELLED)
MAY_BECOME: dict[str, tuple[Status, ...]] = {
    Status.DRAFT: (Status.ACTIVE, Status.CANCELLED),
    Status.ACTIVE: (Status.PAUSED, *FINAL),
    Status.PAUSED: (Status.ACTIVE, *FINAL),
    Status.COMPLETED: (),
    Status.CANCELLED: (),
}
VERBS = {
    Status.ACTIVE: "activate",
    Status.PAUSED: "pause",
    Status.COMPLETED: "complete",
    Status.CANCELLED: "cancel",
}


def turn(owned: OwnedCampaign, campaign: str, wanted: Status, *, yes: bool) -> str:
    """Give the campaign this status, unless it has it; which one it had before."""
    before = owned.campaign.show().status
    if before != wanted:
        _require_allowed(campaign, before, wanted)
        if wanted in FINAL:
            question = f"{campaign} becomes {wanted} for good; its queued calls are not made."
            require_consent(f"{question} Go on?", yes=yes)
        owned.campaign.turn(wanted)
    return before


def _require_allowed(campaign: str, before: str, wanted: Status) -> None:
    allowed = MAY_BECOME.get(before)
    # A status that is not documented is for the vendor to judge.
    if allowed is None or wanted in allowed:
        return
    fix = "That is final. Make a new campaign at the vendor, and put its id into campaign_id."
    if allowed:
        words = " or ".join(f"sftp-sync campaign {VERBS[one]} {campaign}" for one in allowed)
        fix = f"From {before} there is: {words}"
    raise VendorRefused(
        f"{campaign} is {before} at the vendor and cannot become {wanted}.", fix=fix
    )

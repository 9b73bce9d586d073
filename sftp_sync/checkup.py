"""The connection test of a campaign: every step tried, the outcome remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sftp_sync.around import Connect, OpenVendor, Surroundings
from sftp_sync.errors import ConfigError, SyncError
from sftp_sync.hosted import look_for_double_import
from sftp_sync.model import Campaign
from sftp_sync.providers.base import ListProvider, Vendor
from sftp_sync.remote.preflight import Check, Places, preflight

ACTIVE = "active"


@dataclass(frozen=True)
class Checkup:
    """What the test of one campaign's connection came to."""

    campaign: str
    checks: tuple[Check, ...]
    is_misconfigured: bool = False

    @property
    def ok(self) -> bool:
        """Whether every step has passed."""
        return all(check.ok for check in self.checks)


def check_up(
    campaign: Campaign, connect: Connect, vendor: OpenVendor, around: Surroundings
) -> Checkup:
    """Try every step of the way to the partner, then the vendor's side. What lets the campaign run
    is the partner's side alone.
    """
    archive = campaign.files.archive_path if campaign.files.after_import == "move" else None
    places = Places(campaign.import_path, campaign.export_path, archive)
    try:
        partner = preflight(connect, places, lambda: around.now().timestamp())
    except ConfigError as error:
        return Checkup(campaign.name, (_failed("sign_in", error),), is_misconfigured=True)
    passed = all(check.ok for check in partner)
    around.ledger.campaigns.tested(campaign.name, campaign.connection, around.now(), passed=passed)
    if passed:
        around.ledger.notices.clear(campaign.name, "collect")
    return Checkup(campaign.name, (*partner, *_vendor(campaign, vendor, around)))


def _vendor(campaign: Campaign, vendor: OpenVendor, around: Surroundings) -> tuple[Check, ...]:
    api = _checked("api", lambda: _answers(vendor()))
    if not api.ok:
        return (api,)
    return (api, _checked("campaign", lambda: _campaign(campaign, vendor(), around)))


def _answers(provider: Vendor) -> Check:
    provider.check_account()
    return Check("api", ok=True, detail="the vendor's API answers, and accepts the token")


def _campaign(campaign: Campaign, provider: Vendor, around: Surroundings) -> Check:
    if isinstance(provider, ListProvider):
        return Check("campaign", ok=True, detail="skipped: each file becomes a campaign of its own")
    found = provider.campaign()
    said = f"{found.name} is {found.status}"
    double = look_for_double_import(campaign, provider, around)
    if double is not None:
        return _failed("campaign", double)
    if found.status == ACTIVE:
        return Check("campaign", ok=True, detail=said)
    return Check(
        "campaign",
        ok=False,
        detail=f"{said}: nothing would be called.",
        fix=f"Type: sftp-sync campaign activate {campaign.name}",
        who="you",
    )


def _checked(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except SyncError as error:
        return _failed(name, error)


def _failed(name: str, error: SyncError) -> Check:
    return Check(name, ok=False, detail=error.message, fix=error.fix, who=error.who)

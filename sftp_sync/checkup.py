"""The connection test of a campaign: every step tried, the outcome remembered."""

from __future__ import annotations

from dataclasses import dataclass

from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import ConfigError
from sftp_sync.model import Campaign
from sftp_sync.remote.preflight import Check, Places, preflight


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


def check_up(campaign: Campaign, connect: Connect, around: Surroundings) -> Checkup:
    """Try every step of the way to the partner. Only what passes whole lets the campaign run."""
    archive = campaign.files.archive_path if campaign.files.after_import == "move" else None
    places = Places(campaign.import_path, campaign.export_path, archive)
    try:
        checks = preflight(connect, places, lambda: around.now().timestamp())
    except ConfigError as error:
        failed = Check("sign_in", ok=False, detail=error.message, fix=error.fix, who="you")
        return Checkup(campaign.name, (failed,), is_misconfigured=True)
    checkup = Checkup(campaign.name, checks)
    around.ledger.campaigns.tested(
        campaign.name, campaign.connection, around.now(), passed=checkup.ok
    )
    if checkup.ok:
        around.ledger.notices.clear(campaign.name, "collect")
    return checkup

"""The vendor can import a partner's lists itself. Where it does and we do too, everybody on them is
called twice.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from sftp_sync.around import Surroundings
from sftp_sync.errors import NeedsOperator, SyncError
from sftp_sync.model import Campaign
from sftp_sync.providers.base import CallProvider, ImportsItself

CAUSE = "hosted_sftp"


def double_import(campaign: Campaign, hosted: Mapping[str, object] | None) -> NeedsOperator | None:
    """Why this campaign's people would be called twice; None where they would not. Pure."""
    if hosted is None or hosted.get("is_enabled") is not True:
        return None
    if not imports_our_folder(campaign, hosted):
        return None
    return NeedsOperator(
        f"The vendor's own SFTP integration is enabled and imports {campaign.import_path} of"
        f" {campaign.host} too: who is on the lists there would be called twice.",
        fix=f"Type: sftp-sync campaign hosted-sftp update {campaign.name} --disable",
    )


def imports_our_folder(campaign: Campaign, hosted: Mapping[str, object] | None) -> bool:
    """Whether the vendor's integration is set to the folder that we import from."""
    if hosted is None or not campaign.host:
        return False
    is_same_host = _plain_host(hosted.get("host")) == _plain_host(campaign.host)
    # Where the vendor looks if nothing is set is not documented: it may be our folder.
    theirs = hosted.get("import_path") or campaign.import_path
    return is_same_host and _plain_folder(theirs) == _plain_folder(campaign.import_path)


def look_for_double_import(
    campaign: Campaign, provider: CallProvider, around: Surroundings
) -> NeedsOperator | None:
    """Ask the vendor, and keep a notice for as long as it is so. Not to know is no reason to stop:
    what is wrong with the vendor is said elsewhere.
    """
    hosted: Mapping[str, object] | None = None
    try:
        # A folder of this machine is nobody's but ours.
        if campaign.host and isinstance(provider, ImportsItself):
            hosted = provider.hosted_import()
    except SyncError:
        return None
    found = double_import(campaign, hosted)
    if found is None:
        around.ledger.notices.clear(campaign.name, CAUSE)
    else:
        around.ledger.notices.post(campaign.name, CAUSE, found, around.now())
    return found


def _plain_host(host: object) -> str:
    return str(host or "").strip().rstrip(".").lower()


def _plain_folder(path: object) -> str:
    """Where sign-in ends in `/`, as at most partners, inbox and /inbox are one."""
    return posixpath.normpath(f"/{path}").strip("/")

"""What a campaign is, whatever its name: the vendor's campaign, and the partner's door."""

from __future__ import annotations

import hashlib
import json

from sftp_sync.config.accounts import Account
from sftp_sync.config.campaigns import CampaignSettings
from sftp_sync.config.secret import Secret
from sftp_sync.model.normal_form import SEPARATOR, normal_address, normal_campaign_id

# Where each file becomes a campaign of its own there is no id but our own name.
LIST_TAKERS = frozenset({"kathan"})


def takes_lists(account: Account) -> bool:
    """Whether the vendor makes a campaign of each file."""
    return account.provider in LIST_TAKERS


def destination(name: str, settings: CampaignSettings, account: Account) -> str:
    """The vendor's campaign: by its own id, or by the account's user and our name."""
    if takes_lists(account):
        campaign = f"{account.user_id}/{name}"
    else:
        campaign = normal_campaign_id(settings.campaign_id or "")
    return f"{normal_address(account.base_url)}{SEPARATOR}{campaign}"


def connection(settings: CampaignSettings) -> str:
    """A fingerprint of the settings that test-connection proves, without any secret's value:
    a password that rotates behind the same reference changes nothing.
    """
    sftp = settings.sftp
    door: dict[str, object] = {"folder": str(settings.folder) if settings.folder else None}
    if sftp:
        door |= {
            "host": sftp.host.lower(),
            "port": sftp.port,
            "username": sftp.username,
            "auth_type": sftp.auth_type,
            "password": _reference(sftp.password),
            "private_key": _reference(sftp.private_key),
            "private_key_passphrase": _reference(sftp.private_key_passphrase),
            "host_keys": sorted(sftp.host_keys),
            "known_hosts": str(sftp.known_hosts) if sftp.known_hosts else None,
            "legacy_algorithms": sorted(sftp.legacy_algorithms),
        }
    door |= {
        "import_path": settings.import_path,
        "export_path": settings.export_path,
        "archive_path": settings.files.archive_path,
        "after_import": settings.files.after_import,
    }
    return hashlib.sha256(json.dumps(door, sort_keys=True).encode()).hexdigest()


def door(settings: CampaignSettings) -> str:
    """The partner's folder that lists come from, in short: whose it is, and where."""
    sftp = settings.sftp
    whose = [sftp.host.lower(), sftp.port, sftp.username] if sftp else [str(settings.folder)]
    return _in_short([*whose, settings.import_path])


def voice(settings: CampaignSettings, account: Account) -> str:
    """Who calls from which number, in short; nothing where the vendor's campaign says that."""
    kathan = settings.kathan
    if kathan is None:
        return ""
    address = normal_address(account.base_url)
    return _in_short([address, account.user_id, kathan.assistant_id, kathan.phone_number_id])


def _in_short(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _reference(secret: Secret | None) -> str | None:
    return f"{secret.source} {secret.reference}" if secret else None

"""The vendor's side as its owner works on it: one campaign, and its own SFTP integration."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sftp_sync import logs
from sftp_sync.config import CampaignConfig, Secret, Sftp
from sftp_sync.errors import UsageError
from sftp_sync.providers.base import VendorCampaign
from sftp_sync.providers.talkover_campaign import TalkoverCampaign
from sftp_sync.providers.talkover_hosted import HostedTest, TalkoverHosted
from sftp_sync.wiring.vendors import client_of

__all__ = [
    "HostedSettings",
    "HostedTest",
    "OwnedCampaign",
    "VendorCampaign",
    "hosted_settings",
    "owned_campaign",
]
SCHEDULES = ("manual", "hourly", "daily")


@dataclass(frozen=True)
class OwnedCampaign:
    """A campaign at the vendor, with its account's client open."""

    campaign: TalkoverCampaign
    hosted: TalkoverHosted


@dataclass(frozen=True)
class HostedSettings:
    """The vendor's SFTP integration as the configuration describes ours. `secrets` are the values
    in it that must not be shown.
    """

    fields: Mapping[str, object]
    secrets: tuple[str, ...]


@contextmanager
def owned_campaign(one: CampaignConfig, environment: Mapping[str, str]) -> Iterator[OwnedCampaign]:
    """The vendor's campaign of one of ours, for as long as it is worked on."""
    if one.vendor.provider != "talkover":
        raise UsageError(
            f"{one.name} calls through {one.vendor.provider.capitalize()}, where each contact file"
            " becomes a campaign of its own.",
            fix="These commands are for Talkover's campaigns.",
        )
    client = client_of(one.vendor, environment, threading.Event())
    try:
        campaign = TalkoverCampaign(client, one.settings.campaign_id or "", one.name)
        yield OwnedCampaign(campaign, TalkoverHosted(campaign, one.name))
    finally:
        client.close()


def hosted_settings(one: CampaignConfig, environment: Mapping[str, str]) -> HostedSettings:
    """What the vendor needs to do our imports, from the same block; secrets are looked up now."""
    sftp, schedule = one.settings.sftp, one.settings.import_schedule
    if sftp is None:
        raise UsageError(
            f"The lists of {one.name} lie in a folder of this machine, which the vendor cannot"
            " reach.",
        )
    if schedule.kind not in SCHEDULES:
        raise UsageError(
            f"The import_schedule of {one.name} is {schedule}; the vendor knows only manual, hourly"
            " and daily.",
            fix="Set import_schedule to one of these, or leave the import to this program.",
        )
    secrets = {name: secret.resolve(environment) for name, secret in _secrets_of(sftp).items()}
    for text in secrets.values():
        logs.redact(text)
    fields = {
        "host": sftp.host,
        "port": sftp.port,
        "username": sftp.username,
        "auth_type": sftp.auth_type,
        **secrets,
        "import_path": one.settings.import_path,
        "export_path": one.settings.export_path,
        "import_schedule": schedule.kind,
    }
    return HostedSettings(fields, tuple(secrets.values()))


def _secrets_of(sftp: Sftp) -> dict[str, Secret]:
    """What signs in, under the vendor's names for it."""
    if sftp.auth_type == "password":
        wanted = {"password": sftp.password}
    else:
        passphrase = sftp.private_key_passphrase
        wanted = {"private_key": sftp.private_key, "private_key_passphrase": passphrase}
    return {name: secret for name, secret in wanted.items() if secret is not None}

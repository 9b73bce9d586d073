"""Builds the parts that a configuration describes; the only place that knows every adapter."""

from sftp_sync.wiring.house import house_rules
from sftp_sync.wiring.outlook import concerns_of_this_machine, outlook, room_left
from sftp_sync.wiring.owned import (
    HostedSettings,
    HostedTest,
    OwnedCampaign,
    VendorCampaign,
    hosted_settings,
    owned_campaign,
)
from sftp_sync.wiring.parts import (
    connector,
    nobody_watches,
    now,
    open_ledger,
    surroundings,
)
from sftp_sync.wiring.targets import concerns_now, targets_of
from sftp_sync.wiring.vendors import Vendors, vendors_of

__all__ = [
    "HostedSettings",
    "HostedTest",
    "OwnedCampaign",
    "VendorCampaign",
    "Vendors",
    "concerns_now",
    "concerns_of_this_machine",
    "connector",
    "hosted_settings",
    "house_rules",
    "nobody_watches",
    "now",
    "open_ledger",
    "outlook",
    "owned_campaign",
    "room_left",
    "surroundings",
    "targets_of",
    "vendors_of",
]

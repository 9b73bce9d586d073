"""The house rules that a configuration sets."""

from __future__ import annotations

from datetime import timedelta

from sftp_sync.config import Config
from sftp_sync.housekeeping import HouseRules
from sftp_sync.wiring.targets import heartbeats_of, targets_of

DAEMON = "daemon"


def house_rules(config: Config) -> HouseRules:
    """How long personal data is kept, and of whom there may be something to say."""
    targets = (target.name for target in targets_of(config, {}))
    heartbeats = heartbeats_of(config, {})
    scopes = {*config.campaigns, *config.accounts, *targets, *heartbeats, DAEMON}
    return HouseRules(timedelta(days=config.keep_days), scopes)

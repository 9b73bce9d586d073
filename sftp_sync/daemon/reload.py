"""A new configuration while running: taken over whole, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sftp_sync import logs
from sftp_sync.config import CampaignConfig, Config
from sftp_sync.config.load import secrets_in
from sftp_sync.errors import ConfigError, SyncError

DAEMON = "daemon"
CAUSE = "configuration"


def check_successor(config: Config, running: Config, environment: Mapping[str, str]) -> None:
    """Whether a running daemon can go over to a configuration; `ConfigError` with why not."""
    ledgers = {(one.state_dir, one.database) for one in (config, running)}
    if len(ledgers) > 1:
        raise ConfigError(
            "state_dir or database has changed, and with it the ledger.",
            fix="That takes a restart. Type: systemctl restart sftp-sync",
        )
    for one in config.campaigns.values():
        if one.settings.enabled:
            _resolve_all(one, environment)


def _resolve_all(one: CampaignConfig, environment: Mapping[str, str]) -> None:
    for _, secret in (*secrets_in(one.vendor), *secrets_in(one.settings)):
        logs.redact(secret.resolve(environment))


def not_taken_over(problem: SyncError, at: datetime) -> ConfigError:
    """What a person must know about a configuration that is wrong."""
    said = " · ".join(line.strip() for line in problem.message.splitlines())
    return ConfigError(
        f"The configuration of {at:%Y-%m-%d %H:%M} UTC was not taken over, the daemon runs on with"
        f" the one before: {said}",
        fix=problem.fix
        or "Type: sftp-sync check-config, mend it, then: systemctl reload sftp-sync",
    )


def our_fault(bug: Exception) -> ConfigError:
    """What to say where reading a configuration has met a bug."""
    return ConfigError(
        f"a bug in sftp-sync ({type(bug).__name__}).",
        fix="Please report the traceback in the log. To see whether another way of writing it is"
        " read, type: sftp-sync check-config",
    )

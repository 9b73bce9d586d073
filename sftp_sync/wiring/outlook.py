"""What is expected by now, and how this machine does: beside what the ledger tells."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sftp_sync.attention import Concern, Expectation, general_concerns
from sftp_sync.config import Config
from sftp_sync.overview import Outlook
from sftp_sync.wiring.parts import free_bytes


def outlook(config: Config, now: datetime) -> Outlook:
    """Who expects a file by when."""
    expected = {
        name: Expectation(one.settings.expect.by, one.settings.expect.days, one.settings.timezone)
        for name, one in config.campaigns.items()
        if one.settings.expect is not None and one.settings.enabled
    }
    return Outlook(now, expected)


def room_left(folder: Path) -> int | None:
    """How much room there is for the ledger and the spool; None where that cannot be told."""
    try:
        return free_bytes(folder)
    except OSError:
        return None


def concerns_of_this_machine(config: Config) -> list[Concern]:
    """What a person must do about it."""
    return general_concerns([], [], room_left(config.state_dir))

"""What was understood, as plain values to show. Secrets are `***` and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import time, timedelta
from pathlib import Path

from sftp_sync.config.accounts import Sftp
from sftp_sync.config.database import password_in
from sftp_sync.config.form import Config
from sftp_sync.config.schedule import DAYS, Expect, Schedule
from sftp_sync.config.secret import Secret

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


def describe(config: Config) -> dict[str, Plain]:
    """Everything, defaults included, in the words of the file."""
    password = password_in(config.database)
    return {
        "path": str(config.path),
        "state_dir": str(config.state_dir),
        "database": config.database.replace(f":{password}@", ":***@"),
        "accounts": _plain(config.accounts),
        "campaigns": {
            name: {
                "destination": campaign.model.destination,
                "connection": campaign.model.connection,
                **_block(campaign.settings),
            }
            for name, campaign in config.campaigns.items()
        },
        "web": _plain(config.web),
        "notify": _plain(config.notify),
        "keep_days": config.keep_days,
    }


def _block(value: object) -> dict[str, Plain]:
    if not is_dataclass(value):
        return {}
    shown = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Sftp) and value.file_mode is not None:
        shown["file_mode"] = f"{value.file_mode:04o}"
    return shown


def _plain(value: object) -> Plain:
    shown: Plain
    match value:
        case None | bool() | int() | float() | str():
            shown = value
        case Secret():
            shown = f"*** ({value.origin})"
        case timedelta():
            shown = short_duration(value)
        case time():
            shown = value.isoformat("minutes")
        case Expect():
            shown = {"by": _plain(value.by), "days": ",".join(DAYS[day] for day in value.days)}
        case Schedule():
            shown = _schedule(value)
        case Mapping():
            shown = {str(key): _plain(inner) for key, inner in value.items()}
        case tuple() | list():
            shown = [_plain(inner) for inner in value]
        case Path():
            shown = str(value)
        case _:
            shown = _block(value)
    return shown


def _schedule(schedule: Schedule) -> Plain:
    if schedule.every is not None:
        return {"every": short_duration(schedule.every)}
    return {"cron": schedule.cron} if schedule.cron else schedule.kind


def short_duration(length: timedelta) -> str:
    """1d, 1h30m, 90s: as it would be written."""
    rest = length.total_seconds()
    parts = []
    for unit, seconds in (("d", 86_400), ("h", 3600), ("m", 60)):
        count, rest = divmod(rest, seconds)
        parts += [f"{count:.0f}{unit}"] if count else []
    return "".join([*parts, f"{rest:g}s"] if rest or not parts else parts)

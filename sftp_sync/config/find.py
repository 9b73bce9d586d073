"""Which configuration a command means."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import structlog

from sftp_sync.errors import ConfigError

VARIABLE = "SFTP_SYNC_CONFIG"
PLACES = (Path("config.yaml"), Path("/etc/sftp-sync/config.yaml"))
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

log = structlog.get_logger(__name__)


def find_config(explicit: Path | None, environment: Mapping[str, str]) -> Path:
    """The one that was named, else the first that is there."""
    if explicit is not None:
        return explicit
    if environment.get(VARIABLE):
        return Path(environment[VARIABLE])
    hidden = strange = None
    for place in PLACES:
        try:
            if not place.exists():
                continue
            if not _may_be_a_strangers(place):
                return place
            strange = place.absolute()
            log.warning("configuration_not_trusted", path=str(strange))
        except PermissionError:
            hidden = place
    # A working directory that may not be looked into holds nothing for us; in /etc it is there.
    if hidden is not None and hidden.is_absolute():
        return hidden
    if strange is not None:
        raise ConfigError(
            f"{strange} is not read: you are root, and somebody else may have written it.",
            fix=f"If it is yours, type: chown root {strange} && chmod go-w {strange}",
        )
    raise ConfigError(
        f"No configuration: no -c PATH, no ${VARIABLE}, no ./{PLACES[0]}, no {PLACES[1]}.",
        fix="`sftp-sync demo` runs without one, and `sftp-sync sandbox` prints one.",
    )


def _may_be_a_strangers(place: Path) -> bool:
    """Whether root would do what somebody else has written: send a token to an address of theirs.
    What was named, or lies in /etc, is root's own choice.
    """
    if os.geteuid() != 0 or place.is_absolute():
        return False
    found = place.stat()
    return found.st_uid != 0 or bool(found.st_mode & WRITABLE_BY_OTHERS)

"""Which configuration a command means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sftp_sync.errors import ConfigError

VARIABLE = "SFTP_SYNC_CONFIG"
PLACES = (Path("config.yaml"), Path("/etc/sftp-sync/config.yaml"))


def find_config(explicit: Path | None, environment: Mapping[str, str]) -> Path:
    """The one that was named, else the first that is there."""
    if explicit is not None:
        return explicit
    if environment.get(VARIABLE):
        return Path(environment[VARIABLE])
    hidden = None
    for place in PLACES:
        try:
            if place.exists():
                return place
        except PermissionError:
            hidden = place
    # A working directory that may not be looked into holds nothing for us; in /etc it is there.
    if hidden is not None and hidden.is_absolute():
        return hidden
    raise ConfigError(
        f"No configuration: no -c PATH, no ${VARIABLE}, no ./{PLACES[0]}, no {PLACES[1]}.",
        fix="`sftp-sync demo` runs without one, and `sftp-sync sandbox` prints one.",
    )

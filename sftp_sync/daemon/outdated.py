"""A configuration file that was changed while the daemon runs on with what it had read."""

from __future__ import annotations

from datetime import datetime

from sftp_sync.config import Config, digest_of
from sftp_sync.errors import NeedsOperator

CAUSE = "configuration_outdated"
# Whoever has written it may be about to type the reload.
SETTLED_SECONDS = 10


class Outdated:
    """Compares the file with what the daemon runs; looks into it only where it was touched."""

    def __init__(self, config: Config, at: datetime) -> None:
        self._path = config.path
        self.take_up(config, at)

    def take_up(self, config: Config, at: datetime) -> None:
        """The daemon runs this one since then."""
        self._digest, self._since = config.digest, at
        self._tried: str | None = None
        self._touched: tuple[int, int] | None = None
        self._found = config.digest

    def refused(self) -> None:
        """What is in the file now was tried and is no configuration; that is said already."""
        self._tried = digest_of(self._path)

    def problem(self, now: datetime) -> NeedsOperator | None:
        """What a person must know, if anything."""
        try:
            seen = self._path.stat()
        except OSError:
            # Being replaced; or gone, and the daemon does not need it until a reload.
            return None
        if now.timestamp() - seen.st_mtime >= SETTLED_SECONDS:
            touched = (seen.st_ino, seen.st_mtime_ns)
            if touched != self._touched:
                self._found, self._touched = digest_of(self._path), touched
        if self._found in {self._digest, self._tried}:
            return None
        return NeedsOperator(
            f"The daemon runs the configuration of {self._since:%Y-%m-%d %H:%M} UTC, and"
            f" {self._path} has changed since.",
            fix="Type: systemctl reload sftp-sync",
        )

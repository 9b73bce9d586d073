"""Where the page gets what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sftp_sync.config import Config
from sftp_sync.ledger import Ledger
from sftp_sync.web.meters import Meters


@dataclass(frozen=True)
class Sources:
    """What is asked. `config` is asked each time: it may be another one after a reload."""

    config: Callable[[], Config]
    ledger: Ledger
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    meters: Meters

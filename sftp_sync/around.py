"""What a run works with: the ledger, the spool, time, and somebody who watches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sftp_sync.ledger import Ledger
from sftp_sync.model import BootTime, Instant
from sftp_sync.providers.base import Vendor
from sftp_sync.remote.base import Remote
from sftp_sync.spool import Spool

Overhear = Callable[[str, str, str, float], None]
"""Told of every request to a vendor: the account, the method, the answer, the seconds."""


def nobody_listens(account: str, method: str, answer: str, seconds: float) -> None:
    """For runs that nobody counts."""
    del account, method, answer, seconds


class Advance(Protocol):
    """Told how much more is done, and, where that changes, how much there is in all."""

    def __call__(self, done: int, total: int | None = None, /) -> None:
        """So much more is done."""


Watch = Callable[[str, int | None], AbstractContextManager[Advance]]
"""Shown what is going on (a title and how much there is of it); told how much is done."""

Connect = Callable[[], Remote]
OpenVendor = Callable[[], Vendor]
"""The vendor's campaign, or `ConfigError` where its account cannot be used."""


@dataclass(frozen=True)
class Surroundings:
    """Handed down to every step, which keeps nothing in memory between runs."""

    ledger: Ledger
    spool: Spool
    now: Callable[[], datetime]
    wait: Callable[[float], None]
    """Let some seconds pass; `Stopped` at once when we are told to stop, also for no seconds."""
    watch: Watch
    monotonic: Callable[[], float]
    boot_time: Callable[[], BootTime]
    overhear: Overhear = nobody_listens

    def instant(self) -> Instant:
        """This moment, by the wall's clock and by the boot's."""
        return Instant(self.now(), self.boot_time())

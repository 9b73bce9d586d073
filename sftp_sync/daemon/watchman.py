"""One look at the ledger for all accounts, so that those with nothing to do can sleep.

Left alone, each account's dispatcher would ask several times a second, all day, to find nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import Stopped, SyncError
from sftp_sync.model import Campaign

# `release`, `resolve` and `resume` beside us are to take effect within a second.
LOOK_SECONDS = 0.5
# An account is looked after even if nobody calls it.
LONGEST_SLEEP_SECONDS = 60.0
# Where a doubt is to be looked into soon the account stays awake: its dispatcher keeps in mind what
# the look showed, and asks within seconds or not at all.
AWAKE = timedelta(minutes=15)

log = structlog.get_logger(__name__)


class Watchman:
    """Knows which accounts have something to do, and wakes them."""

    def __init__(self, campaigns: Mapping[str, Sequence[Campaign]], around: Surroundings) -> None:
        self._campaigns = {one.name: one for ours in campaigns.values() for one in ours}
        self._accounts = {one.name: name for name, ours in campaigns.items() for one in ours}
        self._around = around
        self._bells = {name: threading.Event() for name in campaigns}
        self._thread = threading.Thread(target=self._watch, name="watchman", daemon=True)

    def start(self) -> None:
        """From now on, until the surroundings say stop."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether somebody is watching."""
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        self._thread.join(seconds)

    def sleep(self, account: str) -> None:
        """Return as soon as there may be something to do for an account."""
        self._bells[account].wait(LONGEST_SLEEP_SECONDS)

    def ring(self) -> None:
        """Wake everybody."""
        for bell in self._bells.values():
            bell.set()

    def _watch(self) -> None:
        try:
            while True:
                self._look()
                self._around.wait(LOOK_SECONDS)
        except Stopped:
            pass
        except Exception:
            log.exception("watchman_failed")
        finally:
            self.ring()

    def _look(self) -> None:
        try:
            called = {self._accounts[name] for name in self._busy()}
        except SyncError:
            # Those who meet the ledger's trouble themselves say so, with their account.
            self.ring()
            return
        for account, bell in self._bells.items():
            if account in called:
                bell.set()
            else:
                bell.clear()

    def _busy(self) -> set[str]:
        """The campaigns with something to do; the question that is nearly always enough first."""
        ledger = self._around.ledger
        names = sorted(ledger.files.dispatching() & self._campaigns.keys())
        if not names:
            return set()
        moving = [self._campaigns[name] for name in names]
        soon = ledger.doubts.looked_into(moving, self._around.instant(), AWAKE)
        return ledger.claims.due(moving) | soon

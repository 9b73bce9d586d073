"""One account's sending, all the time: whatever ends it, it begins again after a pause."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace

import structlog

from sftp_sync.around import OpenVendor, Surroundings
from sftp_sync.config import CampaignConfig
from sftp_sync.daemon.watchman import Watchman
from sftp_sync.errors import ConfigError, LeaseBusy, SyncError
from sftp_sync.run import send
from sftp_sync.sending.dispatcher import Shift
from sftp_sync.sending.route import Patience
from sftp_sync.wiring.vendors import Vendors, vendors_of

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# `sync` beside us sends for as long as its rows last: we are soon back when it is done.
BUSY_PAUSE_SECONDS = 5.0
WELL_SECONDS = 60.0
STUCK_SECONDS = 120.0
CAUSE = "account_settings"

log = structlog.get_logger(__name__)


class Sending:
    """The dispatcher of an account in a thread of its own, and the account's way to the vendor."""

    def __init__(
        self,
        campaigns: Sequence[CampaignConfig],
        around: Surroundings,
        stopping: threading.Event,
        watchman: Watchman,
        before: Sending | None = None,
    ) -> None:
        self.name = campaigns[0].settings.account
        self._is_over = threading.Event()
        self._campaigns = campaigns
        self._timeout_seconds = campaigns[0].vendor.timeout_seconds
        self._stopping = stopping
        self._watchman = watchman
        self._before = before
        self._around = replace(around, wait=self._wait)
        self._wait_plainly = around.wait
        self._guard = threading.Lock()
        self._vendors: Vendors | None = None
        self._seen_at = around.monotonic()
        self._is_said = False
        self._thread = threading.Thread(target=self._work, name=f"send-{self.name}", daemon=True)

    def start(self) -> None:
        """From now on."""
        self._thread.start()

    def is_well(self) -> bool:
        """Whether it is at work and has shown itself lately."""
        silent_for = self._around.monotonic() - self._seen_at
        return self._thread.is_alive() and silent_for < STUCK_SECONDS + self._timeout_seconds

    def vendor_of(self, campaign: CampaignConfig) -> OpenVendor:
        """How to reach the vendor's campaign of one of ours."""
        return lambda: self._our_vendors().provider_of(campaign)

    def has_ended(self) -> bool:
        """Whether it was never started, or is over."""
        return self._is_over.is_set() or self._thread.ident is None

    def wait_for_its_end(self) -> None:
        """Until requests in flight are finished and the account is free."""
        self._is_over.wait()

    def close(self) -> None:
        """Hang up."""
        with self._guard:
            if self._vendors is not None:
                self._vendors.__exit__(None, None, None)

    def _our_vendors(self) -> Vendors:
        """Made when it is first needed, and again while its secret is not there."""
        with self._guard:
            if self._vendors is None or self._vendors.problems:
                self._vendors = vendors_of(
                    self._campaigns, os.environ, self._stopping, self._around.overhear
                )
            return self._vendors

    def _work(self) -> None:
        try:
            if self._before is not None:
                # It still finishes requests, under the lease that we are going to need.
                self._before.wait_for_its_end()
                self._before = None
            self._send_again_and_again()
        finally:
            self._is_over.set()

    def _send_again_and_again(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            began_at = self._around.monotonic()
            problem = self._send()
            if self._stopping.is_set():
                return
            if self._around.monotonic() - began_at > WELL_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            is_busy = isinstance(problem, LeaseBusy)
            self._say(problem, is_busy=is_busy)
            self._pause(min(pause, BUSY_PAUSE_SECONDS) if is_busy else pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _send(self) -> BaseException | None:
        """Until we are told to stop, or it ends in spite of us: with what."""
        try:
            vendors = self._our_vendors()
            for problem in vendors.problems.values():
                self._post(problem)
                return problem
            self._clear()
            (account,) = vendors.accounts
            return send(account, self._around, Shift(Patience(is_daemon=True))).problem
        except SyncError as problem:
            return problem
        except Exception as bug:
            log.exception("sending_failed", account=self.name)
            return bug

    def _say(self, problem: BaseException | None, *, is_busy: bool) -> None:
        if is_busy and not self._is_said:
            log.info("sending_elsewhere", account=self.name)
        elif not is_busy:
            log.warning("sending_interrupted", account=self.name, reason=str(problem))
        self._is_said = is_busy

    def _post(self, problem: ConfigError) -> None:
        for one in self._campaigns:
            self._around.ledger.notices.post(one.name, CAUSE, problem, self._around.now())

    def _clear(self) -> None:
        for one in self._campaigns:
            self._around.ledger.notices.clear(one.name, CAUSE)

    def _pause(self, seconds: float) -> None:
        until = self._around.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - self._around.monotonic()) > 0:
            self._seen_at = self._around.monotonic()
            self._stopping.wait(left)

    def _wait(self, seconds: float) -> None:
        """As around, and on until there may be something to do, for the dispatcher itself."""
        self._wait_plainly(seconds)
        if threading.current_thread() is not self._thread:
            return
        self._seen_at = self._around.monotonic()
        if seconds > 0:
            self._watchman.sleep(self.name)
            self._wait_plainly(0)

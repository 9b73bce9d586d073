"""A vendor to test a provider against: its sandbox, and the provider connected to it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from sftp_sync.providers.client import Identity, VendorClient
from sftp_sync.providers.pace import Pace, Timing
from sftp_sync.providers.talkover import Talkover
from sftp_sync.providers.wire import Access, Wire
from sftp_sync.sandbox.talkover import SandboxAccount, TalkoverSandbox, TalkoverSettings
from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.sandbox.talkover_state import CampaignSettings

TOKEN = "talq_sandbox"
CAMPAIGN = "550e8400-e29b-41d4-a716-446655440000"
OTHER_TOKEN = "talq_other"
OTHER_CAMPAIGN = "660e8400-e29b-41d4-a716-446655440000"
PLENTY_A_MINUTE = 1_000_000
NUMBER = "+12125550100"
START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC).timestamp()


class TalkoverVendor:
    """Talkover's sandbox, and a provider on the same clock, connected in several ways."""

    def __init__(self, sandbox: TalkoverSandbox, clock: Callable[[], float] = time.time) -> None:
        self.sandbox = sandbox
        self._clock = clock
        self.stop = threading.Event()
        self._opened: list[VendorClient] = []

    def provider(
        self,
        *,
        token: str | Callable[[], str] = TOKEN,
        campaign_id: str = CAMPAIGN,
        timeout_seconds: float = 5,
        base_url: str | None = None,
    ) -> Talkover:
        """A provider of its own, with a connection and a pace of its own."""
        access = Access(base_url or self.sandbox.base_url, timeout_seconds=timeout_seconds)
        client = VendorClient(
            Wire(access, time.monotonic),
            Pace(PLENTY_A_MINUTE, Timing(time.monotonic, self.stop.wait)),
            Identity(token if callable(token) else lambda: token),
            lambda: datetime.fromtimestamp(self._clock(), UTC),
        )
        self._opened.append(client)
        return Talkover(client, campaign_id)

    def taken(self) -> list[dict[str, Any]]:
        """The calls that the vendor has accepted, by its journal."""
        return self.sandbox.accepted_calls()

    def requests(self) -> list[dict[str, Any]]:
        """Everything that arrived there."""
        return self.sandbox.requests()

    def break_with(self, **faults: object) -> None:
        """Let things go wrong from now on."""
        changes: Mapping[str, Any] = faults
        self.sandbox.change_faults(replace(TalkoverFaults(), **changes))

    def pause(self) -> None:
        """The campaign's owner pauses it."""
        self.sandbox.set_status(CAMPAIGN, "paused")

    def close(self) -> None:
        """Disconnect."""
        self.stop.set()
        for client in self._opened:
            client.close()


@contextmanager
def talkover(
    folder: Path, clock: Callable[[], float] = time.time, **settings: object
) -> Iterator[TalkoverVendor]:
    """A running sandbox of two accounts, with an active campaign each."""
    more: Mapping[str, Any] = {
        "requests_per_minute": PLENTY_A_MINUTE,
        "journal_is_synced": False,
        **settings,
    }
    accounts = (
        SandboxAccount(TOKEN, (CampaignSettings(CAMPAIGN, "Renewals"),)),
        SandboxAccount(OTHER_TOKEN, (CampaignSettings(OTHER_CAMPAIGN, "Surveys"),)),
    )
    with TalkoverSandbox(TalkoverSettings(accounts, **more), folder, clock) as sandbox:
        vendor = TalkoverVendor(sandbox, clock)
        try:
            yield vendor
        finally:
            vendor.close()


class Api:
    """The vendor as curl would see it."""

    def __init__(self, vendor: TalkoverVendor, token: str = TOKEN) -> None:
        self.client = httpx.Client(
            base_url=vendor.sandbox.base_url,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )

    def call(self, number: str = NUMBER, **fields: object) -> httpx.Response:
        return self.client.post(f"/campaigns/{CAMPAIGN}/call", json={"to": number, **fields})

    def campaign(self) -> dict[str, object]:
        document: dict[str, object] = self.client.get(f"/campaigns/{CAMPAIGN}").json()["data"]
        return document

    def listed(self) -> list[dict[str, object]]:
        calls = self.campaign()["calls"]
        assert isinstance(calls, list)
        return calls

    def turn(self, status: str) -> httpx.Response:
        return self.client.patch(f"/campaigns/{CAMPAIGN}/status", json={"status": status})


def main(words: Sequence[str]) -> None:
    """A vendor as a process of its own: every line is answered with its address."""
    (folder,) = words
    with talkover(Path(folder), journal_is_synced=True) as vendor:
        print("ready", flush=True)  # noqa: T201 - a test is waiting for it
        for _ in sys.stdin:
            print(vendor.sandbox.base_url, flush=True)  # noqa: T201 - the answer

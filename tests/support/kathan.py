"""Days on which whole files become campaigns: an installation, and Kathan's sandbox behind it."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sftp_sync.providers.client import Identity, VendorClient
from sftp_sync.providers.kathan import Kathan
from sftp_sync.providers.pace import Pace, Timing
from sftp_sync.providers.wire import Access, Wire
from sftp_sync.sandbox.kathan import KathanSandbox, KathanSettings
from sftp_sync.sandbox.kathan_faults import KathanFaults
from sftp_sync.sandbox.kathan_state import Campaign
from tests.support.calls import CallHouse
from tests.support.daily_life import Partner
from tests.support.vendors import PLENTY_A_MINUTE

TOKEN, USER = "sk_live_sandbox", "user_123"
SETTINGS: dict[str, Any] = {"assistant_id": "asst_1", "phone_number_id": "pn_1"}
ACCOUNT: dict[str, Any] = {
    "provider": "kathan",
    "token": TOKEN,
    "user_id": USER,
    "requests_per_minute": PLENTY_A_MINUTE,
    "timeout_seconds": 5,
    "uncertain_after_seconds": 0.5,
}


@dataclass
class KathanVendor:
    """Kathan's sandbox, on one port for as long as the test lasts."""

    folder: Path
    settings: KathanSettings
    sandbox: KathanSandbox
    stop: threading.Event = field(default_factory=threading.Event)
    opened: list[VendorClient] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return self.sandbox.base_url

    def break_with(self, **faults: Any) -> None:
        """Other things go wrong from now on, and nothing else."""
        self.sandbox.change_faults(replace(KathanFaults(), **faults))

    def forget(self) -> None:
        """A vendor that has never heard of us, at the same address."""
        self.sandbox.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.sandbox = KathanSandbox(self.settings, self.folder)
        self.sandbox.start()

    def starts(self) -> list[dict[str, Any]]:
        """Every start that has called somebody."""
        return self.sandbox.starts()

    def called(self) -> Counter[str]:
        """How often each number was among those whom a start has called."""
        return Counter(
            one["phone_number"] for start in self.starts() for one in start["recipients"]
        )

    def drafts(self) -> list[Campaign]:
        """Every campaign there is, started or not."""
        return self.sandbox.campaigns()

    def asked(self, kind: str) -> int:
        """How many requests of a kind have come."""
        return sum(1 for one in self.sandbox.requests() if one["kind"] == kind)

    def provider(
        self,
        *,
        token: str | Callable[[], str] = TOKEN,
        user: str = USER,
        timeout_seconds: float = 5,
        base_url: str | None = None,
    ) -> Kathan:
        """A provider of its own, with a connection and a pace of its own."""
        access = Access(base_url or self.base_url, timeout_seconds=timeout_seconds)
        client = VendorClient(
            Wire(access, time.monotonic),
            Pace(PLENTY_A_MINUTE, Timing(time.monotonic, self.stop.wait)),
            Identity(token if callable(token) else lambda: token, {"X-User-ID": user}),
            lambda: datetime.now(UTC),
        )
        self.opened.append(client)
        return Kathan(client)

    def close(self) -> None:
        """Hang up, and be gone."""
        self.stop.set()
        for client in self.opened:
            client.close()
        self.sandbox.stop()


@contextmanager
def kathan(folder: Path, **settings: Any) -> Iterator[KathanVendor]:
    """A running Kathan of one account."""
    more: Mapping[str, Any] = {
        "requests_per_minute": PLENTY_A_MINUTE,
        "journal_is_synced": False,
        **settings,
    }
    whole = KathanSettings(TOKEN, USER, **more)
    sandbox = KathanSandbox(whole, folder)
    port = int(sandbox.start().rpartition(":")[2])
    made = KathanVendor(folder, replace(whole, port=port), sandbox)
    try:
        yield made
    finally:
        made.close()


class KathanHouse(CallHouse):
    """An installation whose files become campaigns."""

    def campaign(self, name: str = "renewals", **changes: Any) -> Partner:
        return super().campaign(name, **{"campaign_id": None, "kathan": SETTINGS, **changes})


def kathan_house(home: Path, vendor: KathanVendor, **account: Any) -> KathanHouse:
    """An installation with one account at Kathan."""
    home.mkdir(parents=True, exist_ok=True)
    return KathanHouse(home, accounts={"vendor": ACCOUNT | {"base_url": vendor.base_url} | account})

"""A Kathan of one's own, on loopback: to rehearse against, and to be judged by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sftp_sync.sandbox.api_journal import Journal, accepted_calls, requests
from sftp_sync.sandbox.api_limits import RequestCounter
from sftp_sync.sandbox.api_server import ApiServer
from sftp_sync.sandbox.kathan_api import Door, KathanApi
from sftp_sync.sandbox.kathan_faults import KathanFaults
from sftp_sync.sandbox.kathan_state import Campaign, KathanState
from sftp_sync.sandbox.talkover_faults import FaultSchedule


@dataclass(frozen=True)
class KathanSettings:
    """How the sandbox behaves while nothing is wrong. `speed` is how much faster than life calls
    live; the same `seed` gives the same lives and faults.
    """

    token: str
    user_id: str
    requests_per_minute: int = 1000
    window_seconds: float = 60.0
    speed: float = 60.0
    seed: int = 1
    port: int = 0
    journal_is_synced: bool = True
    faults: KathanFaults = field(default_factory=KathanFaults)


class KathanSandbox:
    """The vendor's API on this machine. Its journal in `folder` can be read from any process."""

    def __init__(
        self, settings: KathanSettings, folder: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self._journal = Journal(folder, is_synced=settings.journal_is_synced)
        self._schedule = FaultSchedule(settings.faults, settings.seed)
        self._state = KathanState(settings.speed, settings.seed)
        counter = RequestCounter(settings.requests_per_minute, settings.window_seconds, "fixed")
        door = Door(settings.token, settings.user_id, self._state, counter)
        self._api = KathanApi(door, self._schedule, self._journal, clock)
        self._server = ApiServer(self._api, self._api.connections, settings.port)
        self.base_url = ""

    def start(self) -> str:
        """Serve in a thread; the base URL for an account's configuration."""
        self.base_url = self._server.start()
        return self.base_url

    def stop(self) -> None:
        """Stop serving. The journal stays."""
        self._server.stop()
        self._journal.close()

    @property
    def faults(self) -> KathanFaults:
        """What goes wrong at present."""
        return self._schedule.faults

    def change_faults(self, faults: KathanFaults) -> None:
        """Let other things go wrong from now on."""
        self._schedule.change(faults)

    def campaigns(self) -> list[Campaign]:
        """Every campaign there is, drafts too, oldest first."""
        return list(self._state.campaigns.values())

    def set_status(self, campaign_id: str, status: str) -> None:
        """Turn a campaign as its owner would at the vendor's site."""
        self._state.campaigns[campaign_id].turn(status, self._api.vendor_now())

    def starts(self) -> list[dict[str, Any]]:
        """Every start, oldest first, with those who were called by it."""
        return accepted_calls(self.folder)

    def requests(self) -> list[dict[str, Any]]:
        """Every request, by the journal."""
        return requests(self.folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

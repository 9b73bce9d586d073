"""A Talkover of one's own, on loopback: to rehearse against, and to be judged by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from sftp_sync.sandbox.api_journal import Journal, accepted_calls, requests
from sftp_sync.sandbox.api_limits import RequestCounter, ResetForm
from sftp_sync.sandbox.api_server import ApiServer
from sftp_sync.sandbox.talkover_api import Account, TalkoverApi
from sftp_sync.sandbox.talkover_faults import FaultSchedule, TalkoverFaults
from sftp_sync.sandbox.talkover_state import CampaignSettings, TalkoverState
from sftp_sync.sandbox.talkover_words import PREFIX


@dataclass(frozen=True)
class SandboxAccount:
    """A vendor account: its token and its campaigns."""

    token: str
    campaigns: tuple[CampaignSettings, ...]


@dataclass(frozen=True)
class TalkoverSettings:
    """How the sandbox behaves while nothing is wrong. `speed` is how much faster than life calls
    live; the same `seed` gives the same lives and faults.
    """

    accounts: tuple[SandboxAccount, ...]
    requests_per_minute: int = 1000
    window_seconds: float = 60.0
    window: Literal["fixed", "sliding"] = "fixed"
    reset_form: ResetForm = "epoch"
    speed: float = 60.0
    seed: int = 1
    port: int = 0
    journal_is_synced: bool = True
    faults: TalkoverFaults = field(default_factory=TalkoverFaults)


class TalkoverSandbox:
    """The vendor's API on this machine. Its journal in `folder` can be read from any process."""

    def __init__(
        self, settings: TalkoverSettings, folder: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self._clock = clock
        self._journal = Journal(folder, is_synced=settings.journal_is_synced)
        self._schedule = FaultSchedule(settings.faults, settings.seed)
        self._states = {
            account.token: TalkoverState(account.campaigns, settings.speed, settings.seed, clock())
            for account in settings.accounts
        }
        everything = {name for state in self._states.values() for name in state.campaigns}
        for state in self._states.values():
            state.foreign = frozenset(everything - set(state.campaigns))
        api = TalkoverApi(
            {token: Account(state, _counter(settings)) for token, state in self._states.items()},
            self._schedule,
            self._journal,
            clock,
            settings.reset_form,
        )
        self._api = api
        self._server = ApiServer(api, api.connections, settings.port)
        self.base_url = ""

    def start(self) -> str:
        """Serve in a thread; the base URL for an account's configuration."""
        self.base_url = self._server.start() + PREFIX
        return self.base_url

    def stop(self) -> None:
        """Stop serving. The journal stays."""
        self._server.stop()
        self._journal.close()

    @property
    def faults(self) -> TalkoverFaults:
        """What goes wrong at present."""
        return self._schedule.faults

    def change_faults(self, faults: TalkoverFaults) -> None:
        """Let other things go wrong from now on."""
        self._schedule.change(faults)

    def handle_kept(self) -> None:
        """Handle the requests that were kept for later: their clients have long given them up."""
        self._api.handle_kept()

    def set_status(self, campaign_id: str, status: str) -> None:
        """Turn a campaign as its owner would at the vendor's site."""
        for state in self._states.values():
            if campaign_id in state.campaigns:
                state.campaigns[campaign_id].turn(status, self._api.vendor_now())

    def accepted_calls(self) -> list[dict[str, Any]]:
        """Every call accepted, oldest first, by the journal."""
        return accepted_calls(self.folder)

    def requests(self) -> list[dict[str, Any]]:
        """Every request, by the journal."""
        return requests(self.folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _counter(settings: TalkoverSettings) -> RequestCounter:
    return RequestCounter(settings.requests_per_minute, settings.window_seconds, settings.window)

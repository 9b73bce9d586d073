"""All that runs under one configuration: begun together, stopped together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence

from sftp_sync.around import Surroundings
from sftp_sync.config import CampaignConfig, Config
from sftp_sync.daemon.sending import Sending
from sftp_sync.daemon.visits import Visits
from sftp_sync.daemon.watchman import Watchman
from sftp_sync.ledger import Ledger
from sftp_sync.run import Doors
from sftp_sync.wiring.parts import connector, nobody_watches, surroundings

Equip = Callable[[Surroundings], Surroundings]
"""Gives the steps another clock, or somebody who listens."""


def as_it_is(around: Surroundings) -> Surroundings:
    """The clock of this machine, and nobody."""
    return around


class Duty:
    """The enabled campaigns of a configuration, and the accounts that send for them."""

    def __init__(
        self, config: Config, ledger: Ledger, before: Duty | None = None, equip: Equip = as_it_is
    ) -> None:
        self.config = config
        self.campaigns = {
            name: one for name, one in config.campaigns.items() if one.settings.enabled
        }
        self._stopping = threading.Event()
        self._visiting = 0
        self._guard = threading.Lock()
        self._around = equip(surroundings(config, ledger, nobody_watches, self._stopping))
        ours = _by_account(list(self.campaigns.values()))
        models = {name: [one.model for one in campaigns] for name, campaigns in ours.items()}
        self._watchman = Watchman(models, self._around)
        earlier: Mapping[str, Sending] = {} if before is None else before.sendings
        self.sendings: Mapping[str, Sending] = {
            name: Sending(
                campaigns, self._around, self._stopping, self._watchman, earlier.get(name)
            )
            for name, campaigns in ours.items()
        }

    @property
    def around(self) -> Surroundings:
        """What the steps work with here."""
        return self._around

    def start_sending(self) -> None:
        """What is due is sent from now on, all the time."""
        self._watchman.start()
        for sending in self.sendings.values():
            sending.start()

    def see_to(self, name: str, visits: Visits) -> None:
        """A campaign's turn."""
        one = self.campaigns[name]
        vendor = self.sendings[one.settings.account].vendor_of(one)
        with self._guard:
            self._visiting += 1
        try:
            visits.see_to(one.model, Doors(connector(one, os.environ), vendor), self._around)
        finally:
            with self._guard:
                self._visiting -= 1

    def stop(self) -> None:
        """Begin nothing more. Requests in flight are finished."""
        self._stopping.set()
        self._watchman.ring()

    def troubles(self) -> list[str]:
        """Accounts whose sending has died or hangs."""
        watching = [] if self._watchman.is_alive() else ["watchman"]
        return watching + [name for name, one in self.sendings.items() if not one.is_well()]

    def is_over(self) -> bool:
        """Whether everything has come to an end."""
        has_ended = all(one.has_ended() for one in self.sendings.values())
        return has_ended and not self._visiting

    def close(self) -> None:
        """Hang up."""
        for sending in self.sendings.values():
            sending.close()


def _by_account(campaigns: Sequence[CampaignConfig]) -> dict[str, list[CampaignConfig]]:
    ours: dict[str, list[CampaignConfig]] = {}
    for one in campaigns:
        ours.setdefault(one.settings.account, []).append(one)
    return ours

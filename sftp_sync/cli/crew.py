"""Campaigns and accounts side by side: a thread for each, stopped together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sftp_sync.around import Connect, Surroundings, Watch
from sftp_sync.checkup import Checkup, check_up
from sftp_sync.cli.office import Office
from sftp_sync.config import CampaignConfig
from sftp_sync.model import Campaign
from sftp_sync.reports import STEPS, RunReport, SendReport, WindUp
from sftp_sync.run import Doors, run, send, wind_up
from sftp_sync.sending.dispatcher import Shift
from sftp_sync.sending.route import Patience
from sftp_sync.steps.dispatch import Dispatched
from sftp_sync.wiring.parts import connector, nobody_watches, surroundings
from sftp_sync.wiring.vendors import vendors_of

R = TypeVar("R")
AT_ONCE = 16


@dataclass(frozen=True)
class Order:
    """What is to be done, and how long to stay at it."""

    patience: Patience = field(default_factory=Patience)
    steps: tuple[str, ...] = STEPS


def side_by_side(
    work: Callable[[Campaign, Connect, Surroundings], R],
    campaigns: Sequence[CampaignConfig],
    office: Office,
    watch: Watch,
) -> list[R]:
    """The same work for each campaign, at once, and the outcomes in the order of the campaigns."""
    stopping = threading.Event()
    around = surroundings(office.config, office.ledger, watch, stopping)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as crew, _stopped_together(stopping):
        return _all(_begin(crew, work, campaigns, around))


def check_everything(campaigns: Sequence[CampaignConfig], office: Office) -> list[Checkup]:
    """The connection test of each campaign."""
    stopping = threading.Event()
    with vendors_of(campaigns, os.environ, stopping) as vendors:

        def work(campaign: Campaign, connect: Connect, around: Surroundings) -> Checkup:
            vendor = partial(vendors.provider_of, office.config.campaigns[campaign.name])
            return check_up(campaign, connect, vendor, around)

        return side_by_side(work, campaigns, office, nobody_watches)


@dataclass(frozen=True)
class Everything:
    """What one run of everything came to."""

    runs: list[RunReport]
    sends: list[SendReport]
    ends: list[WindUp]

    @property
    def is_busy(self) -> bool:
        """Whether nothing was done because other processes are at it. Where nobody collects or
        sends here, that there is nothing to follow or publish is no work done.
        """
        parts: Sequence[RunReport | SendReport | WindUp] = [*self.runs, *self.sends] or self.ends
        is_all_busy = bool(parts) and all(one.is_busy for one in parts)
        return is_all_busy and not any(one.has_done_something for one in self.ends)


def run_everything(
    campaigns: Sequence[CampaignConfig], office: Office, watch: Watch, order: Order
) -> Everything:
    """One run: what is due is sent from the first moment, while new lists come in; then what the
    vendor has done is followed, and results go back.
    """
    stopping = threading.Event()
    around = surroundings(office.config, office.ledger, watch, stopping)
    with (
        vendors_of(campaigns, os.environ, stopping) as vendors,
        ThreadPoolExecutor(max_workers=AT_ONCE + len(vendors.accounts)) as crew,
        _stopped_together(stopping),
    ):
        collecting: list[Future[RunReport]] = []
        sending: list[Future[SendReport]] = []
        if "collect" in order.steps:
            collecting = _begin(crew, run, campaigns, around)
        if "dispatch" in order.steps:
            shift = Shift(order.patience, lambda: not all(one.done() for one in collecting))
            sending = [crew.submit(send, account, around, shift) for account in vendors.accounts]
        runs, sends = _all(collecting), _all(sending)

        def end(campaign: Campaign, connect: Connect, around: Surroundings) -> WindUp:
            vendor = partial(vendors.provider_of, office.config.campaigns[campaign.name])
            return wind_up(campaign, Doors(connect, vendor), around, order.steps)

        ends = _all(_begin(crew, end, campaigns, around))
    problems = vendors.problems.items() if "dispatch" in order.steps else ()
    unusable = [SendReport(name, Dispatched(name), problem) for name, problem in problems]
    return Everything(runs, [*sends, *unusable], ends)


def _begin(
    crew: ThreadPoolExecutor,
    work: Callable[[Campaign, Connect, Surroundings], R],
    campaigns: Sequence[CampaignConfig],
    around: Surroundings,
) -> list[Future[R]]:
    return [crew.submit(work, one.model, connector(one, os.environ), around) for one in campaigns]


def _all(begun: Sequence[Future[R]]) -> list[R]:
    # All of them first: where we stumble over one, the others still come to their end.
    wait(begun)
    return [future.result() for future in begun]


@contextmanager
def _stopped_together(stopping: threading.Event) -> Iterator[None]:
    """A signal stops all of them between two pieces of work, and goes on up when they have: to be
    entered last, so that whoever waits for them on the way out waits for those who are told.
    """
    try:
        yield
    finally:
        stopping.set()

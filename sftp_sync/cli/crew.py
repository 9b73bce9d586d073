"""Campaigns and accounts side by side: a thread for each, stopped together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from sftp_sync.around import Connect, Surroundings, Watch
from sftp_sync.checkup import Checkup, check_up
from sftp_sync.cli.office import Office
from sftp_sync.config import CampaignConfig
from sftp_sync.model import Campaign
from sftp_sync.run import RunReport, SendReport, run, send
from sftp_sync.sending.dispatcher import Shift
from sftp_sync.sending.route import Patience
from sftp_sync.steps.dispatch import Dispatched
from sftp_sync.wiring import connector, nobody_watches, surroundings, vendors_of

R = TypeVar("R")
AT_ONCE = 16


def side_by_side(
    work: Callable[[Campaign, Connect, Surroundings], R],
    campaigns: Sequence[CampaignConfig],
    office: Office,
    watch: Watch,
) -> list[R]:
    """The same work for each campaign, at once, and the outcomes in the order of the campaigns."""
    stopping = threading.Event()
    around = surroundings(office.config, office.ledger, watch, stopping)
    with _stopped_together(stopping), ThreadPoolExecutor(max_workers=AT_ONCE) as crew:
        return _all(_begin(crew, work, campaigns, around), stopping)


def check_everything(campaigns: Sequence[CampaignConfig], office: Office) -> list[Checkup]:
    """The connection test of each campaign."""
    stopping = threading.Event()
    with vendors_of(campaigns, os.environ, stopping) as vendors:

        def work(campaign: Campaign, connect: Connect, around: Surroundings) -> Checkup:
            vendor = partial(vendors.provider_of, office.config.campaigns[campaign.name])
            return check_up(campaign, connect, vendor, around)

        return side_by_side(work, campaigns, office, nobody_watches)


def run_everything(
    campaigns: Sequence[CampaignConfig], office: Office, watch: Watch, patience: Patience
) -> tuple[list[RunReport], list[SendReport]]:
    """One run: what is due is sent from the first moment, while new lists come in."""
    stopping = threading.Event()
    around = surroundings(office.config, office.ledger, watch, stopping)
    with (
        _stopped_together(stopping),
        vendors_of(campaigns, os.environ, stopping) as vendors,
        ThreadPoolExecutor(max_workers=AT_ONCE + len(vendors.accounts)) as crew,
    ):
        collecting = _begin(crew, run, campaigns, around)
        shift = Shift(patience, lambda: not all(future.done() for future in collecting))
        sending = [crew.submit(send, account, around, shift) for account in vendors.accounts]
        unusable = [
            SendReport(name, Dispatched(name), problem)
            for name, problem in vendors.problems.items()
        ]
        return _all(collecting, stopping), [*_all(sending, stopping), *unusable]


def _begin(
    crew: ThreadPoolExecutor,
    work: Callable[[Campaign, Connect, Surroundings], R],
    campaigns: Sequence[CampaignConfig],
    around: Surroundings,
) -> list[Future[R]]:
    return [crew.submit(work, one.model, connector(one, os.environ), around) for one in campaigns]


def _all(begun: Sequence[Future[R]], stopping: threading.Event) -> list[R]:
    try:
        return [future.result() for future in begun]
    except BaseException:
        stopping.set()
        raise


@contextmanager
def _stopped_together(stopping: threading.Event) -> Iterator[None]:
    """A signal stops all of them between two pieces of work, and goes on up when they have."""
    try:
        yield
    finally:
        stopping.set()

"""Campaigns side by side: a thread for each, stopped together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sftp_sync.around import Connect, Surroundings, Watch
from sftp_sync.cli.office import Office
from sftp_sync.config import CampaignConfig
from sftp_sync.model import Campaign
from sftp_sync.wiring import connector, surroundings

R = TypeVar("R")
AT_ONCE = 16


def side_by_side(
    work: Callable[[Campaign, Connect, Surroundings], R],
    campaigns: Sequence[CampaignConfig],
    office: Office,
    watch: Watch,
) -> list[R]:
    """The same work for each campaign, at once, and the outcomes in the order of the campaigns.

    A signal stops them all between two pieces of work, and is raised again when they have stopped.
    """
    stopping = threading.Event()
    around = surroundings(office.config, office.ledger, watch, stopping)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as crew:
        begun: list[Future[R]] = [
            crew.submit(work, one.model, connector(one, os.environ), around) for one in campaigns
        ]
        try:
            return [future.result() for future in begun]
        except BaseException:
            stopping.set()
            raise

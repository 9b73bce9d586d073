"""Every run collects new contact files into the ledger, dispatches what the ledger says is due,
follows what the vendor has done, and publishes result files. Each step may be interrupted at any
point and repeated at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import (
    LeaseBusy,
    LedgerUnavailable,
    NeedsOperator,
    RemoteRefused,
    Stopped,
    SyncError,
    TryLater,
)
from sftp_sync.model import Campaign, CampaignRecord, FileState
from sftp_sync.remote.base import Remote
from sftp_sync.steps.collect import Collected, collect
from sftp_sync.steps.preview import Previewed, preview

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=24)
AT_THE_DOOR = {"host_key", "sign_in"}

NOTHING = Collected()

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RunReport:
    """What one run of one campaign came to."""

    campaign: str
    collected: Collected = NOTHING
    problem: SyncError | None = None

    @property
    def is_busy(self) -> bool:
        """Whether nothing was done because another process is at it."""
        return isinstance(self.problem, LeaseBusy)

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look at this run."""
        refused = any(file.state == FileState.REFUSED for file in self.collected.files)
        return not refused and (self.problem is None or self.is_busy)


@dataclass(frozen=True)
class Rehearsal:
    """What a run would do."""

    campaign: str
    files: tuple[Previewed, ...] = ()
    problem: SyncError | None = None

    @property
    def is_fine(self) -> bool:
        """Whether nobody would need to look."""
        strange = {FileState.REFUSED, FileState.HELD}
        return self.problem is None and not any(file.state in strange for file in self.files)


def run(campaign: Campaign, connect: Connect, around: Surroundings) -> RunReport:
    """One run of one campaign: its steps in order, each for itself."""
    try:
        admit(campaign, around.ledger.campaigns.get(campaign.name), around.now())
    except SyncError as problem:
        # No notice: it would take the place of the one that says why we were refused.
        return RunReport(campaign.name, problem=problem)
    collected = NOTHING
    try:
        collected = collect(campaign, _knocking(campaign, connect, around), around)
        if collected.interrupted is not None:
            raise collected.interrupted
    except (LeaseBusy, Stopped) as problem:
        return RunReport(campaign.name, collected, problem=problem)
    except SyncError as problem:
        _say(campaign, "collect", problem, around)
        return RunReport(campaign.name, collected, problem=problem)
    around.ledger.notices.clear(campaign.name, "collect")
    return RunReport(campaign.name, collected)


def rehearse(campaign: Campaign, connect: Connect, around: Surroundings) -> Rehearsal:
    """What a run would do with the files that are there now, changing nothing anywhere."""
    try:
        admit(campaign, around.ledger.campaigns.get(campaign.name), around.now())
        return Rehearsal(campaign.name, tuple(preview(campaign, connect, around)))
    except SyncError as problem:
        return Rehearsal(campaign.name, problem=problem)


def admit(campaign: Campaign, known: CampaignRecord, now: datetime) -> None:
    """Let only those connect whose connection was tested as it is set now, and is not refused."""
    test = f"Type: sftp-sync test-connection {campaign.name}"
    if known.connection != campaign.connection:
        changed = "" if known.connection is None else " since its settings were changed"
        raise NeedsOperator(
            f"{campaign.name} does not run: its connection has not passed a test{changed}.",
            fix=test,
        )
    if known.not_before is not None and now < known.not_before:
        raise TryLater(
            f"{campaign.name} was refused at the door {known.refused_sign_ins} times; the next try"
            f" is at {known.not_before:%Y-%m-%d %H:%M} UTC, so that the partner does not lock us"
            " out.",
            fix=f"To try now, {test[0].lower()}{test[1:]}",
        )


def _knocking(campaign: Campaign, connect: Connect, around: Surroundings) -> Connect:
    """The same connection, with a refusal at the door remembered."""

    def knock() -> Remote:
        try:
            return connect()
        except RemoteRefused as error:
            if error.step in AT_THE_DOOR:
                _remember_refusal(campaign, around)
            raise

    return knock


def _remember_refusal(campaign: Campaign, around: Surroundings) -> None:
    refusals = around.ledger.campaigns.get(campaign.name).refused_sign_ins + 1
    pause = min(FIRST_PAUSE * 2 ** min(refusals - 1, 20), LONGEST_PAUSE)
    around.ledger.campaigns.refused(campaign.name, refusals, around.now() + pause)


def _say(campaign: Campaign, step: str, problem: SyncError, around: Surroundings) -> None:
    log.warning("step_failed", campaign=campaign.name, step=step, reason=problem.message)
    try:
        around.ledger.notices.post(campaign.name, step, problem, around.now())
    except LedgerUnavailable:
        log.warning("ledger_unavailable", campaign=campaign.name, step=step)

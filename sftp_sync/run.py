"""Every run collects new contact files into the ledger, dispatches what the ledger says is due,
follows what the vendor has done, and publishes result files. Each step may be interrupted at any
point and repeated at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from sftp_sync.admission import admit, knocking
from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import LeaseBusy, LedgerUnavailable, Stopped, SyncError
from sftp_sync.model import Campaign, FileState, RowState
from sftp_sync.sending.dispatcher import Shift
from sftp_sync.sending.route import SendingAccount
from sftp_sync.steps.collect import Collected, collect
from sftp_sync.steps.dispatch import Dispatched, dispatch
from sftp_sync.steps.preview import Previewed, preview

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
class SendReport:
    """What one dispatch of one account came to."""

    account: str
    dispatched: Dispatched
    problem: SyncError | None = None

    @property
    def is_busy(self) -> bool:
        """Whether another process is sending this account's rows."""
        return isinstance(self.problem, LeaseBusy)

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look."""
        strange = (RowState.REFUSED, RowState.UNCERTAIN)
        if any(self.dispatched.rows[state] for state in strange):
            return False
        return self.problem is None or self.is_busy


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
        collected = collect(campaign, knocking(campaign, connect, around), around)
        if collected.interrupted is not None:
            raise collected.interrupted
    except (LeaseBusy, Stopped) as problem:
        return RunReport(campaign.name, collected, problem=problem)
    except SyncError as problem:
        _say(campaign, "collect", problem, around)
        return RunReport(campaign.name, collected, problem=problem)
    around.ledger.notices.clear(campaign.name, "collect")
    return RunReport(campaign.name, collected)


def send(account: SendingAccount, around: Surroundings, shift: Shift) -> SendReport:
    """Send what is due through one account."""
    try:
        dispatched = dispatch(account, around, shift)
    except SyncError as problem:
        log.warning("step_failed", account=account.name, step="dispatch", reason=problem.message)
        return SendReport(account.name, Dispatched(account.name), problem)
    return SendReport(account.name, dispatched, dispatched.problem)


def rehearse(campaign: Campaign, connect: Connect, around: Surroundings) -> Rehearsal:
    """What a run would do with the files that are there now, changing nothing anywhere."""
    try:
        admit(campaign, around.ledger.campaigns.get(campaign.name), around.now())
        return Rehearsal(campaign.name, tuple(preview(campaign, connect, around)))
    except SyncError as problem:
        return Rehearsal(campaign.name, problem=problem)


def _say(campaign: Campaign, step: str, problem: SyncError, around: Surroundings) -> None:
    log.warning("step_failed", campaign=campaign.name, step=step, reason=problem.message)
    try:
        around.ledger.notices.post(campaign.name, step, problem, around.now())
    except LedgerUnavailable:
        log.warning("ledger_unavailable", campaign=campaign.name, step=step)

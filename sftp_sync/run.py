"""Every run collects new contact files into the ledger, dispatches what the ledger says is due,
follows what the vendor has done, and publishes result files. Each step may be interrupted at any
point and repeated at any time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import structlog

from sftp_sync.admission import NOT_ADMITTED, admit, admit_name, knocking
from sftp_sync.around import Connect, OpenVendor, Surroundings
from sftp_sync.errors import LeaseBusy, LedgerUnavailable, Stopped, SyncError
from sftp_sync.model import Campaign
from sftp_sync.remote.base import Remote
from sftp_sync.reports import Rehearsal, RunReport, SendReport, Step, WindUp
from sftp_sync.sending.dispatcher import Shift
from sftp_sync.sending.forecast import Forecast
from sftp_sync.sending.route import AnyAccount
from sftp_sync.steps.collect import Collected, collect
from sftp_sync.steps.dispatch import Dispatched, dispatch
from sftp_sync.steps.follow import Followed, follow
from sftp_sync.steps.preview import Previewed, preview_due, preview_new
from sftp_sync.steps.publish import Published, publish

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Doors:
    """The ways out of here: to the partner's server, and to the vendor's campaign."""

    partner: Connect
    vendor: OpenVendor


def run(campaign: Campaign, connect: Connect, around: Surroundings) -> RunReport:
    """One run of one campaign: its steps in order, each for itself."""
    try:
        admit(campaign, around.ledger.campaigns.get(campaign.name), around.now())
        admit_name(campaign, around.ledger.renames)
        around.ledger.renames.remember(campaign)
    except SyncError as problem:
        # No notice: it would take the place of the one that says why we were refused.
        return RunReport(campaign.name, problem=problem)
    collected = Collected()
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


def send(account: AnyAccount, around: Surroundings, shift: Shift) -> SendReport:
    """Send what is due through one account."""
    try:
        dispatched = dispatch(account, around, shift)
    except SyncError as problem:
        log.warning("step_failed", account=account.name, step="dispatch", reason=problem.message)
        return SendReport(account.name, Dispatched(account.name), problem)
    return SendReport(account.name, dispatched, dispatched.problem)


def wind_up(
    campaign: Campaign, doors: Doors, around: Surroundings, steps: Collection[str]
) -> WindUp:
    """What comes after sending: each step for itself, so that one does not stop the other."""
    followed, published = Followed(), Published()
    problems: list[SyncError] = []
    if "follow" in steps:
        try:
            followed = follow(campaign, doors.vendor(), around)
            around.ledger.notices.clear(campaign.name, "follow")
        except SyncError as problem:
            problems.append(_noted(campaign, "follow", problem, around))
    if "publish" in steps:
        try:
            published = publish(campaign, _admitted(campaign, doors.partner, around), around)
            around.ledger.notices.clear(campaign.name, "publish")
        except SyncError as problem:
            problems.append(_noted(campaign, "publish", problem, around))
    return WindUp(campaign.name, followed, published, tuple(problems))


def rehearse(campaign: Campaign, connect: Connect, around: Surroundings) -> Rehearsal:
    """What a run would do with the rows that are due and the files that are there now, changing
    nothing anywhere.
    """
    forecast = Forecast(campaign, around.ledger, around.instant())
    files: list[Previewed] = []
    problem = None
    try:
        files.extend(preview_due(forecast, around))
        admit(campaign, around.ledger.campaigns.get(campaign.name), around.now())
        admit_name(campaign, around.ledger.renames)
        files.extend(preview_new(campaign, connect, around, forecast))
    except SyncError as error:
        problem = error
    return Rehearsal(campaign.name, tuple(files), problem, forecast.stop, forecast.in_doubt)


def _admitted(campaign: Campaign, connect: Connect, around: Surroundings) -> Connect:
    """The same connection, for those who are let in."""
    knock = knocking(campaign, connect, around)

    def enter() -> Remote:
        admit(campaign, around.ledger.campaigns.get(campaign.name), around.now())
        # What was made for one partner is not told to another.
        admit_name(campaign, around.ledger.renames)
        return knock()

    return enter


def _noted(campaign: Campaign, step: Step, problem: SyncError, around: Surroundings) -> SyncError:
    if not isinstance(problem, (LeaseBusy, Stopped, *NOT_ADMITTED)):
        _say(campaign, step, problem, around)
    return problem


def _say(campaign: Campaign, step: str, problem: SyncError, around: Surroundings) -> None:
    log.warning("step_failed", campaign=campaign.name, step=step, reason=problem.message)
    try:
        around.ledger.notices.post(campaign.name, step, problem, around.now())
    except LedgerUnavailable:
        log.warning("ledger_unavailable", campaign=campaign.name, step=step)

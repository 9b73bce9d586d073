"""Collect: every new contact file at the partner's becomes rows in the ledger, wholly or not at
all, and the partner gets a receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from itertools import chain

import structlog

from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import FileRefused, NeedsOperator, RemoteMissing, RemoteRefused, SyncError
from sftp_sync.intake.entry import Desk, enter, refuse, refuse_our_own, repeat
from sftp_sync.intake.fetch import fetch, make_room
from sftp_sync.intake.look import new_lists
from sftp_sync.intake.poison import deaths
from sftp_sync.intake.recognise import Known, New, Ours, Repeat, recognise, was_refused_unread
from sftp_sync.intake.suppression import take_suppressions
from sftp_sync.intake.tidy import tidy_due
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, FileRecord, RemoteFile, StagedFile
from sftp_sync.outbox.deliver import Round, deliver_due
from sftp_sync.outbox.refusals import Refusals
from sftp_sync.remote.base import Remote

CAUSE = "read_import"
FORGOTTEN_AFTER = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Collected:
    """What one collect came to. `interrupted` is what ended it before its end, after it had done
    what is told here. `stumbled`: a bug of ours has kept a file out.
    """

    files: tuple[FileRecord, ...] = ()
    left_for_later: tuple[str, ...] = ()
    delivered: int = 0
    interrupted: SyncError | None = None
    stumbled: bool = False


class Passed(Enum):
    """Why a file was not taken in."""

    UNCHANGED = auto()
    """There is nothing new to say about it."""
    NOT_YET = auto()
    """It changed while it was read, or is gone: the next run looks again."""
    POSTPONED = auto()
    """The program may have died over it: the others go first."""
    UNREADABLE = auto()
    """The partner's server does not let us read it, or we cannot."""


@dataclass
class Visit:
    """One run at the partner's: what it has come to so far."""

    campaign: Campaign
    remote: Remote
    around: Surroundings
    lease: Lease
    files: list[FileRecord] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    postponed: list[RemoteFile] = field(default_factory=list)
    delivered: int = 0
    receipts: Round = field(default_factory=Round.of_receipts)
    not_tidied: Refusals = field(default_factory=Refusals)
    is_all_readable: bool = True
    stumbled: bool = False

    def told(self, interrupted: SyncError | None = None) -> Collected:
        """What there is to tell."""
        files, left = tuple(self.files), tuple(self.left)
        return Collected(files, left, self.delivered, interrupted, self.stumbled)


def collect(campaign: Campaign, connect: Connect, around: Surroundings) -> Collected:
    """Turn every new contact file into due rows."""
    with around.ledger.leases.hold(f"collect:{campaign.name}") as lease:
        _take_up(campaign, around, lease)
        with connect() as remote:
            around.ledger.campaigns.welcomed(campaign.name)
            visit = Visit(campaign, remote, around, lease)
            try:
                _settle_up(visit)
                take_suppressions(campaign, remote, around, lease)
                new = new_lists(campaign, remote, around, forgets=True)
                _take_all(visit, new)
            except SyncError as error:
                if not visit.files and not visit.delivered:
                    raise
                return visit.told(interrupted=error)
    return visit.told()


def _take_up(campaign: Campaign, around: Surroundings, lease: Lease) -> None:
    """Begin where an interrupted run ended: what it had not finished, it had not done."""
    around.ledger.entering.take_back(lease, campaign.name)
    due = {delivery.spooled for delivery in around.ledger.deliveries.due(campaign.name)}
    around.spool.sweep(campaign.name, "incoming", keep=set())
    around.spool.sweep(campaign.name, "receipts", keep=due)
    # Dry runs hold no lease: one may be at it right now.
    around.spool.sweep_old(campaign.name, "previews", around.now() - FORGOTTEN_AFTER)


def _settle_up(visit: Visit) -> None:
    """Bring what is due to the partner, then clear away what was read."""
    here = visit.campaign, visit.remote, visit.around, visit.lease
    visit.delivered += len(deliver_due(*here, visit.receipts))
    tidy_due(*here, visit.not_tidied)


def _take_all(visit: Visit, new: Sequence[RemoteFile]) -> None:
    taken = new[: visit.campaign.files.max_files_per_run]
    visit.left += [file.shown_name for file in new[len(taken) :]]
    desk = _open_desk(visit)
    for source in chain(taken, visit.postponed):
        visit.around.wait(0)
        match _taken_in(visit, desk, source):
            case Passed.UNCHANGED:
                continue
            case Passed.POSTPONED:
                visit.postponed.append(source)
            case Passed.NOT_YET:
                visit.left.append(source.shown_name)
            case Passed.UNREADABLE:
                visit.left.append(source.shown_name)
                visit.is_all_readable = False
            case FileRecord() as file:
                visit.files.append(file)
                name, state = visit.campaign.name, str(file.state)
                log.info("file_collected", campaign=name, file=file.id, state=state)
                _settle_up(visit)
    _note_end(visit, is_inbox_read=len(taken) == len(new))


def _open_desk(visit: Visit) -> Desk:
    known = visit.around.ledger.campaigns.get(visit.campaign.name)
    is_first_run = known.collected_at is None
    return Desk(visit.campaign, visit.around, visit.lease, is_first_run=is_first_run)


def _taken_in(visit: Visit, desk: Desk, source: RemoteFile) -> FileRecord | Passed:
    try:
        is_last = source in visit.postponed
        return _take_in(desk, visit.remote, source, is_last=is_last)
    except SyncError:
        raise
    except Exception as bug:
        # One file that we stumble over must keep neither the others out nor the other steps.
        log.exception("file_failed", campaign=visit.campaign.name, file=source.shown_name)
        around = visit.around
        notice = _our_fault(source, bug)
        around.ledger.notices.post(visit.campaign.name, CAUSE, notice, around.now())
        visit.stumbled = True
        return Passed.UNREADABLE


def _our_fault(source: RemoteFile, bug: Exception) -> NeedsOperator:
    return NeedsOperator(
        f"{source.shown_name} was not taken in: a bug in sftp-sync ({type(bug).__name__}).",
        fix="Please report the traceback in the log. The file stays in the inbox and is tried again"
        " at each run; moved away it is not.",
    )


def _take_in(
    desk: Desk, remote: Remote, source: RemoteFile, *, is_last: bool
) -> FileRecord | Passed:
    """One file into the ledger, or why not."""
    place = desk.around.spool.place(desk.campaign.name, "incoming")
    folder, max_bytes = desk.campaign.import_path, desk.campaign.files.max_bytes
    try:
        with desk.around.spool.room():
            make_room(desk.around.spool, source, max_bytes)
            with desk.around.watch(f"fetching {source.shown_name}", source.size) as advance:
                staged = fetch(remote, folder, source, place, (max_bytes, advance))
        if staged is None:
            return Passed.NOT_YET
        return _judge(desk, staged, is_last=is_last)
    except FileRefused as error:
        unread = StagedFile(source, place, "", source.size or 0)
        if was_refused_unread(unread, desk.campaign, desk.around.ledger):
            return Passed.UNCHANGED
        return refuse(desk, unread, error)
    except RemoteMissing:
        return Passed.NOT_YET
    except RemoteRefused as error:
        ledger = desk.around.ledger
        ledger.notices.post(desk.campaign.name, CAUSE, error, desk.around.now())
        return Passed.UNREADABLE
    finally:
        place.unlink(missing_ok=True)


def _judge(desk: Desk, staged: StagedFile, *, is_last: bool) -> FileRecord | Passed:
    ledger = desk.around.ledger
    match recognise(staged, desk.campaign, ledger):
        case New():
            if not is_last and deaths(desk.campaign, staged, desk.around):
                return Passed.POSTPONED
            try:
                return enter(desk, staged)
            except FileRefused as error:
                return refuse(desk, staged, error)
        case Repeat(first):
            return repeat(desk, staged, first)
        case Ours():
            return refuse_our_own(desk, staged)
        case Known(file_id):
            ledger.files.sight(desk.lease, desk.campaign.name, staged.source, file_id)
            return Passed.UNCHANGED


def _note_end(visit: Visit, *, is_inbox_read: bool) -> None:
    ledger, name = visit.around.ledger, visit.campaign.name
    if is_inbox_read and visit.is_all_readable:
        # Only now is the first run over: what was too much for one run, or could not be read yet,
        # is still of the first.
        ledger.campaigns.collected(name, visit.around.now())
    if visit.is_all_readable:
        ledger.notices.clear(name, CAUSE)

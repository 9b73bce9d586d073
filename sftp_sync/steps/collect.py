"""Collect: every new contact file at the partner's becomes rows in the ledger, wholly or not at
all, and the partner gets a receipt.
"""

from __future__ import annotations

from dataclasses import dataclass

from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import FileRefused, RemoteMissing, RemoteRefused
from sftp_sync.intake.entry import Desk, enter, refuse, refuse_our_own, repeat
from sftp_sync.intake.fetch import fetch, make_room
from sftp_sync.intake.look import new_lists
from sftp_sync.intake.recognise import Known, New, Ours, Repeat, recognise
from sftp_sync.intake.tidy import tidy_due
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, FileRecord, RemoteFile, StagedFile
from sftp_sync.outbox.deliver import deliver_due
from sftp_sync.remote.base import Remote

CAUSE = "read_import"


@dataclass(frozen=True)
class Collected:
    """What one collect came to."""

    files: tuple[FileRecord, ...] = ()
    left_for_later: tuple[str, ...] = ()
    delivered: int = 0


def collect(campaign: Campaign, connect: Connect, around: Surroundings) -> Collected:
    """Turn every new contact file into due rows."""
    with around.ledger.leases.hold(f"collect:{campaign.name}") as lease:
        _take_up(campaign, around, lease)
        with connect() as remote:
            around.ledger.campaigns.welcomed(campaign.name)
            delivered = _settle_up(campaign, remote, around, lease)
            new = new_lists(campaign, remote, around)
            taken = new[: campaign.files.max_files_per_run]
            files, left = [], [file.shown_name for file in new[len(taken) :]]
            desk = _open_desk(campaign, around, lease)
            for source in taken:
                around.wait(0)
                file = _take_in(desk, remote, source)
                if file is None:
                    left.append(source.shown_name)
                    continue
                files.append(file)
                delivered += _settle_up(campaign, remote, around, lease)
            _note_end(desk, is_inbox_read=len(taken) == len(new), is_all_taken=not left)
    return Collected(tuple(files), tuple(left), delivered)


def _take_up(campaign: Campaign, around: Surroundings, lease: Lease) -> None:
    """Begin where an interrupted run ended: what it had not finished, it had not done."""
    around.ledger.entering.take_back(lease, campaign.name)
    due = {delivery.spooled for delivery in around.ledger.deliveries.due(campaign.name)}
    around.spool.sweep(campaign.name, "incoming", keep=set())
    around.spool.sweep(campaign.name, "receipts", keep=due)


def _open_desk(campaign: Campaign, around: Surroundings, lease: Lease) -> Desk:
    known = around.ledger.campaigns.get(campaign.name)
    return Desk(campaign, around, lease, is_first_run=known.collected_at is None)


def _settle_up(campaign: Campaign, remote: Remote, around: Surroundings, lease: Lease) -> int:
    """Bring what is due to the partner, then clear away what was read."""
    delivered = deliver_due(campaign, remote, around, lease)
    tidy_due(campaign, remote, around, lease)
    return len(delivered)


def _take_in(desk: Desk, remote: Remote, source: RemoteFile) -> FileRecord | None:
    """One file into the ledger; None where it is left for the next run or was met before."""
    place = desk.around.spool.place(desk.campaign.name, "incoming")
    folder, max_bytes = desk.campaign.import_path, desk.campaign.files.max_bytes
    try:
        with desk.around.spool.room():
            make_room(desk.around.spool, source, max_bytes)
            with desk.around.watch(f"fetching {source.shown_name}", source.size) as advance:
                staged = fetch(remote, folder, source, place, (max_bytes, advance))
        return None if staged is None else _judge(desk, staged)
    except FileRefused as error:
        return refuse(desk, StagedFile(source, place, "", source.size or 0), error)
    except RemoteMissing:
        return None
    except RemoteRefused as error:
        ledger = desk.around.ledger
        ledger.notices.post(desk.campaign.name, CAUSE, error, desk.around.now())
        return None
    finally:
        place.unlink(missing_ok=True)


def _judge(desk: Desk, staged: StagedFile) -> FileRecord | None:
    ledger = desk.around.ledger
    match recognise(staged, desk.campaign, ledger):
        case New():
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
            return None


def _note_end(desk: Desk, *, is_inbox_read: bool, is_all_taken: bool) -> None:
    ledger = desk.around.ledger
    if is_inbox_read:
        # Only now is the first run over: what was too much for one run is still of the first.
        ledger.campaigns.collected(desk.campaign.name, desk.around.now())
    if is_all_taken:
        ledger.notices.clear(desk.campaign.name, CAUSE)

"""Preview: what collect would do with the files that are there now, changing nothing anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import FileRefused, RemoteRefused
from sftp_sync.intake.entry import OUR_OWN
from sftp_sync.intake.fetch import fetch, make_room
from sftp_sync.intake.holds import age_at_first_run, reasons_to_hold
from sftp_sync.intake.look import new_lists
from sftp_sync.intake.reading import opened
from sftp_sync.intake.recognise import Known, New, Ours, Repeat, recognise
from sftp_sync.intake.suppression import without_suppressed
from sftp_sync.intake.tally import Tally
from sftp_sync.model import Campaign, FileState, RemoteFile, StagedFile
from sftp_sync.remote.base import Remote


@dataclass(frozen=True)
class Previewed:
    """What would become of one file."""

    name: str
    state: FileState
    reason: str | None = None
    tally: Tally | None = None


def preview(campaign: Campaign, connect: Connect, around: Surroundings) -> list[Previewed]:
    """Classify every row of every new file."""
    seen: list[Previewed] = []
    with connect() as remote:
        for source in new_lists(campaign, remote, around)[: campaign.files.max_files_per_run]:
            around.wait(0)
            previewed = _look_into(campaign, remote, source, around)
            if previewed is not None:
                seen.append(previewed)
    return seen


def _look_into(
    campaign: Campaign, remote: Remote, source: RemoteFile, around: Surroundings
) -> Previewed | None:
    place = around.spool.place(campaign.name, "previews")
    name, max_bytes = source.shown_name, campaign.files.max_bytes
    try:
        with around.spool.room():
            make_room(around.spool, source, max_bytes)
            with around.watch(f"fetching {name}", source.size) as advance:
                limits = (max_bytes, advance)
                staged = fetch(remote, campaign.import_path, source, place, limits)
        return None if staged is None else _judge(campaign, staged, around)
    except (FileRefused, RemoteRefused) as error:
        return Previewed(name, FileState.REFUSED, str(error))
    finally:
        place.unlink(missing_ok=True)


def _judge(campaign: Campaign, staged: StagedFile, around: Surroundings) -> Previewed | None:
    name = staged.source.shown_name
    match recognise(staged, campaign, around.ledger):
        case New():
            return _read(campaign, staged, around)
        case Repeat(first):
            return Previewed(name, FileState.REPEATED, f"imported as file {first.id}, {first.name}")
        case Ours():
            return Previewed(name, FileState.REFUSED, OUR_OWN)
        case Known():
            return None


def _read(campaign: Campaign, staged: StagedFile, around: Surroundings) -> Previewed:
    ledger, tally, name = around.ledger, Tally(), staged.source.shown_name
    with opened(staged, campaign) as contact_list, around.watch(f"reading {name}", None) as advance:
        for read in contact_list.batches:
            batch = without_suppressed(read, campaign, around)
            tally.count(batch)
            tally.seen_before += ledger.rows.called_before(campaign.destination, batch.numbers)
            advance(len(batch))
    is_first_run = ledger.campaigns.get(campaign.name).collected_at is None
    age = age_at_first_run(staged.source, around.now()) if is_first_run else None
    held = reasons_to_hold(tally, campaign.hold, age)
    return Previewed(name, FileState.HELD if held else FileState.DISPATCHING, held or None, tally)

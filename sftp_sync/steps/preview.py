"""Preview: what collect would do with the files that are there now, changing nothing anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

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
from sftp_sync.model import (
    Campaign,
    ClassifiedBatch,
    Code,
    FileState,
    RemoteFile,
    RowState,
    StagedFile,
)
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
    promised = around.ledger.rows.about_to_be_queued(campaign.destination)
    outlook = Outlook(campaign, around, promised)
    with connect() as remote:
        for source in new_lists(campaign, remote, around)[: campaign.files.max_files_per_run]:
            around.wait(0)
            previewed = _look_into(campaign, remote, source, outlook)
            if previewed is not None:
                seen.append(previewed)
    return seen


@dataclass
class Outlook:
    """What is known of the calls to come: numbers of files that would be sent before."""

    campaign: Campaign
    around: Surroundings
    promised: set[str] = field(default_factory=set)

    def judged(self, batch: ClassifiedBatch) -> ClassifiedBatch:
        """A batch as the claims will judge it: what was called shortly before is a duplicate."""
        campaign, ledger = self.campaign, self.around.ledger
        if campaign.allow_duplicates or not campaign.repeat_after:
            return batch
        since = self.around.now() - campaign.repeat_after
        queued = ledger.rows.queued_since(campaign.destination, batch.numbers, since)
        called = [
            state == RowState.PENDING and (phone in queued or phone in self.promised)
            for state, phone in zip(batch.states, batch.phones, strict=True)
        ]
        states, codes = list(batch.states), list(batch.codes)
        for row, is_called in enumerate(called):
            if is_called:
                states[row], codes[row] = RowState.DUPLICATE, Code.CALLED_RECENTLY
        return replace(batch, states=states, codes=codes)


def _look_into(
    campaign: Campaign, remote: Remote, source: RemoteFile, outlook: Outlook
) -> Previewed | None:
    around = outlook.around
    place = around.spool.place(campaign.name, "previews")
    name, max_bytes = source.shown_name, campaign.files.max_bytes
    try:
        with around.spool.room():
            make_room(around.spool, source, max_bytes)
            with around.watch(f"fetching {name}", source.size) as advance:
                limits = (max_bytes, advance)
                staged = fetch(remote, campaign.import_path, source, place, limits)
        return None if staged is None else _judge(campaign, staged, outlook)
    except (FileRefused, RemoteRefused) as error:
        return Previewed(name, FileState.REFUSED, str(error))
    finally:
        place.unlink(missing_ok=True)


def _judge(campaign: Campaign, staged: StagedFile, outlook: Outlook) -> Previewed | None:
    name = staged.source.shown_name
    match recognise(staged, campaign, outlook.around.ledger):
        case New():
            return _read(campaign, staged, outlook)
        case Repeat(first):
            return Previewed(name, FileState.REPEATED, f"imported as file {first.id}, {first.name}")
        case Ours():
            return Previewed(name, FileState.REFUSED, OUR_OWN)
        case Known():
            return None


def _read(campaign: Campaign, staged: StagedFile, outlook: Outlook) -> Previewed:
    around, name = outlook.around, staged.source.shown_name
    ledger, tally, numbers = around.ledger, Tally(), set[str]()
    with opened(staged, campaign) as contact_list, around.watch(f"reading {name}", None) as advance:
        for read in contact_list.batches:
            batch = outlook.judged(without_suppressed(read, campaign, around))
            tally.count(batch)
            tally.seen_before += ledger.rows.called_before(campaign.destination, batch.numbers)
            numbers.update(batch.numbers)
            advance(len(batch))
    is_first_run = ledger.campaigns.get(campaign.name).collected_at is None
    age = age_at_first_run(staged.source, around.now()) if is_first_run else None
    held = reasons_to_hold(tally, campaign.hold, age)
    if not held:
        outlook.promised |= numbers
    return Previewed(name, FileState.HELD if held else FileState.DISPATCHING, held or None, tally)

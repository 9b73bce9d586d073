"""How a staged file enters the ledger: with its rows, as a repeat, or unreadable with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from sftp_sync.around import Surroundings
from sftp_sync.errors import FileRefused
from sftp_sync.intake.holds import age_at_first_run, reasons_to_hold
from sftp_sync.intake.poison import deaths, marked
from sftp_sync.intake.reading import ContactList, mapping_of, opened, reading_of
from sftp_sync.intake.suppression import without_suppressed
from sftp_sync.intake.tally import Tally
from sftp_sync.ledger.entering import Arrival, Ending
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.sightings import ANY_READING
from sftp_sync.model import (
    Campaign,
    FileRecord,
    FileState,
    RowState,
    StagedFile,
)
from sftp_sync.outbox.receipts import Receipt, compose

OUR_OWN = "This file was composed by us; what we deliver is not imported."


@dataclass(frozen=True)
class Desk:
    """One campaign's intake, under its lease."""

    campaign: Campaign
    around: Surroundings
    lease: Lease
    is_first_run: bool

    def tidies(self, other_sheets: object) -> bool:
        """Whether a file that was read is to leave the inbox: not with sheets that nobody read."""
        files = self.campaign.files
        return files.after_import != "keep" and (files.sheet is not None or not other_sheets)


def enter(desk: Desk, staged: StagedFile) -> FileRecord:
    """The file's rows in the ledger, all of them or none, and its receipt due."""
    campaign, around, ledger = desk.campaign, desk.around, desk.around.ledger
    received_at = around.now()
    arrival = Arrival.of(campaign, staged, received_at, reading_of(campaign))
    is_suspect = deaths(campaign, staged, around) > 0
    with (
        marked(campaign, staged, around),
        opened(staged, campaign, around, is_alone=is_suspect) as contact_list,
    ):
        understanding = contact_list.understanding
        file_id = ledger.entering.begin(desk.lease, arrival, understanding, mapping_of(campaign))
        tally = _write_rows(desk, file_id, contact_list, staged)
    age = age_at_first_run(staged.source, received_at) if desk.is_first_run else None
    held = reasons_to_hold(tally, campaign, understanding, age)
    receipt = Receipt(
        campaign=campaign,
        source=staged.source,
        sha256=staged.sha256,
        size=staged.size,
        received_at=received_at,
        state=_state(tally, held),
        reason=held or None,
        tally=tally,
        understanding=understanding,
    )
    composed = compose(around, receipt, lambda: ledger.rows.of_file(file_id, (RowState.INVALID,)))
    tidy = desk.tidies(understanding.other_sheets)
    ending = Ending(receipt.state, receipt.reason, composed, tidy=tidy)
    ledger.entering.finish(desk.lease, file_id, staged.source, ending)
    return ledger.files.get(file_id)


def repeat(desk: Desk, staged: StagedFile, first: FileRecord) -> FileRecord:
    """The same bytes once more: recorded, and said once."""
    received_at = desk.around.now()
    reason = f"The same bytes were imported as file {first.id}, {first.name}."
    receipt = Receipt(
        campaign=desk.campaign,
        source=staged.source,
        sha256=staged.sha256,
        size=staged.size,
        received_at=received_at,
        state=FileState.REPEATED,
        reason=reason,
        first_import={
            "name": first.name,
            "received_at": first.received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "campaign": first.campaign,
        },
    )
    arrival = Arrival.of(desk.campaign, staged, received_at, reading_of(desk.campaign))
    ending = Ending(
        FileState.REPEATED,
        reason,
        compose(desk.around, receipt),
        tidy=desk.tidies(first.understanding.get("other_sheets")),
        first_file_id=first.id,
    )
    return _set_aside(desk, arrival, ending)


def refuse(desk: Desk, staged: StagedFile, error: FileRefused) -> FileRecord:
    """A file that cannot be read as it is: the partner is told why. It is left where it is."""
    received_at = desk.around.now()
    receipt = Receipt(
        campaign=desk.campaign,
        source=staged.source,
        sha256=staged.sha256 or None,
        size=staged.size,
        received_at=received_at,
        state=FileState.UNREADABLE,
        reason=str(error),
    )
    arrival = Arrival.of(desk.campaign, staged, received_at, reading_of(desk.campaign))
    ending = Ending(FileState.UNREADABLE, str(error), compose(desk.around, receipt))
    desk.around.ledger.entering.take_back(desk.lease, desk.campaign.name)
    return _set_aside(desk, arrival, ending)


def refuse_our_own(desk: Desk, staged: StagedFile) -> FileRecord:
    """A file of ours in the inbox. Nobody is told: an answer would be one more such file."""
    arrival = Arrival.of(desk.campaign, staged, desk.around.now(), ANY_READING)
    return _set_aside(desk, arrival, Ending(FileState.UNREADABLE, OUR_OWN))


def _write_rows(desk: Desk, file_id: int, contact_list: ContactList, staged: StagedFile) -> Tally:
    ledger, tally = desk.around.ledger, Tally()
    with desk.around.watch(f"reading {staged.source.shown_name}", None) as advance:
        for read in contact_list.batches:
            batch = without_suppressed(read, desk.campaign, desk.around)
            destination = desk.campaign.destination
            tally.seen_before += ledger.rows.called_before(destination, batch.numbers)
            tally.count(batch)
            ledger.entering.add(desk.lease, file_id, batch)
            advance(len(batch))
    return tally


def _state(tally: Tally, held: str) -> FileState:
    if held:
        return FileState.HELD
    if tally.due:
        return FileState.DISPATCHING
    # What is suppressed is in a result file too.
    return FileState.FOLLOWING if tally.states[RowState.SUPPRESSED] else FileState.FINISHED


def _set_aside(desk: Desk, arrival: Arrival, ending: Ending) -> FileRecord:
    ledger = desk.around.ledger
    return ledger.files.get(ledger.entering.set_aside(desk.lease, arrival, ending))

"""A file that waits for a person is judged anew where settings were changed since it was read.

Its rows are judged from their cells: the partner's file may have left the inbox. What cells do not
tell, as another sheet or another encoding, needs the bytes once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from sftp_sync import contacts
from sftp_sync.around import Surroundings
from sftp_sync.errors import LeaseBusy, UsageError
from sftp_sync.intake.reading import mapping_of, reading_of, reads_cells_alike
from sftp_sync.intake.suppression import without_suppressed
from sftp_sync.intake.tally import Tally
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.waiting_files import WaitingFile
from sftp_sync.model import (
    Batch,
    Campaign,
    Code,
    FileState,
    RowRecord,
    RowState,
)
from sftp_sync.outbox.receipts import Receipt, compose

AT_ONCE = 1_000


def judge_anew(file_id: int, campaign: Campaign, around: Surroundings) -> None:
    """Judge the rows of a held or repeated file by the settings as they are now, if others were
    true when they were judged. It is held until that is done.
    """
    waiting_files = around.ledger.waiting_files
    if not _is_stale(waiting_files.get(file_id), campaign):
        return
    try:
        with around.ledger.leases.hold(f"collect:{campaign.name}") as lease:
            waiting = waiting_files.get(file_id)
            if waiting is not None and _is_stale(waiting, campaign):
                _judge(waiting, campaign, around, lease)
    except LeaseBusy as busy:
        raise LeaseBusy(
            f"Another process is taking in the lists of {campaign.name}, and the rows of file"
            f" {file_id} are to be judged anew: settings were changed since it was read.",
            fix="Type it again in a moment.",
        ) from busy


def _is_stale(waiting: WaitingFile | None, campaign: Campaign) -> bool:
    return waiting is not None and waiting.judged_by != reading_of(campaign)


def _judge(waiting: WaitingFile, campaign: Campaign, around: Surroundings, lease: Lease) -> None:
    header, rules = waiting.understanding.header, campaign.contacts
    columns = contacts.choose_columns(header, rules, campaign.overrides)
    _refuse_what_needs_bytes(waiting, campaign, columns.phone_names)
    classifier = contacts.Classifier(columns, rules, allow_duplicates=campaign.allow_duplicates)
    ledger, tally = around.ledger, Tally()
    ledger.waiting_files.take_rows(lease, waiting.id)
    with around.watch(f"judging file {waiting.id}", None) as advance:
        for read in _batches(ledger.rows.of_file(waiting.id), header):
            batch = without_suppressed(classifier.classify(read), campaign, around)
            tally.count(batch)
            ledger.waiting_files.judge(lease, waiting.id, batch)
            advance(len(batch))
    understanding = replace(
        waiting.understanding, phone_columns=columns.phone_names, region_column=columns.region_name
    )
    receipt = Receipt(
        campaign=campaign,
        source=waiting.source,
        sha256=waiting.sha256,
        size=waiting.size,
        received_at=around.now(),
        state=FileState.HELD,
        reason="It was judged anew: settings were changed since it was read.",
        tally=tally,
        understanding=understanding,
    )
    composed = compose(
        around, receipt, lambda: ledger.rows.of_file(waiting.id, (RowState.INVALID,))
    )
    by = (mapping_of(campaign), reading_of(campaign))
    ledger.waiting_files.judged(lease, waiting, understanding, by, composed)


def _batches(records: Iterator[RowRecord], header: tuple[str, ...]) -> Iterator[Batch]:
    while some := list(islice(records, AT_ONCE)):
        # A cell that has lost digits stays lost, whatever its text looks like.
        damaged = {
            (at, header.index(one.column)): one.reason or ""
            for at, one in enumerate(some)
            if one.code == Code.EXCEL_DAMAGED and one.column in header
        }
        yield Batch([one.line for one in some], [one.cells for one in some], damaged)


def _refuse_what_needs_bytes(
    waiting: WaitingFile, campaign: Campaign, phone_columns: tuple[str, ...]
) -> None:
    read = waiting.understanding
    # Which cells of a workbook have lost digits was noted of the columns that were looked at.
    other_cells = read.format == "xlsx" and phone_columns != read.phone_columns
    if reads_cells_alike(waiting.judged_by, reading_of(campaign)) and not other_cells:
        return
    changed = "contacts.phone was" if other_cells else "files.sheet, encoding or delimiter were"
    raise UsageError(
        f"File {waiting.id} was read before {changed} changed, and its rows do not tell how it"
        " reads now.",
        fix=f"Type: sftp-sync reject {waiting.id}, and have the list dropped again with any change"
        " in it: then it is a new file.",
    )

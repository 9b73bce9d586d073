"""The partner's do-not-call lists: the newest replaces the one before it as a whole, before any
contact list is taken in; and rows whose numbers are on one are not due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import FileRefused, NeedsOperator, RemoteRefused
from sftp_sync.intake.fetch import fetch, make_room
from sftp_sync.intake.forbidden import ForbiddenNumbers
from sftp_sync.intake.inbox import lists, settled
from sftp_sync.intake.reading import opened_table
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import (
    Campaign,
    ClassifiedBatch,
    Code,
    FileRules,
    ListSource,
    RemoteFile,
    RowState,
    StagedFile,
    Suppression,
    SuppressionList,
    many,
)
from sftp_sync.remote.base import Remote

CAUSE, INCOMPLETE = "suppression", "suppression_incomplete"
UNREADABLE_AT_MOST = 0.1
SEND_WHOLE_NUMBERS = "Send the numbers with their country codes, or set contacts.region"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Shelf:
    """Where one campaign's do-not-call lists come from and go to."""

    campaign: Campaign
    rules: Suppression
    remote: Remote
    around: Surroundings
    lease: Lease


def take_suppressions(
    campaign: Campaign, remote: Remote, around: Surroundings, lease: Lease
) -> None:
    """Bring the partner's do-not-call list up to date, and say what is wrong with it."""
    if campaign.suppression is None:
        around.ledger.notices.clear(campaign.name, CAUSE, INCOMPLETE)
        return
    shelf = Shelf(campaign, campaign.suppression, remote, around, lease)
    trouble: NeedsOperator | None = None
    try:
        _take_newest(shelf)
    except RemoteRefused as error:
        # What is in force stays in force; its age decides for how long.
        trouble = error
    say_what_is_wanting(campaign, around, trouble)


def say_what_is_wanting(
    campaign: Campaign, around: Surroundings, trouble: NeedsOperator | None = None
) -> None:
    """One notice while nothing is sent for want of a good list, or while lists cannot be read; and
    one while rows of the list in force name nobody.
    """
    suppressions, now = around.ledger.suppressions, around.now()
    wants = suppressions.wanting(campaign, now)
    if wants is not None:
        trouble = NeedsOperator(
            f"Nothing of {campaign.name} is sent. {wants}",
            fix="Have the partner leave a fresh one; the next run takes it.",
            who="partner",
        )
    unread = _not_understood(suppressions.current(campaign.name))
    for cause, error in ((CAUSE, trouble), (INCOMPLETE, unread)):
        if error is None:
            around.ledger.notices.clear(campaign.name, cause)
        else:
            around.ledger.notices.post(campaign.name, cause, error, now)


def _not_understood(in_force: SuppressionList) -> NeedsOperator | None:
    """Whom a list means and does not name, nobody can spare."""
    if in_force.source is None or not in_force.unreadable:
        return None
    return NeedsOperator(
        f"The do-not-call list {in_force.source.name} has {many(in_force.unreadable, 'row')}"
        " without a valid number: who is meant there is called."
        f" In force: {many(in_force.numbers, 'number')}.",
        fix=f"{SEND_WHOLE_NUMBERS}; the next list that is read whole ends this.",
        who="partner",
    )


def without_suppressed(
    batch: ClassifiedBatch, campaign: Campaign, around: Surroundings
) -> ClassifiedBatch:
    """The same rows; those that would be due and are not to be called are `suppressed`."""
    due = [
        phone
        for phone, state in zip(batch.phones, batch.states, strict=True)
        if phone is not None and state == RowState.PENDING
    ]
    found = around.ledger.suppressions.among(campaign.name, due)
    return marked(batch, found) if found else batch


def marked(batch: ClassifiedBatch, suppressed: dict[str, str]) -> ClassifiedBatch:
    """The same rows, with those numbers suppressed for these reasons. Pure."""
    states, codes, reasons = list(batch.states), list(batch.codes), list(batch.reasons)
    for row, (phone, state) in enumerate(zip(batch.phones, batch.states, strict=True)):
        if phone in suppressed and state == RowState.PENDING:
            states[row], codes[row] = RowState.SUPPRESSED, Code.SUPPRESSED
            reasons[row] = suppressed[phone]
    return replace(batch, states=states, codes=codes, reasons=reasons)


def _take_newest(shelf: Shelf) -> None:
    newest = _newest(shelf)
    if newest is None or _is_met(shelf, newest):
        return
    if shelf.campaign.files.settle_seconds:
        shelf.around.wait(shelf.campaign.files.settle_seconds)
        if settled([newest], [found] if (found := _newest(shelf)) else []) == []:
            # Still being written: the next run looks again.
            return
    place = shelf.around.spool.place(shelf.campaign.name, "incoming")
    limit = shelf.campaign.files.max_bytes
    try:
        with shelf.around.spool.room():
            make_room(shelf.around.spool, newest, limit)
            with shelf.around.watch(f"fetching {newest.shown_name}", newest.size) as advance:
                staged = fetch(shelf.remote, shelf.rules.path, newest, place, (limit, advance))
        if staged is not None:
            _take(shelf, staged)
    except FileRefused as error:
        log.warning("suppression_list_refused", campaign=shelf.campaign.name, reason=error.message)
        problem = f"The do-not-call list {newest.shown_name} cannot be read. {error}"
        shelf.around.ledger.suppressions.refuse(shelf.lease, shelf.campaign.name, problem)
    finally:
        place.unlink(missing_ok=True)


def _newest(shelf: Shelf) -> RemoteFile | None:
    """The list that counts: the last by time, then by name."""
    pattern = shelf.rules.pattern.casefold()
    rules = FileRules(pattern=("*",), ignore=shelf.campaign.files.ignore)
    found = [
        entry
        for entry in lists(shelf.remote.list(shelf.rules.path), rules)
        if fnmatchcase(entry.name.casefold(), pattern)
    ]
    return found[-1] if found else None


def _is_met(shelf: Shelf, newest: RemoteFile) -> bool:
    """Whether this is the list in force, by name, size and time: that spares the download."""
    known = shelf.around.ledger.suppressions.current(shelf.campaign.name)
    if known.source is None or known.problem is not None or newest.modified_at is None:
        return False
    seen = (known.source.name, known.source.size, known.source.modified_at)
    return seen == (newest.shown_name, newest.size, newest.modified_at)


def _take(shelf: Shelf, staged: StagedFile) -> None:
    """Put a list in force, unless its very bytes are."""
    suppressions, name = shelf.around.ledger.suppressions, shelf.campaign.name
    known = suppressions.current(name).source
    source = _source(shelf, staged, known)
    if known is not None and known.sha256 == staged.sha256:
        suppressions.met_again(shelf.lease, name, source)
        return
    generation = suppressions.begin(shelf.lease, name)
    unreadable = _write_numbers(shelf, staged, generation)
    at = shelf.around.now()
    suppressions.put_in_force(shelf.lease, name, source, at, unreadable)
    log.info("suppression_list_taken", campaign=name, unreadable=unreadable)


def _source(shelf: Shelf, staged: StagedFile, known: ListSource | None) -> ListSource:
    """Where a list came from, and of when it is: never of the future, and without a word from the
    server of when its bytes were first met.
    """
    now, written_at = shelf.around.now(), staged.source.modified_at
    dated_at = now if written_at is None else min(now, datetime.fromtimestamp(written_at, UTC))
    if written_at is None and known is not None and known.sha256 == staged.sha256:
        dated_at = known.dated_at
    return ListSource(
        staged.source.shown_name, staged.sha256, staged.source.size, written_at, dated_at
    )


def _write_numbers(shelf: Shelf, staged: StagedFile, generation: int) -> int:
    """The numbers of a list into the ledger, where they count for nothing yet; how many rows held
    none. A list that is mostly not understood is refused: who is on it would be called.
    """
    files, suppressions = shelf.campaign.files, shelf.around.ledger.suppressions
    rules = FileRules(max_bytes=files.max_bytes, max_rows=files.max_rows)
    with opened_table(staged.path, staged.source.shown_name, rules, shelf.around) as table:
        if table.understanding.other_sheets:
            raise FileRefused(
                f"It has more sheets with rows: {', '.join(table.understanding.other_sheets)}.",
                fix="Leave all numbers on one sheet, and hide or empty the others.",
            )
        numbers = ForbiddenNumbers(table, shelf.campaign.contacts)
        for phones in numbers:
            suppressions.write(shelf.lease, shelf.campaign.name, generation, phones)
    before = suppressions.current(shelf.campaign.name).numbers
    if not numbers.total and before:
        # As an export leaves it whose query has failed.
        raise FileRefused(
            f"It names nobody, and the one before it named {before:,}.",
            fix="Have the partner leave one with numbers; where nobody is to be spared any more,"
            " take `suppression` out of the configuration.",
        )
    if numbers.unreadable > numbers.total * UNREADABLE_AT_MOST:
        raise FileRefused(
            f"{numbers.unreadable:,} of its {numbers.total:,} rows hold no valid number.",
            fix=f"{SEND_WHOLE_NUMBERS}.",
        )
    return numbers.unreadable

"""What is outstanding, in plain words, with what to type where a person can help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from sftp_sync.ledger.outcomes import Counted, History, Posted
from sftp_sync.model import Code, FileRecord, FileState, RowState, many
from sftp_sync.report.fates import Fate, fate_of
from sftp_sync.report.values import Open
from sftp_sync.report.wording import shortened

SHOWN_FILES = 5
S = RowState
# The receipt has told the partner of these already.
IN_RECEIPT = (S.INVALID,)


def outstanding(history: History) -> Iterator[Open]:
    """What a person must decide first, then what comes by itself."""
    held = [file for file in history.files if file.state == FileState.HELD]
    yield from _held(held)
    yield from _doubtful(_by_file(history, lambda one: one.state == S.UNCERTAIN))
    ids = {file.id for file in held}
    to_send = _by_file(history, lambda one: one.state in {S.PENDING, S.SENDING})
    number = sum(rows for file, rows in to_send.items() if file not in ids)
    if number:
        yield Open("to_send", number, f"{many(number, 'row')} still to be sent.")
    number = _by_file(history, _is_under_way).total()
    if number:
        is_or_are = "is" if number == 1 else "are"
        yield Open("under_way", number, f"{many(number, 'call')} {is_or_are} not over yet.")
    yield from _unreported(_by_file(history, _is_unreported).total())
    yield from _undelivered([one for one in history.posted if one.delivered_at is None])


def _by_file(history: History, which: Callable[[Counted], bool]) -> Counter[int]:
    found: Counter[int] = Counter()
    for one in history.counts:
        if which(one):
            found[one.file_id] += one.rows
    return found


def _held(held: Sequence[FileRecord]) -> Iterator[Open]:
    if not held:
        return
    rows = sum(file.rows.get(S.PENDING, 0) for file in held)
    ids = " ".join(str(file.id) for file in held[:SHOWN_FILES])
    verb = "waits" if len(held) == 1 else "wait"
    yield Open(
        "held",
        len(held),
        f"{many(len(held), 'file')} with {many(rows, 'row')} to send {verb} for your decision.",
        f"sftp-sync release {ids}" if len(held) <= SHOWN_FILES else "sftp-sync files --state held",
    )


def _doubtful(doubtful: Counter[int]) -> Iterator[Open]:
    number = doubtful.total()
    if not number:
        return
    is_or_are = "is" if number == 1 else "are"
    yield Open(
        "in_doubt",
        number,
        f"{many(number, 'row')} {is_or_are} in doubt: the call may have been made. sftp-sync looks"
        " for it by itself.",
        f"sftp-sync rows {next(iter(doubtful))} --state uncertain",
    )


def _is_under_way(one: Counted) -> bool:
    return fate_of(one.state, one.call_status, is_over=one.is_over) == Fate.UNDER_WAY


def _is_unreported(one: Counted) -> bool:
    if one.delivery_id is not None or one.state in IN_RECEIPT or one.code == Code.DUPLICATE_IN_FILE:
        return False
    fate = fate_of(one.state, one.call_status, is_over=one.is_over)
    return fate not in {Fate.UNDER_WAY, Fate.WAITING}


def _unreported(number: int) -> Iterator[Open]:
    if number:
        waits = "waits" if number == 1 else "wait"
        sentence = f"{many(number, 'row')} {waits} for the next result file."
        yield Open("to_report", number, sentence)


def _undelivered(due: Sequence[Posted]) -> Iterator[Open]:
    if not due:
        return
    sentence = f"{many(len(due), 'file')} not delivered to the partner yet."
    errors = [one for one in due if one.error]
    if errors:
        sentence += f" The last try: {shortened(errors[-1].error or '', 200)}"
    yield Open("to_deliver", len(due), sentence)

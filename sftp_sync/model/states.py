"""The states of rows and files, and which may follow which."""

from __future__ import annotations

from enum import StrEnum


class RowState(StrEnum):
    """Where one row of a contact file stands. The order is that of every table and document.

    `refused` is the vendor's word, `rejected` a person's.
    """

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    ALREADY_QUEUED = "already_queued"
    REFUSED = "refused"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    INVALID = "invalid"


S = RowState
ROW_TRANSITIONS: dict[RowState, frozenset[RowState]] = {
    S.PENDING: frozenset(
        {S.SENDING, S.EXPIRED, S.DUPLICATE, S.SUPPRESSED, S.REFUSED, S.REJECTED},
    ),
    S.SENDING: frozenset(
        {S.ACCEPTED, S.ALREADY_QUEUED, S.REFUSED, S.PENDING, S.UNCERTAIN},
    ),
    S.UNCERTAIN: frozenset(
        {S.ACCEPTED, S.ALREADY_QUEUED, S.REFUSED, S.REJECTED, S.PENDING, S.SENDING},
    ),
    S.REFUSED: frozenset({S.PENDING}),
    S.REJECTED: frozenset({S.PENDING}),
    S.ACCEPTED: frozenset(),
    S.ALREADY_QUEUED: frozenset(),
    S.EXPIRED: frozenset(),
    S.SUPPRESSED: frozenset(),
    S.DUPLICATE: frozenset(),
    S.INVALID: frozenset(),
}


class FileState(StrEnum):
    """Where a contact file stands. `entering` is not yet a file for anybody: its rows are still
    being written, and a crash takes them back.
    """

    ENTERING = "entering"
    HELD = "held"
    DISPATCHING = "dispatching"
    FOLLOWING = "following"
    FINISHED = "finished"
    UNREADABLE = "unreadable"
    REJECTED = "rejected"
    REPEATED = "repeated"


F = FileState
FILE_TRANSITIONS: dict[FileState, frozenset[FileState]] = {
    F.ENTERING: frozenset({F.HELD, F.DISPATCHING, F.FOLLOWING, F.FINISHED}),
    F.HELD: frozenset({F.DISPATCHING, F.FOLLOWING, F.FINISHED, F.REJECTED}),
    F.DISPATCHING: frozenset({F.FOLLOWING, F.FINISHED, F.HELD}),
    F.FOLLOWING: frozenset({F.FINISHED, F.DISPATCHING}),
    F.FINISHED: frozenset({F.DISPATCHING}),
    F.UNREADABLE: frozenset({F.REJECTED}),
    F.REJECTED: frozenset({F.DISPATCHING}),
    F.REPEATED: frozenset({F.HELD, F.DISPATCHING, F.FOLLOWING, F.FINISHED, F.REJECTED}),
}


# Who waits for a list does not have it with one of these.
BRINGS_NO_ROWS = frozenset({F.ENTERING, F.UNREADABLE, F.REPEATED})


class Code(StrEnum):
    """Why a row was not sent."""

    EMPTY_PHONE = "empty_phone"
    NO_COUNTRY = "no_country"
    NOT_A_NUMBER = "not_a_number"
    INVALID_NUMBER = "invalid_number"
    EXCEL_DAMAGED = "excel_damaged"
    RAGGED_ROW = "ragged_row"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    CALLED_RECENTLY = "called_recently"
    SUPPRESSED = "suppressed"

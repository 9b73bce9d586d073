"""What became of a row, in the few words that people use, whatever the vendor calls it."""

from __future__ import annotations

from enum import StrEnum

from sftp_sync.model import RowState


class Fate(StrEnum):
    """One of nine things that can have become of a row. The order is that of every bar."""

    COMPLETED = "completed"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    OTHER = "other"
    UNDER_WAY = "under_way"
    WAITING = "waiting"
    NOT_CALLED = "not_called"

    @property
    def words(self) -> str:
        """As it is written for a person."""
        return WORDS[self]


class Group(StrEnum):
    """Fates that come to the same for somebody in a hurry."""

    COMPLETED = "completed"
    NOT_REACHED = "not reached"
    OPEN = "open"
    NOT_CALLED = "not called"

    @property
    def fates(self) -> tuple[Fate, ...]:
        """What it is made of."""
        return GROUPS[self]


F = Fate
WORDS = {
    F.COMPLETED: "completed",
    F.VOICEMAIL: "voicemail",
    F.NO_ANSWER: "no answer",
    F.BUSY: "busy",
    F.FAILED: "failed",
    F.OTHER: "ended otherwise",
    F.UNDER_WAY: "call under way",
    F.WAITING: "to be sent",
    F.NOT_CALLED: "not called",
}
GROUPS = {
    Group.COMPLETED: (F.COMPLETED,),
    Group.NOT_REACHED: (F.VOICEMAIL, F.NO_ANSWER, F.BUSY, F.FAILED, F.OTHER),
    Group.OPEN: (F.UNDER_WAY, F.WAITING),
    Group.NOT_CALLED: (F.NOT_CALLED,),
}
ENDED = (F.COMPLETED, *GROUPS[Group.NOT_REACHED])
CALLED = (RowState.ACCEPTED, RowState.ALREADY_QUEUED)
WAITING = (RowState.PENDING, RowState.SENDING, RowState.UNCERTAIN)
BY_STATUS = {
    "completed": F.COMPLETED,
    "voicemail": F.VOICEMAIL,
    "no-answer": F.NO_ANSWER,
    "no_answer": F.NO_ANSWER,
    "busy": F.BUSY,
    "failed": F.FAILED,
}
REASONS = {
    "empty_phone": "no phone number in the row",
    "no_country": "a national number, and no country to read it in",
    "not_a_number": "no phone number: it has letters or other signs in it",
    "invalid_number": "a number that cannot exist",
    "excel_damaged": "a number that a spreadsheet has damaged",
    "ragged_row": "more or fewer cells than the header",
    "duplicate_in_file": "the number is in the same file already",
    "called_recently": "the number was called a short time ago",
    "suppressed": "on the do-not-call list",
    "refused": "refused by the vendor",
    "rejected": "rejected by you",
    "expired": "not sent in time",
}


def fate_of(state: RowState, call_status: str | None, *, is_over: bool) -> Fate:
    """What became of a row. A call that is not over may still be tried again by the vendor,
    whatever its status is now.
    """
    if state in WAITING:
        return F.WAITING
    if state not in CALLED:
        return F.NOT_CALLED
    if not is_over:
        return F.UNDER_WAY
    return BY_STATUS.get(call_status or "", F.OTHER)


def reason_in_words(code: str) -> str:
    """Why a row was not called; a code that is not known here is said as it is."""
    return REASONS.get(code, code)

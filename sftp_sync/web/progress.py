"""How far sending has come, and when it may be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sftp_sync.model import FileRecord, FileState, RowState

WAITING = (RowState.PENDING, RowState.SENDING)


@dataclass(frozen=True)
class Progress:
    """Of the lists that are being sent: so many rows, of which so many are done with. `left` is the
    time until the last is sent, at the earliest; None where nothing can be said.
    """

    rows: int
    done: int
    left: timedelta | None = None
    is_measured: bool = False

    @property
    def percent(self) -> float:
        """How much of it is done."""
        return round(100 * self.done / self.rows, 1) if self.rows else 0.0


def waiting_rows(files: Sequence[FileRecord]) -> int:
    """The rows that are still to be sent."""
    sending = [file for file in files if file.state == FileState.DISPATCHING]
    return sum(file.rows.get(state, 0) for file in sending for state in WAITING)


def progress_of(files: Sequence[FileRecord]) -> Progress | None:
    """How far the lists are that are being sent; None where there are none."""
    sending = [file for file in files if file.state == FileState.DISPATCHING]
    if not sending:
        return None
    rows = sum(file.total for file in sending)
    open_rows = sum(file.rows.get(state, 0) for file in sending for state in _OPEN)
    return Progress(rows, rows - open_rows)


def times_left(waiting: Mapping[str, int], a_minute: float) -> dict[str, timedelta]:
    """When each of an account's campaigns has sent its last row: they take turns, so the short ones
    are done first, and the longest when everything is.
    """
    return {
        name: timedelta(minutes=sum(min(mine, other) for other in waiting.values()) / a_minute)
        for name, mine in waiting.items()
        if mine
    }


_OPEN = (*WAITING, RowState.UNCERTAIN)

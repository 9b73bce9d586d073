"""What became of calls, on the way from the vendor to the partner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sftp_sync.model.states import RowState


@dataclass(frozen=True)
class OpenCall:
    """A row that was called and is not over, as far as the ledger knows."""

    row_id: int
    phone: str
    call_id: str | None
    status: str | None
    retries: int | None
    queued_at: datetime


@dataclass(frozen=True)
class CallNews:
    """What is new of a row's call. `over_at` is set when nothing more will come of it;
    `matched_by` says how the call was found where it was not by its id. `call_id` is set where it
    was not known before.
    """

    row_id: int
    status: str
    retries: int | None = None
    duration_seconds: float | None = None
    updated_at: datetime | None = None
    over_at: datetime | None = None
    matched_by: str | None = None
    call_id: str | None = None


@dataclass(frozen=True)
class ResultRow:
    """A row as a result file has it. `supersedes`: the result file in which it stood before, with
    what is true no more.
    """

    row_id: int
    line: int
    cells: tuple[str, ...]
    phone: str
    state: RowState
    reason: str | None
    call_id: str | None
    status: str | None
    retries: int | None
    duration_seconds: float | None
    queued_at: datetime | None
    updated_at: datetime | None
    is_over: bool
    matched_by: str | None
    supersedes: str | None = None

"""Rows on their way from a file to the ledger: in columns, a batch at a time.

A million rows must not be a million objects at once: every field of a batch is a list, and the
lists of one batch have one length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sftp_sync.model.files import Understanding
from sftp_sync.model.states import Code, RowState


@dataclass(frozen=True)
class Batch:
    """Rows as they came. `lines` are what the partner sees in an editor (CSV: the physical line
    where the record starts; XLSX: the row number; the header is 1). Every cell is text.

    `damaged` tells what only the reader of a workbook knows of a cell: (row of the batch, column)
    → the sentence, where a number has lost digits. `hidden` rows are not shown by the workbook.
    """

    lines: Sequence[int]
    cells: Sequence[Sequence[str]]
    damaged: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: int = 0


@dataclass(frozen=True)
class Table:
    """An opened list: what is known before its rows are read, and the rows, streamed once."""

    understanding: Understanding
    batches: Iterator[Batch]


@dataclass(frozen=True)
class ClassifiedBatch:
    """Rows with a verdict each. `phones` is E.164 or None; `codes`, `columns` and `reasons` are
    None where there is nothing to say (a note may accompany a good number: `reasons`).
    """

    lines: Sequence[int]
    cells: Sequence[Sequence[str]]
    states: Sequence[RowState]
    phones: Sequence[str | None]
    codes: Sequence[Code | None]
    columns: Sequence[str | None]
    reasons: Sequence[str | None]
    hidden: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def numbers(self) -> list[str]:
        """The valid numbers, in the order of their rows."""
        return [phone for phone in self.phones if phone is not None]

"""What a list's rows came to, counted while they pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sftp_sync.model import ClassifiedBatch, Code, RowState

FIRST_REJECTS = 5


@dataclass
class Tally:
    """Counts of a list, and the first rejected rows to show a person. No cell is kept."""

    states: Counter[RowState] = field(default_factory=Counter)
    codes: Counter[Code] = field(default_factory=Counter)
    settled_lines: dict[RowState, list[int]] = field(default_factory=dict)
    first_rejects: list[tuple[int, Code, str]] = field(default_factory=list)
    seen_before: int = 0
    hidden: int = 0

    @property
    def total(self) -> int:
        """All rows."""
        return self.states.total()

    @property
    def due(self) -> int:
        """Rows that are to be called."""
        return self.states[RowState.PENDING]

    def count(self, batch: ClassifiedBatch) -> None:
        """Add a batch."""
        self.states.update(batch.states)
        self.hidden += batch.hidden
        self.codes.update(code for code in batch.codes if code is not None)
        for line, state, code, reason in zip(
            batch.lines, batch.states, batch.codes, batch.reasons, strict=True
        ):
            if state in {RowState.DUPLICATE, RowState.SUPPRESSED}:
                self.settled_lines.setdefault(state, []).append(line)
            elif code is not None and len(self.first_rejects) < FIRST_REJECTS:
                self.first_rejects.append((line, code, reason or ""))

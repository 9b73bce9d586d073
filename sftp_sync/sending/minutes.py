"""What became of rows, said once a minute for each file: a line for each row says less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import structlog

from sftp_sync.model import RowState

MINUTE = 60.0

log = structlog.get_logger(__name__)


class Minutes:
    """Counts what is sent, by file."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._counts: dict[tuple[str, int], Counter[RowState]] = {}
        self._due_at = monotonic() + MINUTE

    def count(self, campaign: str, file_id: int, state: RowState) -> None:
        """A row was sent, and this is what it became."""
        self._counts.setdefault((campaign, file_id), Counter())[state] += 1

    def pass_by(self) -> None:
        """Say what there is to say where a minute has passed."""
        if self._monotonic() >= self._due_at:
            self.say()

    def say(self) -> None:
        """Say what there is to say; a minute begins."""
        for (campaign, file_id), counts in self._counts.items():
            told = {str(state): number for state, number in counts.items()}
            log.info("rows_sent", campaign=campaign, file=file_id, **told)
        self._counts.clear()
        self._due_at = self._monotonic() + MINUTE

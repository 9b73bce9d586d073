"""Looks at everything, seldom enough, and turns it into pages, documents and numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import structlog

from sftp_sync.errors import SyncError
from sftp_sync.web import page
from sftp_sync.web.gauges import exposition
from sftp_sync.web.latest import Latest
from sftp_sync.web.outlines import Outlines, outlined, period_of, since
from sftp_sync.web.snapshot import Snapshot, take
from sftp_sync.web.sources import Sources
from sftp_sync.web.views import file_rows

FRESH_SECONDS = 3.0
OUTLINES_FRESH_SECONDS = 60.0
PATIENCE_SECONDS = 0.25
LITTLE_PATIENCE_SECONDS = 0.1
SHOWN_ROWS = 20

log = structlog.get_logger(__name__)


class Observatory:
    """One look serves everybody who asks within a few seconds."""

    def __init__(self, sources: Sources, crew: ThreadPoolExecutor) -> None:
        self._sources = sources
        self._snapshot = Latest(
            partial(take, sources), crew, sources.monotonic, fresh_seconds=FRESH_SECONDS
        )
        self._outlines = Latest(
            self._outline, crew, sources.monotonic, fresh_seconds=OUTLINES_FRESH_SECONDS
        )
        self._drawn: tuple[Snapshot, Outlines | None, str] | None = None

    def look_ahead(self) -> None:
        """Look before anybody asks."""
        with suppress(SyncError):
            self.overview()

    def overview(self) -> str:
        """The status page."""
        snapshot, outlines = self._look(), self._outlines.get(LITTLE_PATIENCE_SECONDS)
        drawn = self._drawn
        if drawn is None or drawn[0] is not snapshot or drawn[1] is not outlines:
            drawn = self._drawn = snapshot, outlines, page.overview(snapshot, outlines)
        return drawn[2]

    def campaign(self, name: str) -> str | None:
        """The page of one campaign; None where there is none of this name."""
        snapshot = self._look()
        found = next((one for one in snapshot.campaigns if one.name == name), None)
        if found is None:
            return None
        doubtful = self._sources.ledger.summaries.rows_in_doubt(name, SHOWN_ROWS)
        files = file_rows(found, self._sources.ledger.returns.of_files(found.summary.files))
        outlines = self._outlines.get(PATIENCE_SECONDS)
        return page.campaign(found, snapshot, outlines, doubtful, files)

    def reasons(self) -> dict[str, list[str]]:
        """Why campaigns that are meant to run could not."""
        return {
            one.name: list(one.reasons)
            for one in self._look().campaigns
            if one.is_enabled and one.reasons
        }

    def metrics(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        snapshot: Snapshot | None = None
        try:
            snapshot = self._look()
        except SyncError as problem:
            log.warning("ledger_unavailable", reason=problem.message)
        return exposition(self._sources.meters.registry, snapshot)

    def _look(self) -> Snapshot:
        snapshot = self._snapshot.get(PATIENCE_SECONDS)
        return self._snapshot.first() if snapshot is None else snapshot

    def _outline(self) -> Outlines:
        now = self._sources.now()
        zones = {one.model.timezone for one in self._sources.config().campaigns.values()}
        zone = zones.pop() if len(zones) == 1 else "UTC"
        happened = self._sources.ledger.summaries.outcomes(since(now))
        return outlined(happened, period_of(now, zone))

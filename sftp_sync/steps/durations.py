"""How long calls lasted: only the account's list tells. What has become of them does not wait for
it for long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sftp_sync.errors import SyncError, VendorRefused, VendorUnavailable
from sftp_sync.model import CallNews, OpenCall
from sftp_sync.outcome import Listing
from sftp_sync.providers.base import VendorCall

CALLS_PER_PAGE = 100
SPARE_PAGES = 50  # other campaigns of the account may have called meanwhile
# What the dates of the list mean, and in which zone, is not documented.
ANY_ZONE = timedelta(days=1)

ReadCalls = Callable[[date], Iterator[tuple[VendorCall, ...]]]
"""The account's calls since a day, page by page."""


class Durations:
    """The account's list in one run, asked until it fails: `problem` is how it did."""

    def __init__(self, read_calls: ReadCalls, has_patience: Callable[[], bool]) -> None:
        self.problem: SyncError | None = None
        self._read_calls = read_calls
        self._has_patience = has_patience
        self._waits = False

    def added_to(
        self, ended: Sequence[CallNews], calls: Sequence[OpenCall], listing: Listing
    ) -> list[CallNews]:
        """What has ended, with durations and times where the list tells them. What had better wait
        for its duration is left out: it is told only once.
        """
        own = {one.row_id for one in ended if not one.matched_by}
        open_calls = [call for call in calls if call.row_id in own]
        wanted = {call.row_id: call.call_id for call in open_calls if call.call_id is not None}
        if not wanted:
            return list(ended)
        since = min(_made_at(call, listing) for call in open_calls) - ANY_ZONE
        found = self._found(set(wanted.values()), since.date())
        listed = {row: found[call_id] for row, call_id in wanted.items() if call_id in found}
        waiting = wanted.keys() - listed.keys() if self._waits else set()
        return [_lasting(one, listed.get(one.row_id)) for one in ended if one.row_id not in waiting]

    def _found(self, wanted: set[str], since: date) -> dict[str, VendorCall]:
        """Read no further than needed; what was read before a failure counts."""
        found: dict[str, VendorCall] = {}
        if self.problem is not None:
            return found
        most = SPARE_PAGES + 2 * len(wanted) // CALLS_PER_PAGE
        try:
            for number, page in enumerate(self._read_calls(since), start=1):
                found.update((call.id, call) for call in page if call.id in wanted)
                if len(found) == len(wanted) or number == most:
                    break
        except (VendorRefused, VendorUnavailable) as problem:
            self.problem = problem
            # A list that is refused will not be given an hour later either.
            is_final = isinstance(problem, VendorRefused) and problem.scope == "campaign"
            self._waits = not is_final and self._has_patience()
        return found


def _made_at(call: OpenCall, listing: Listing) -> datetime:
    """When a call was made: one that we found there is older than its row."""
    listed = listing.by_id.get(call.call_id or "")
    return call.queued_at if listed is None else listed.created_at or call.queued_at


def _lasting(news: CallNews, listed: VendorCall | None) -> CallNews:
    if listed is None:
        return news
    return replace(news, duration_seconds=listed.duration_seconds, updated_at=listed.updated_at)

"""What was called while nobody here knew of it: before the first claim of a campaign after a start,
its list at the vendor is read.

A machine that was put back as a whole, ledger and state directory alike, cannot know that it was.
The vendor's list can: it has calls after our last claim that no row has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.doubt import EARLIER, Look
from sftp_sync.errors import LedgerUnavailable, SyncError, VendorRefused, VendorUnavailable
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.unheld_calls import Unheld
from sftp_sync.providers.base import VendorCampaign
from sftp_sync.sending.route import Route

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Read:
    """A list was read, or why not."""

    route: Route
    problem: SyncError | None = None


class FirstReading:
    """Which campaigns of an account wait for it."""

    def __init__(self, around: Surroundings, lease: Lease) -> None:
        self._around = around
        self._lease = lease
        self._last_claims: dict[str, datetime] = {}
        self._known: set[str] = set()
        self._is_under_way = False

    def lets(self, route: Route) -> bool:
        """Whether a row of this campaign may be claimed."""
        name = route.name
        if name in self._known:
            return True
        if name not in self._last_claims:
            claimed_at = self._around.ledger.unheld_calls.last_claim(route.campaign)
            if claimed_at is None:
                # Nothing was ever called from here.
                self._known.add(name)
                return True
            self._last_claims[name] = claimed_at
        return False

    def next(self, routes: Sequence[Route], is_resting: Callable[[Route], bool]) -> Route | None:
        """The campaign whose list is to be read now; from now on it is being read."""
        if self._is_under_way:
            return None
        waiting = (one for one in routes if one.name in self._last_claims)
        found = next((one for one in waiting if not is_resting(one)), None)
        self._is_under_way = found is not None
        return found

    def read(self, route: Route) -> Read:
        """Read a list, and keep what is in it that no row has."""
        try:
            listed = route.provider.campaign("dispatch")
            self._keep(route, listed)
        except (VendorRefused, VendorUnavailable, LedgerUnavailable) as error:
            log.warning("first_reading_failed", campaign=route.name, reason=error.message)
            return Read(route, error)
        return Read(route)

    def end(self, done: Read) -> None:
        """It was read, or will be."""
        self._is_under_way = False
        if done.problem is None:
            self._known.add(done.route.name)
            del self._last_claims[done.route.name]

    def _keep(self, route: Route, listed: VendorCampaign) -> None:
        unheld_calls, campaign = self._around.ledger.unheld_calls, route.campaign
        since, gap = self._last_claims[route.name], 0
        younger = list(_made_since(since, listed, self._around.now()))
        kept = unheld_calls.keep(self._lease, campaign, younger)
        if not Look(listed, (), ids_agree=False).is_complete:
            gap = unheld_calls.open_gap(self._lease, campaign, since)
        if kept or gap:
            log.warning("calls_of_others", campaign=route.name, calls=kept, rows=gap)


def _made_since(since: datetime, listed: VendorCampaign, now: datetime) -> Iterator[Unheld]:
    offset = timedelta(seconds=listed.clock_offset or 0)
    opens_at = (since - EARLIER).replace(microsecond=0)
    for call in listed.calls:
        # One of which the vendor does not say when it was made may be one of these.
        made_at = now if call.created_at is None else call.created_at - offset
        if opens_at <= made_at <= now:
            yield Unheld(call.id, call.to, made_at, is_retry=(call.retries or 0) > 0)

"""Starts of files' campaigns: claimed, asked for, settled; and what follows from a look at one that
is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import (
    LedgerUnavailable,
    Stopped,
    SyncError,
    VendorRefused,
    VendorUnavailable,
)
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import (
    Accepted,
    Idle,
    Launch,
    LaunchState,
    NotNow,
    Outcome,
    RowState,
    Stale,
    Start,
    Uncertain,
)
from sftp_sync.providers.base import DRAFT, UNDER_WAY, FileCampaign
from sftp_sync.sending.route import Budget, ListAccount, ListRoute
from sftp_sync.sending.senders import FRESH_SECONDS, NOT_KEPT, RECORD_AGAIN_SECONDS

SLOT_SECONDS = 0.2
SHORTEST_SECONDS = 0.001
RENEWAL_SECONDS = 10.0
MOST_DOUBLINGS = 20
LONGEST_PAUSE = timedelta(hours=1)
NOT_NOW = "it was not started, and may not be started now"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Went:
    """What one step came to: an answer of the vendor's, what it made of so many rows, what a person
    must mend, or why there was nothing to do. `was_in_doubt`: those rows were before.
    """

    outcome: Outcome | None = None
    state: RowState | None = None
    rows: int = 0
    was_in_doubt: bool = False
    idle: Idle | None = None
    problem: VendorRefused | None = None


MORE = Went(idle=Idle.JUDGING)


class Starts:
    """The starts of an account's campaigns, under its lease."""

    def __init__(self, account: ListAccount, around: Surroundings, lease: Lease) -> None:
        self._around = around
        self._ledger = around.ledger
        self._lease = lease
        self._budget: Budget = account.budget
        self._look_after = account.uncertain_after

    def is_fresh(self) -> bool:
        """Whether the lease is fresh enough, by a clock that counts suspension, to send now."""
        age = self._ledger.leases.age_seconds(self._lease)
        return not self._lease.lost and age < FRESH_SECONDS

    def take_slot(self) -> None:
        """Wait for a slot of the pace and a fresh lease."""
        while not (self.is_fresh() and self._budget.take_if_free()):
            if self._lease.lost:
                raise self._lease.why_lost()
            seconds = max(self._budget.slot_free_in(), SHORTEST_SECONDS)
            self._around.wait(min(seconds, SLOT_SECONDS))

    def start(self, route: ListRoute, launch: Launch) -> Went:
        """Claim the start of a draft, and ask for it."""
        self.take_slot()
        moment = route.moment(self._around.instant())
        claimed = None
        try:
            claimed = self._ledger.launches.claim(
                self._lease, route.campaign, launch, route.terms, moment
            )
        finally:
            if not isinstance(claimed, Start):
                self._budget.give_back()
        match claimed:
            case Start():
                return self._ask(route, launch, claimed)
            case Stale(why):
                self.shelve(launch, why)
                return MORE
            case idle:
                return Went(idle=idle)

    def _ask(self, route: ListRoute, launch: Launch, start: Start) -> Went:
        """Ask for a start that is claimed, and write down what came of it."""
        self._await_freshness()
        outcome: Outcome = NotNow(NOT_KEPT)
        if self._ledger.claim_numbers.is_kept(self._lease, start.number):
            outcome = route.provider.start(launch.vendor_id, self.is_fresh).outcome
        else:
            self._budget.give_back()
        state = self._record(start, outcome)
        log.info(
            "campaign_start_answered",
            campaign=route.name,
            launch=launch.id,
            attempt=start.attempt,
            state=None if state is None else str(state),
            outcome=type(outcome).__name__,
        )
        return Went(outcome, state, start.recipients, was_in_doubt=start.doubt_since is not None)

    def _await_freshness(self) -> None:
        """While many rows are claimed nobody else writes, and the lease is not renewed: a moment
        later it is. Where it is not, nothing is sent.
        """
        until = self._around.monotonic() + RENEWAL_SECONDS
        while not (self.is_fresh() or self._lease.lost) and self._around.monotonic() < until:
            try:
                self._around.wait(SLOT_SECONDS)
            except Stopped:
                return

    def _record(self, start: Start, outcome: Outcome) -> RowState | None:
        """Settle a start. What cannot be recorded is tried until it can: the answer comes once."""
        while True:
            try:
                when = self._around.instant()
                return self._ledger.launches.settle(start, outcome, when, self._look_after)
            except LedgerUnavailable as error:
                log.warning("answer_not_recorded", launch=start.launch_id, reason=error.message)
                try:
                    self._around.wait(RECORD_AGAIN_SECONDS)
                except Stopped:
                    # Its rows stay `sending`: whoever takes over finds them in doubt, and looks.
                    return None

    def doubtful(self, route: ListRoute) -> Launch | None:
        """A start that is to be looked at now."""
        now = self._around.instant()
        found = self._ledger.departures.due(route.campaign, now, self._look_after)
        if found is None or not found.is_unseen:
            return found
        self._ledger.launches.see(self._lease, found, now, self._look_after)
        return None

    def look(self, route: ListRoute, launch: Launch) -> Went:
        """Look at a start that may have been: what the vendor says of the campaign settles it."""
        self.take_slot()
        claimed = None
        try:
            seen = route.provider.look(launch.vendor_id, launch.name, "dispatch")
            looked_at = self._around.boot_time()
            self._ledger.departures.heard(self._lease, launch, seen.status, seen.counts)
            if seen.status in UNDER_WAY:
                return self.found(route, launch, seen)
            if seen.status != DRAFT:
                why = f"the vendor says that it is {seen.status}"
                log.warning("doubt_needs_a_person", launch=launch.id, reason=why)
                self._ledger.launches.look_again(
                    self._lease, launch, None, self._around.instant(), why
                )
                return MORE
            now = self._around.instant()
            age = now.boot_time.since(looked_at)
            if age is not None and age <= FRESH_SECONDS:
                claimed = self._ledger.launches.claim_again(
                    self._lease, route.campaign, launch, route.moment(now)
                )
        except (VendorRefused, VendorUnavailable) as error:
            self._look_later(launch, error.message)
            return went_wrong(error) if isinstance(error, VendorRefused) else MORE
        finally:
            if claimed is None:
                self._budget.give_back()
        if claimed is not None:
            return self._ask(route, launch, claimed)
        self._look_later(launch, NOT_NOW)
        return MORE

    def _look_later(self, launch: Launch, why: str) -> None:
        pause = min(self._look_after * (1 << min(launch.looks, MOST_DOUBLINGS)), LONGEST_PAUSE)
        now = self._around.instant()
        self._ledger.launches.look_again(self._lease, launch, pause, now, why)

    def found(self, route: ListRoute, launch: Launch, seen: FileCampaign) -> Went:
        """The vendor says that it was started: so its contacts are called."""
        day = route.moment(self._around.instant()).day
        log.warning("campaign_found_started", launch=launch.id, status=seen.status)
        if not self._ledger.launches.found(self._lease, launch, seen.status, day):
            return MORE
        outcome = Accepted(launch.vendor_id, seen.status)
        was_in_doubt = launch.state == LaunchState.UNCERTAIN
        return Went(outcome, RowState.ACCEPTED, launch.recipients, was_in_doubt)

    def shelve(self, launch: Launch, why: str) -> None:
        """Leave a draft as it is: another one will be made."""
        log.warning("draft_left_behind", campaign=launch.campaign, launch=launch.id, reason=why)
        self._ledger.launches.shelve(self._lease, launch, why, self._around.now())


def went_wrong(error: SyncError) -> Went:
    """What an error means for what may be sent next."""
    if isinstance(error, VendorRefused):
        return Went(problem=error)
    return Went(Uncertain(error.message))

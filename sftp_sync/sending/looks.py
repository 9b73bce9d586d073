"""Rows in doubt: one look at the vendor's campaign, and what follows for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.doubt import (
    EARLIER,
    AskAgain,
    ForAPerson,
    Found,
    Look,
    LookAgain,
    is_ours,
    judge,
)
from sftp_sync.errors import LedgerUnavailable, SyncError, VendorRefused, VendorUnavailable
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Accepted, AlreadyQueued, BootTime, Doubt, Outcome, Uncertain
from sftp_sync.providers.base import Answer
from sftp_sync.sending.route import Budget, Route
from sftp_sync.sending.senders import Errand

FRESH_SECONDS = 5.0
SLOWEST_SLOT_SECONDS = 20.0  # at three requests a minute
NOT_OURS = "asked again: the vendor has a call to this number that is not this row's"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Question:
    """A row in doubt of which the vendor has no call, and the look that showed it: worth asking
    until it is stale, and that is never before the pace has a slot for it.
    """

    route: Route
    doubt: Doubt
    look: Look
    looked_at: BootTime
    good_for: timedelta


@dataclass(frozen=True)
class Looked:
    """What one look left to ask, which is true only for a moment, and how many rows it found to be
    called; or why it could not be had.
    """

    route: Route
    questions: tuple[Question, ...] = ()
    problem: SyncError | None = None
    found: int = 0


@dataclass(frozen=True)
class Looks:
    """The looks of one account, under its lease."""

    around: Surroundings
    lease: Lease
    budget: Budget
    wait: timedelta

    def settle(self, route: Route) -> Looked:
        """Look once, and settle what that settles."""
        try:
            doubts = self._due(route)
            if not doubts:
                return Looked(route)
            look = self._look(route, doubts)
            looked_at = self.around.boot_time()
            verdicts = [(doubt, self._apply(doubt, look)) for doubt in doubts]
        except (VendorRefused, VendorUnavailable, LedgerUnavailable) as error:
            # What is in doubt stays so: the next look will see.
            log.warning("look_failed", campaign=route.name, reason=error.message)
            return Looked(route, problem=error)
        slot = min(self.budget.slot_free_in(), SLOWEST_SLOT_SECONDS)
        good_for = timedelta(seconds=FRESH_SECONDS + slot)
        together = [doubt for doubt, verdict in verdicts if verdict == "ask"]
        alone = [doubt for doubt, verdict in verdicts if verdict == "ask alone"]
        asked = [
            Question(route, doubt, look, looked_at, good_for) for doubt in together or alone[:1]
        ]
        found = sum(verdict == "found" for _, verdict in verdicts)
        return Looked(route, tuple(asked), found=found)

    def errand(self, question: Question) -> Errand | None:
        """Claim a row to ask again, if the look is still fresh and nothing has come between."""
        now = self.around.instant()
        age = now.boot_time.since(question.looked_at)
        if age is None or age > question.good_for.total_seconds():
            return None
        route = question.route
        claim = self.around.ledger.doubts.claim(
            self.lease, route.campaign, question.doubt, route.moment(now)
        )
        return None if claim is None else Errand(route, claim, self._reading(question))

    def _due(self, route: Route) -> list[Doubt]:
        doubts, now = self.around.ledger.doubts, self.around.instant()
        doubts.see(self.lease, route.campaign, now, self.wait)
        return doubts.due(route.campaign, now, self.wait)

    def _look(self, route: Route, doubts: list[Doubt]) -> Look:
        ledger = self.around.ledger
        campaign = route.provider.campaign()
        destination = route.campaign.destination
        ledger.doubts.learn_ids(destination, (call.id for call in campaign.calls))
        held = ledger.doubts.held(destination, {doubt.phone for doubt in doubts})
        known = ledger.doubts.known_calls(route.campaign, doubts, EARLIER)
        return Look(campaign, held, ledger.doubts.ids_agree(destination), known)

    def _apply(self, doubt: Doubt, look: Look) -> Literal["found", "ask", "ask alone", "wait"]:
        """Settle what the look settles; what follows for the row otherwise."""
        doubts, now = self.around.ledger.doubts, self.around.instant()
        match judge(doubt, look):
            case Found(call):
                if doubts.found(self.lease, doubt, (call.id, call.status), "list", now):
                    return "found"
                doubts.look_again(
                    self.lease, doubt, timedelta(), now, "its call was taken by another"
                )
            case LookAgain(after, why):
                doubts.look_again(self.lease, doubt, after, now, why)
            case ForAPerson(why):
                log.warning("doubt_needs_a_person", row=doubt.row_id, reason=why)
                doubts.look_again(self.lease, doubt, None, now, why)
            case AskAgain(alone):
                return "ask alone" if alone else "ask"
        return "wait"

    def _reading(self, question: Question) -> Callable[[Answer], Outcome]:
        """How the answer to a re-ask is read: a conflict may be with the row's own call."""
        campaign = question.route.campaign

        def read(answer: Answer) -> Outcome:
            outcome = answer.outcome
            if not isinstance(outcome, AlreadyQueued):
                return outcome
            held = self.around.ledger.doubts.held(campaign.destination, [question.doubt.phone])
            look = replace(question.look, held=held)
            if is_ours(outcome, question.doubt, look):
                return Accepted(outcome.call_id, outcome.status, is_adopted=True)
            return Uncertain(NOT_OURS) if campaign.allow_duplicates else outcome

        return read

"""One claimed row is sent, and its answer enters the ledger in the same breath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import LedgerUnavailable, Stopped
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Claim, NotNow, Outcome, Settled, Uncertain
from sftp_sync.providers.base import Answer
from sftp_sync.sending.requests import Requests
from sftp_sync.sending.route import Budget, Route, Way

FRESH_SECONDS = 5.0
RECORD_AGAIN_SECONDS = 1.0
NOT_KEPT = "its claim could not be written to the state directory"

log = structlog.get_logger(__name__)

Reading = Callable[[Answer], Outcome]
"""What an answer means for a row: a conflict after doubt means more than one before it."""


@dataclass(frozen=True)
class Errand:
    """A claimed row, the way it goes, and how its answer is to be read."""

    route: Route
    claim: Claim
    read: Reading


@dataclass(frozen=True)
class Done:
    """What came of an errand: what the vendor said, and what the row became."""

    route: Way
    outcome: Outcome
    settled: Settled
    was_in_doubt: bool = False
    file_id: int = 0


class Sender:
    """Sends claimed rows, for any number of threads."""

    def __init__(
        self, around: Surroundings, lease: Lease, budget: Budget, look_after: timedelta
    ) -> None:
        self._around = around
        self._lease = lease
        self._budget = budget
        self._look_after = look_after
        self._requests = Requests(around.ledger)

    def send(self, errand: Errand) -> Done:
        """Send a row and settle it. Whatever happens on the wire is an outcome."""
        answer = self._answer(errand)
        settled = self._record(errand.claim, self._read(errand, answer))
        log.debug(
            "row_answered",
            campaign=errand.route.name,
            row=errand.claim.row_id,
            attempt=errand.claim.attempt,
            state=None if settled.state is None else str(settled.state),
            call_id=settled.call_id,
            outcome=type(answer.outcome).__name__,
        )
        if settled.state is None:
            log.warning(
                "answer_too_late",
                campaign=errand.route.name,
                row=errand.claim.row_id,
                call_id=getattr(answer.outcome, "call_id", None),
            )
        was_in_doubt = errand.claim.doubt_since is not None
        file_id = errand.claim.file_id
        return Done(errand.route, answer.outcome, settled, was_in_doubt, file_id)

    def is_fresh(self) -> bool:
        """Whether the lease is fresh enough, by a clock that counts suspension, to send now."""
        age = self._around.ledger.leases.age_seconds(self._lease)
        return not self._lease.lost and age < FRESH_SECONDS

    def _answer(self, errand: Errand) -> Answer:
        if not self._around.ledger.claim_numbers.is_kept(self._lease, errand.claim.number):
            self._budget.give_back()
            return Answer(NotNow(NOT_KEPT))
        try:
            request = self._requests.of(errand.route.campaign, errand.claim)
        except LedgerUnavailable as error:
            self._budget.give_back()
            return Answer(NotNow(error.message))
        return errand.route.provider.send(request, self.is_fresh)

    def _read(self, errand: Errand, answer: Answer) -> Outcome:
        try:
            return errand.read(answer)
        except LedgerUnavailable as error:
            return Uncertain(f"its answer could not be compared: {error.message}")

    def _record(self, claim: Claim, outcome: Outcome) -> Settled:
        """Settle a row. What cannot be recorded is tried until it can: the answer comes once."""
        while True:
            try:
                when = self._around.instant()
                return self._around.ledger.settling.settle(claim, outcome, when, self._look_after)
            except LedgerUnavailable as error:
                log.warning("answer_not_recorded", row=claim.row_id, reason=error.message)
                try:
                    self._around.wait(RECORD_AGAIN_SECONDS)
                except Stopped:
                    # The row stays `sending`: whoever takes over finds it in doubt, and looks.
                    return Settled(None)

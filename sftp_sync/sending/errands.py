"""What is sent next: first what is in doubt, then, in turn, a row of each campaign."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.intake.suppression import say_what_is_wanting
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Claim, Idle, Outcome
from sftp_sync.providers.base import Answer
from sftp_sync.sending.first_reading import FirstReading
from sftp_sync.sending.looks import Looks, Question
from sftp_sync.sending.route import Route
from sftp_sync.sending.senders import Errand
from sftp_sync.sending.turns import Turns

log = structlog.get_logger(__name__)

IsResting = Callable[[Route], bool]


class Errands:
    """The rows of an account that may be sent, claimed one at a time."""

    def __init__(
        self, around: Surroundings, lease: Lease, turns: Turns, looks: Looks, first: FirstReading
    ) -> None:
        self._around = around
        self._lease = lease
        self._turns = turns
        self._looks = looks
        self._first = first
        self._questions: deque[Question] = deque()
        self._wanting: set[str] = set()
        # Whether rows were settled or put in doubt just now, without one that is to be sent.
        self.has_judged = False

    def __bool__(self) -> bool:
        return bool(self._questions or self._turns)

    def ask(self, questions: Iterable[Question]) -> None:
        """Rows in doubt that may be asked for again, at once."""
        self._questions.extend(questions)

    def next(self, is_resting: IsResting) -> Errand | None:
        """The next row, claimed; None where there is none just now."""
        return self._next_question(is_resting) or self._next_claim(is_resting)

    def _next_question(self, is_resting: IsResting) -> Errand | None:
        while self._questions:
            question = self._questions.popleft()
            errand = None if is_resting(question.route) else self._looks.errand(question)
            if errand is not None:
                return errand
        return None

    def _next_claim(self, is_resting: IsResting) -> Errand | None:
        self.has_judged = False
        unread: list[Route] = []
        try:
            return self._claim_of_any(is_resting, unread)
        finally:
            for route in unread:
                self._turns.wait_again(route)

    def _claim_of_any(self, is_resting: IsResting, unread: list[Route]) -> Errand | None:
        while self._turns:
            route = self._turns.take()
            if is_resting(route):
                continue
            if not self._first.lets(route):
                unread.append(route)
                continue
            moment = route.moment(self._around.instant())
            claim = self._around.ledger.claims.claim(self._lease, route.campaign, moment)
            if isinstance(claim, Claim):
                self._wanting.discard(route.name)
                # The next slot is another campaign's.
                self._turns.wait_again(route)
                return Errand(route, claim, _plainly)
            if claim == Idle.JUDGING:
                # One transaction at a time: answers and signals do not wait for a million rows.
                self._turns.stay_first(route)
                self.has_judged = True
                return None
            if claim == Idle.NO_LIST:
                self._say_what_is_wanting(route)
            log.debug("campaign_idle", campaign=route.name, reason=str(claim))
        return None

    def _say_what_is_wanting(self, route: Route) -> None:
        """Said once: what has made a list too old is only time."""
        if route.name not in self._wanting:
            self._wanting.add(route.name)
            say_what_is_wanting(route.campaign, self._around)


def _plainly(answer: Answer) -> Outcome:
    return answer.outcome

"""What is said about sending: why it stopped, once per cause, and that it goes on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import SyncError
from sftp_sync.model import Accepted, AlreadyQueued
from sftp_sync.sending.route import Way
from sftp_sync.sending.senders import Done
from sftp_sync.sending.standing import Standing

ACCOUNT, CAMPAIGN = "account", "dispatch"

log = structlog.get_logger(__name__)


class Bulletin:
    """Learns from answers where an account and its campaigns stand, and says what changes."""

    def __init__(self, around: Surroundings, routes: Sequence[Way], standing: Standing) -> None:
        self._around = around
        self._routes = routes
        self._standing = standing
        # Campaigns of which nothing is said any more; what an earlier run said may still stand.
        self._clear: dict[str, set[str]] = {ACCOUNT: set(), CAMPAIGN: set()}
        self._is_breaker_said = False

    def learn(self, done: Done) -> None:
        """An answer: everything works, or something stops."""
        name, now = done.route.name, self._around.monotonic()
        self._standing.learn(name, done.outcome, now)
        if not isinstance(done.outcome, Accepted | AlreadyQueued):
            self.post()
            return
        if self._standing.is_resting(name, now):
            # It was asked before the answer that stopped us: it does not say that all is well.
            return
        self._standing.account.end()
        self._standing.rest_of(name).end()
        self._take_back(CAMPAIGN, [name])
        if self._standing.breaker.open_until is None:
            self._is_breaker_said = False
            self._take_back(ACCOUNT, [route.name for route in self._routes])

    def post(self) -> None:
        """Say what stops sending, unless it was said."""
        account = self._standing.account
        if account.problem is not None and not account.is_said:
            self.say_of_account(account.problem)
            account.is_said = True
        if self._standing.breaker_problem is not None and not self._is_breaker_said:
            self.say_of_account(self._standing.breaker_problem)
            self._is_breaker_said = True
        for route in self._routes:
            rest = self._standing.rest_of(route.name)
            if rest.problem is not None and not rest.is_said:
                self._say(CAMPAIGN, rest.problem, route)
                rest.is_said = True

    def learn_of_probe(self, problem: SyncError | None) -> None:
        """The vendor answers again, or still does not. Where rows are due, the first of them that
        is taken shows that all is well; where none is, the probe must do.
        """
        self._standing.probed(problem, self._around.monotonic())
        is_open = self._standing.breaker.open_until is not None
        if not self._is_breaker_said or is_open or self._standing.account.problem is not None:
            return
        if not self._around.ledger.claims.due([route.campaign for route in self._routes]):
            self._is_breaker_said = False
            self._take_back(ACCOUNT, [route.name for route in self._routes])

    def say_of_account(self, problem: SyncError) -> None:
        """Something that concerns every campaign of the account."""
        for route in self._routes:
            self._say(ACCOUNT, problem, route)

    def close(self, finished: Collection[str]) -> None:
        """Of campaigns of which nothing is left to send, nothing is left to say."""
        self._take_back(ACCOUNT, finished)
        self._take_back(CAMPAIGN, finished)

    def _say(self, cause: str, problem: SyncError, route: Way) -> None:
        log.warning("sending_stopped", campaign=route.name, reason=problem.message)
        self._around.ledger.notices.post(route.name, cause, problem, self._around.now())
        self._clear[cause].discard(route.name)

    def _take_back(self, cause: str, names: Collection[str]) -> None:
        for name in names:
            if name not in self._clear[cause]:
                self._around.ledger.notices.clear(name, cause)
                self._clear[cause].add(name)

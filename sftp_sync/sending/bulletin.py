"""What is said about sending: why it stopped, once per cause, and that it goes on."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import SyncError
from sftp_sync.model import Accepted, AlreadyQueued
from sftp_sync.sending.route import Route
from sftp_sync.sending.senders import Done
from sftp_sync.sending.standing import Standing

CAUSES = ("dispatch", "account")

log = structlog.get_logger(__name__)


class Bulletin:
    """Learns from answers where an account and its campaigns stand, and says what changes."""

    def __init__(self, around: Surroundings, routes: Sequence[Route], standing: Standing) -> None:
        self._around = around
        self._routes = routes
        self._standing = standing
        self._well: set[str] = set()

    def learn(self, done: Done) -> None:
        """An answer: everything works, or something stops."""
        name = done.route.name
        self._standing.learn(name, done.outcome, self._around.monotonic())
        if not isinstance(done.outcome, Accepted | AlreadyQueued):
            self.post()
            return
        self._standing.account.end()
        self._standing.rest_of(name).end()
        if name not in self._well:
            self._well.add(name)
            self._around.ledger.notices.clear(name, *CAUSES)

    def post(self) -> None:
        """Say what stops sending, unless it was said."""
        if self._standing.account.is_new():
            self.say_of_account(self._standing.account.problem)
        for route in self._routes:
            rest = self._standing.rest_of(route.name)
            if rest.is_new():
                self._say("dispatch", rest.problem, route)

    def say_of_account(self, problem: SyncError | None) -> None:
        """Something that concerns every campaign of the account."""
        for route in self._routes:
            self._say("account", problem, route)

    def _say(self, cause: str, problem: SyncError | None, route: Route) -> None:
        if problem is None:
            return
        self._well.discard(route.name)
        log.warning("sending_stopped", campaign=route.name, reason=problem.message)
        self._around.ledger.notices.post(route.name, cause, problem, self._around.now())

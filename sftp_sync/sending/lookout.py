"""When to look into which campaign's doubts: one look at a time, and not all the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sftp_sync.around import Surroundings
from sftp_sync.errors import SyncError, VendorUnavailable
from sftp_sync.sending.looks import Looked
from sftp_sync.sending.route import Route

SECONDS_BETWEEN_CHECKS = 0.5
# While rows are sent a look costs them slots; otherwise somebody may be waiting for it alone.
SECONDS_BETWEEN_LOOKS = 10.0
SHORTEST_BETWEEN_LOOKS = 1.0
# A long list takes long: looking must not be all that we do.
TIMES_ITS_LENGTH = 5
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 300.0
FAILURES_TO_GIVE_UP = 6


class Lookout:
    """Remembers, of one account, which campaign was looked into when."""

    def __init__(self, around: Surroundings, routes: Sequence[Route]) -> None:
        self._around = around
        self._routes = list(routes)
        self._campaigns = [route.campaign for route in routes]
        self._check_at = 0.0
        self._not_before: dict[str, float] = {}
        self._began_at: float | None = None
        self._failures = 0
        self.problem: SyncError | None = None

    @property
    def gives_up(self) -> bool:
        """Whether the vendor's list could not be had so often that waiting for it is in vain."""
        return self._failures >= FAILURES_TO_GIVE_UP

    def begin(self, now: float, is_resting: Callable[[Route], bool]) -> Route | None:
        """The campaign to look into now, if any; from now on a look is under way."""
        if self._began_at is not None or now < self._check_at:
            return None
        self._check_at = now + SECONDS_BETWEEN_CHECKS
        doubtful = self._around.ledger.doubts.looked_into(self._campaigns, self._around.instant())
        for route in self._routes:
            is_early = now < self._not_before.get(route.name, 0.0)
            if route.name in doubtful and not is_early and not is_resting(route):
                self._began_at = now
                return route
        return None

    def end(self, looked: Looked, now: float, *, is_hurried: bool) -> None:
        """A look is over; when this campaign may be looked into again. `is_hurried`: nothing else
        is done that it would hold up.
        """
        took = now - (self._began_at or now)
        self._began_at = None
        # The others come first now.
        self._routes.remove(looked.route)
        self._routes.append(looked.route)
        if isinstance(looked.problem, VendorUnavailable):
            pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
            self._failures += 1
            self.problem = looked.problem
        else:
            pause = SHORTEST_BETWEEN_LOOKS if is_hurried else SECONDS_BETWEEN_LOOKS
            self._failures = 0
            self.problem = None
        self._not_before[looked.route.name] = now + max(pause, TIMES_ITS_LENGTH * took)

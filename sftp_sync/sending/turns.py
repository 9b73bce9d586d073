"""Whose turn it is: the campaigns that have rows to send, one row of each after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from sftp_sync.ledger import Ledger
from sftp_sync.sending.route import Route


class Turns:
    """The campaigns of an account that have rows to send, as far as is known."""

    def __init__(self, ledger: Ledger, routes: Sequence[Route]) -> None:
        self._ledger = ledger
        self._routes = routes
        self._waiting: deque[Route] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def refresh(self) -> None:
        """See which campaigns have rows to send by now; those that wait keep their places."""
        due = self._ledger.claims.due([route.campaign for route in self._routes])
        staying = [route for route in self._waiting if route.name in due]
        here = {route.name for route in staying}
        new = [route for route in self._routes if route.name in due - here]
        self._waiting = deque([*staying, *new])

    def take(self) -> Route:
        """The campaign whose turn it is; it waits no longer."""
        return self._waiting.popleft()

    def wait_again(self, route: Route) -> None:
        """There is more of this campaign: at the end of the queue."""
        self._waiting.append(route)

    def stay_first(self, route: Route) -> None:
        """Its turn is not over."""
        self._waiting.appendleft(route)

    def count(self) -> int:
        """How many rows there are to send in all."""
        return self._ledger.claims.count_due([route.campaign for route in self._routes])

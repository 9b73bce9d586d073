"""A wire that lets somebody know of every request: for counting, never for deciding."""

from __future__ import annotations

from collections.abc import Callable

from sftp_sync.providers.wire import Access, Broken, Exchange, Reply, Wire

Overhear = Callable[[str, str, float], None]
"""Told the method, the status (or why there is none), and how many seconds it took."""

NO_ANSWER, UNREACHABLE = "no_answer", "unreachable"


class OverheardWire(Wire):
    """The same wire, with a listener."""

    def __init__(self, access: Access, monotonic: Callable[[], float], overhear: Overhear) -> None:
        super().__init__(access, monotonic)
        self._overheard_at = monotonic
        self._overhear = overhear

    def exchange(self, exchange: Exchange) -> Reply | Broken:
        """Send once, and tell of it. What was withheld was no request."""
        began = self._overheard_at()
        reply = super().exchange(exchange)
        if isinstance(reply, Reply):
            self._overhear(exchange.method, str(reply.status), self._overheard_at() - began)
        elif not reply.withheld:
            why = NO_ANSWER if reply.sent else UNREACHABLE
            self._overhear(exchange.method, why, self._overheard_at() - began)
        return reply

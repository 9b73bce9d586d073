"""What is counted while we run: requests to vendors, how they were answered, how long they took."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

WINDOW_SECONDS = 300.0
SHORTEST_SECONDS = 20.0
BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# Each of these is a row less to send; the others are tried again.
SETTLING = ("200", "201", "409", "413", "422")


class Meters:
    """Counters that grow until the process ends, and the pace of the last minutes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "sftp_sync_vendor_requests",
            "Requests to a vendor, by its answer: a status, no_answer or unreachable.",
            ["account", "method", "answer"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "sftp_sync_vendor_request_seconds",
            "How long requests to a vendor took.",
            ["account", "method"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._monotonic = monotonic
        self._settled: dict[str, deque[float]] = defaultdict(deque)
        self._guard = threading.Lock()

    def overhear(self, account: str, method: str, answer: str, seconds: float) -> None:
        """A request is over; told by the vendor's client, from any thread."""
        self._requests.labels(account, method, answer).inc()
        self._seconds.labels(account, method).observe(seconds)
        if method == "POST" and answer in SETTLING:
            with self._guard:
                self._recent(account).append(self._monotonic())

    def a_minute(self, account: str) -> float | None:
        """How many rows an account has settled a minute lately; None where that cannot be said."""
        with self._guard:
            recent = self._recent(account)
            lasted = self._monotonic() - recent[0] if recent else 0.0
            return 60 * len(recent) / lasted if lasted >= SHORTEST_SECONDS else None

    def _recent(self, account: str) -> deque[float]:
        recent, begins = self._settled[account], self._monotonic() - WINDOW_SECONDS
        while recent and recent[0] < begins:
            recent.popleft()
        return recent

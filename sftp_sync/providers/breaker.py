"""Three doubtful answers in a row stop an account: an hour of errors must leave a handful of rows
in doubt, not ten thousand. A state machine and nothing else: time comes in, values go out.

    closed ─three doubts in a row→ open ─pause over, a GET succeeds→ half open ─success→ closed
                                    ↑────────one more doubt, a longer pause────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sftp_sync.model import Accepted, AlreadyQueued, Blocked, Outcome, Refused, Uncertain

DOUBTS_TO_OPEN = 3


@dataclass(frozen=True)
class Breaker:
    """An account's breaker. `open_until` is None unless it is open; times are monotonic seconds."""

    first_pause_seconds: float = 5
    longest_pause_seconds: float = 600
    open_until: float | None = None
    is_half_open: bool = False
    doubts: int = 0
    pauses: int = 0
    reason: str = ""

    def record(self, outcome: Outcome, now: float) -> Breaker:
        """The breaker after an answer. While it is open, late answers change nothing."""
        if self.open_until is not None:
            return self
        match outcome:
            case Uncertain(reason):
                doubts = self.doubts + 1
                if self.is_half_open or doubts >= DOUBTS_TO_OPEN:
                    return self._opened(now, reason)
                return replace(self, doubts=doubts)
            case Accepted() | AlreadyQueued() | Refused() | Blocked():
                # The vendor knew what it said: it is well.
                return replace(self, doubts=0, pauses=0, is_half_open=False, reason="")
            case _:
                return self

    def stopped(self, now: float, reason: str) -> Breaker:
        """The breaker where nothing may be sent before the vendor is well again."""
        return self._opened(now, reason)

    def wants_probe(self, now: float) -> bool:
        """Is it time for the one GET that must succeed before anything is claimed?"""
        return self.open_until is not None and now >= self.open_until

    def probed(self, *, is_well: bool, now: float) -> Breaker:
        """The breaker after that GET: half open, or open for longer."""
        if self.open_until is None:
            return self
        if not is_well:
            return self._opened(now, self.reason)
        return replace(self, open_until=None, is_half_open=True, doubts=0)

    def allowed_in_flight(self, in_flight: int) -> int:
        """How many requests may be under way: none while open, one until the first success."""
        if self.open_until is not None:
            return 0
        return min(1, in_flight) if self.is_half_open else in_flight

    def _opened(self, now: float, reason: str) -> Breaker:
        pause = min(self.longest_pause_seconds, self.first_pause_seconds * 2**self.pauses)
        return replace(
            self,
            open_until=now + pause,
            is_half_open=False,
            doubts=0,
            pauses=self.pauses + 1,
            reason=reason,
        )

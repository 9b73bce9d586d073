"""One pace for all requests of an account: the whole budget of the vendor's minute, never more.

Two rules together satisfy a vendor that counts by the minute and one that counts any sixty seconds:

- a request counts from when its slot is taken until a minute after its answer. It reached the
  vendor somewhere between, so whatever sixty seconds the vendor looks at hold the limit at most;
- slots are spaced evenly; only a second's worth may be caught up, so that a late thread costs no
  budget and a start is no burst.

Others may use the account too: what the vendor says remains is then held to, until its reset.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sftp_sync.providers.base import Lane
from sftp_sync.providers.hints import Hints

MARGIN = 0.995  # of the limit: latencies up to 0.3 s then never make a slot wait
CATCH_UP_SECONDS = 1.0
FOLLOWING_EVERY = 20  # one slot in so many is for following, however much is due
APPETITE_SECONDS = 0.5  # who asked for a slot so lately, or two slots ago, still wants one
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
SHORTEST_WAIT_SECONDS = 0.001


@dataclass(frozen=True)
class Timing:
    """The clock and the wait of the layers above. `wait` sleeps, and says True when it is time to
    stop (`threading.Event.wait` does both). Tests shorten the window.
    """

    monotonic: Callable[[], float]
    wait: Callable[[float], bool]
    window_seconds: float = 60.0


class Pace:
    """The slots of an account, for any number of threads."""

    def __init__(self, requests_per_minute: int, timing: Timing) -> None:
        self._lock = threading.Lock()
        self._timing = timing
        self._ceiling = requests_per_minute
        self._limit = requests_per_minute
        self._next_slot_at = timing.monotonic()
        self._unanswered = 0
        self._answered: deque[float] = deque()  # when each answered request stops to count
        self._paused_until = 0.0
        self._growing_pause = FIRST_PAUSE_SECONDS
        self._others: tuple[float, int] | None = None  # (until, what remains for us)
        self._dispatch_slots_in_a_row = 0
        self._dispatch_asked_at = float("-inf")
        self._following_waits = 0

    @property
    def limit(self) -> int:
        """Requests a minute: the configured ceiling, or less where the vendor says so."""
        return self._limit

    def take(self, lane: Lane = "dispatch") -> bool:
        """Wait for a slot and take it; False when it is time to stop instead."""
        is_following = lane == "following"
        with self._lock:
            self._following_waits += is_following
        try:
            while True:
                if self.take_if_free(lane):
                    return True
                if self._timing.wait(max(self.slot_free_in(lane), SHORTEST_WAIT_SECONDS)):
                    return False
        finally:
            with self._lock:
                self._following_waits -= is_following

    def take_if_free(self, lane: Lane = "dispatch") -> bool:
        """Take a slot if one is free now."""
        with self._lock:
            now = self._timing.monotonic()
            if lane == "dispatch":
                self._dispatch_asked_at = now
            if self._seconds_until(now, lane) > 0:
                return False
            self._next_slot_at = max(self._next_slot_at, now - CATCH_UP_SECONDS) + self._interval()
            self._unanswered += 1
            if self._others is not None:
                self._others = (self._others[0], self._others[1] - 1)
            self._dispatch_slots_in_a_row = (
                0 if lane == "following" else self._dispatch_slots_in_a_row + 1
            )
            return True

    def slot_free_in(self, lane: Lane = "dispatch") -> float:
        """Seconds until this lane's next slot, 0 where it is free now.

        While every request that counts is still unanswered, it is when to look again.
        """
        with self._lock:
            return self._seconds_until(self._timing.monotonic(), lane)

    def give_back(self) -> None:
        """A slot was taken and nothing was sent."""
        with self._lock:
            self._unanswered = max(0, self._unanswered - 1)
            self._next_slot_at -= self._interval()
            if self._others is not None:
                self._others = (self._others[0], self._others[1] + 1)

    def answered(self, hints: Hints) -> None:
        """A request is over, with whatever its answer says about the pace."""
        with self._lock:
            now = self._timing.monotonic()
            self._unanswered = max(0, self._unanswered - 1)
            self._answered.append(now + self._timing.window_seconds)
            self._learn(now, hints)

    def stumbled(self) -> float:
        """The vendor could not be reached: a pause that grows until it can. How long it is."""
        with self._lock:
            now = self._timing.monotonic()
            self._grow_pause(now)
            return max(0.0, self._paused_until - now)

    def pause(self, seconds: float) -> None:
        """No slots for this long, at least."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._timing.monotonic() + seconds)

    def pause_left(self) -> float:
        """Seconds until the present pause is over."""
        with self._lock:
            return max(0.0, self._paused_until - self._timing.monotonic())

    def seconds_for(self, requests: int) -> float:
        """How long so many requests take from now on."""
        with self._lock:
            now = self._timing.monotonic()
            if requests <= 0:
                return 0.0
            return self._seconds_until(now, "dispatch") + (requests - 1) * self._interval()

    def _interval(self) -> float:
        return self._timing.window_seconds / (self._limit * MARGIN)

    def _seconds_until(self, now: float, lane: Lane) -> float:
        """How long until a slot for this lane."""
        while self._answered and self._answered[0] <= now:
            self._answered.popleft()
        waits = [self._paused_until - now, self._next_slot_at - now, self._full_for(now)]
        if self._others is not None:
            until, remaining = self._others
            if until <= now:
                self._others = None
            elif remaining <= 0:
                waits.append(until - now)
        if not self._is_turn_of(lane, now):
            waits.append(self._interval())
        return max(0.0, *waits)

    def _full_for(self, now: float) -> float:
        """Seconds until a request stops to count, where as many count as may."""
        surplus = len(self._answered) + self._unanswered - self._limit
        if surplus < 0:
            return 0.0
        if surplus < len(self._answered):
            return self._answered[surplus] - now
        return self._interval()

    def _is_turn_of(self, lane: Lane, now: float) -> bool:
        following_is_due = self._dispatch_slots_in_a_row >= FOLLOWING_EVERY - 1
        if lane == "dispatch":
            return not (following_is_due and self._following_waits)
        # Dispatch need not wait here for its slots: having asked for one lately is enough.
        appetite = max(APPETITE_SECONDS, 2 * self._interval())
        return following_is_due or now - self._dispatch_asked_at > appetite

    def _learn(self, now: float, hints: Hints) -> None:
        if hints.limit is not None:
            self._limit = min(self._ceiling, hints.limit)
        if hints.retry_seconds is not None:
            self._paused_until = max(self._paused_until, now + hints.retry_seconds)
        elif hints.refused and hints.reset_seconds is not None and not hints.remaining:
            self._paused_until = max(self._paused_until, now + hints.reset_seconds)
        elif hints.refused:
            self._grow_pause(now)
        if not hints.refused:
            self._growing_pause = FIRST_PAUSE_SECONDS
            self._count_others(now, hints)

    def _grow_pause(self, now: float) -> None:
        """Answers to requests sent before a pause began do not lengthen it."""
        if now < self._paused_until:
            return
        self._paused_until = now + self._growing_pause
        self._growing_pause = min(LONGEST_PAUSE_SECONDS, self._growing_pause * 2)

    def _count_others(self, now: float, hints: Hints) -> None:
        """More is used up than we have used: hold to what remains, until the reset.

        Alone on the account our own count is the safer one, and no reset has to be believed.
        """
        if hints.remaining is None or hints.limit is None or hints.reset_seconds is None:
            return
        ours = len(self._answered) + self._unanswered
        if hints.limit - hints.remaining <= ours:
            self._others = None
            return
        until = now + min(hints.reset_seconds, self._timing.window_seconds)
        self._others = (until, hints.remaining - self._unanswered)

"""How long ago something was, by a clock that nobody can set.

The wall clock may jump at any moment, and with it every "not before": five minutes forward would
end a wait of two that has just begun. The boot's clock counts suspension, is never set, and says
nothing across boots or between machines: there a wait begins anew where it is first seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# What is less than this is the time between two readings, or a clock that is being drawn right.
LEAST_STEP = timedelta(seconds=1)


@dataclass(frozen=True)
class BootTime:
    """A moment by the clock of one boot of one machine."""

    boot: str
    seconds: float

    def since(self, earlier: BootTime | None) -> float | None:
        """Seconds since then; None where that was before another boot, or on another machine."""
        if earlier is None or earlier.boot != self.boot or earlier.seconds > self.seconds:
            return None
        return self.seconds - earlier.seconds


@dataclass(frozen=True)
class Instant:
    """One moment by both clocks."""

    at: datetime
    boot_time: BootTime

    def step_since(self, earlier: Instant) -> timedelta:
        """By how much the wall clock was set since then, forward or back, as far as can be told."""
        passed = self.boot_time.since(earlier.boot_time)
        if passed is None:
            return timedelta()
        step = self.at - earlier.at - timedelta(seconds=passed)
        return step if abs(step) >= LEAST_STEP else timedelta()

    def translated(self, moment: datetime, told_at: Instant) -> datetime:
        """A moment that was written down then, by the wall clock as it is now."""
        return moment + self.step_since(told_at)


def wait_left(given_up: BootTime | None, now: BootTime, wait: timedelta) -> timedelta:
    """For how long a request that was given up then may still be handled: nobody looks, asks again
    or sends again before that is over. All of it where nobody knows how long ago that was.
    """
    passed = now.since(given_up)
    if passed is None:
        return wait
    return max(timedelta(), wait - timedelta(seconds=passed))

"""A clock that moves when it is told to."""

from __future__ import annotations


class HandClock:
    """A clock that moves when it is told to, or waited on."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at
        self.stops_at = float("inf")

    def monotonic(self) -> float:
        return self.at

    def wait(self, seconds: float) -> bool:
        """Wait as `threading.Event.wait` does: True when it is time to stop."""
        self.at += seconds
        return self.at >= self.stops_at

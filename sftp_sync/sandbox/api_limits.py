"""How a vendor counts requests: by its own fixed minute, or over any sixty seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal

ResetForm = Literal["epoch", "seconds", "none"]
RetryHint = Literal["none", "seconds", "date", "body", "reset"]


@dataclass(frozen=True)
class Budget:
    """What is left after a request, or that there was nothing left."""

    is_granted: bool
    limit: int
    remaining: int
    reset_at: float


class RequestCounter:
    """The requests of one account. Those over the limit are refused and count nothing."""

    def __init__(
        self, limit: int, window_seconds: float, kind: Literal["fixed", "sliding"]
    ) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._kind = kind
        self._taken: deque[float] = deque()

    def count(self, now: float) -> Budget:
        """Count a request that arrived now."""
        window = self._window_seconds
        opened = now - now % window if self._kind == "fixed" else now - window
        while self._taken and self._taken[0] < opened:
            self._taken.popleft()
        is_granted = len(self._taken) < self._limit
        if is_granted:
            self._taken.append(now)
        oldest = self._taken[0] if self._taken else now
        reset_at = opened + window if self._kind == "fixed" else oldest + window
        return Budget(is_granted, self._limit, self._limit - len(self._taken), reset_at)


def budget_headers(budget: Budget, form: ResetForm, now: float) -> dict[str, str]:
    """The documented headers; the form of the reset is not documented."""
    if form == "none":
        return {}
    reset = budget.reset_at if form == "epoch" else budget.reset_at - now
    return {
        "X-RateLimit-Limit": str(budget.limit),
        "X-RateLimit-Remaining": str(budget.remaining),
        "X-RateLimit-Reset": str(int(reset) + 1),
    }


def retry_headers(hint: RetryHint, seconds: float, now: float) -> dict[str, str]:
    """How a 429 may tell when to come back."""
    match hint:
        case "seconds":
            return {"Retry-After": str(int(seconds))}
        case "date":
            return {"Retry-After": formatdate(now + seconds, usegmt=True)}
        case "reset":
            return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(now + seconds))}
        case _:
            return {}

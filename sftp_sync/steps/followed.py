"""What following comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Followed:
    """What one follow came to."""

    changed: int = 0
    over: int = 0

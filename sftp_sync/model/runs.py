"""What the daemon has run, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PlannedStep = Literal["collect", "follow", "wind_up"]
PLANNED_STEPS: tuple[PlannedStep, ...] = ("collect", "follow", "wind_up")


@dataclass(frozen=True)
class RunRecord:
    """The last run of one step of a campaign. `planned` is the schedule that has been in force
    `since`; its slots up to `served_until` need no run. A run that was cut short has begun and not
    ended, and serves none. `retry_at` is when to try again after a failure.
    """

    campaign: str
    step: PlannedStep
    planned: str
    since: datetime
    served_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    ok: bool | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Holding:
    """What can be seen of whoever holds a lease. `is_dead` is known of a process of this host;
    of one that is stopped, or elsewhere, only for how long it has been silent.
    """

    silent_seconds: float
    is_dead: bool

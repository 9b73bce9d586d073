"""Whether a file that somebody counts on has come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

A_WEEK = 7


@dataclass(frozen=True)
class Expectation:
    """A file by this local time on these days (0 is Monday)."""

    by: time
    days: tuple[int, ...]
    zone: str = "UTC"

    def deadline(self, now: datetime) -> datetime | None:
        """The last moment by which a file had to be there; None where there are no such days."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        for back in range(A_WEEK + 1):
            day = today - timedelta(days=back)
            moment = datetime.combine(day, self.by, tzinfo=ZoneInfo(self.zone))
            if day.weekday() in self.days and moment <= now:
                return moment
        return None

    def missing_since(self, now: datetime, last_received_at: datetime | None) -> datetime | None:
        """The deadline that passed without a file on its day, and none has come since."""
        deadline = self.deadline(now)
        if deadline is None:
            return None
        day_began = datetime.combine(deadline.date(), time.min, tzinfo=ZoneInfo(self.zone))
        has_come = last_received_at is not None and last_received_at >= day_began
        return None if has_come else deadline

"""The days that a report is about, in the campaign's time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sftp_sync.errors import UsageError

DEFAULT_SINCE = "30d"
LONGEST_DAYS = 3660
DAYS_BACK = re.compile(r"(\d{1,4})([dw])")
FIX = "Type a day such as 2026-11-01, or how far back: 7d, 4w."


@dataclass(frozen=True)
class Period:
    """From the beginning of the first day to now, which is in the last."""

    first: date
    last: date
    zone: str

    @classmethod
    def since(cls, asked: str, now: datetime, zone: str) -> Period:
        """What `--since` means; `7d` is today and the six days before."""
        last = now.astimezone(ZoneInfo(zone)).date()
        back = DAYS_BACK.fullmatch(asked.strip().lower())
        if back:
            days = int(back[1]) * (7 if back[2] == "w" else 1)
            first = last - timedelta(days=days - 1)
        else:
            first = _a_day(asked)
        if first > last:
            raise UsageError(f"--since: {asked} is after today, {last}.", fix=FIX)
        if (last - first).days > LONGEST_DAYS:
            raise UsageError(f"--since: {asked} is more than ten years ago.", fix=FIX)
        return cls(first, last, zone)

    @property
    def begin(self) -> datetime:
        """The moment at which the first day begins."""
        return datetime.combine(self.first, time.min, tzinfo=ZoneInfo(self.zone))

    def day_of(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def days(self) -> Iterator[date]:
        """Every day, the first one first."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)


def _a_day(asked: str) -> date:
    try:
        return date.fromisoformat(asked.strip())
    except ValueError:
        raise UsageError(f"--since: “{asked}” is no day.", fix=FIX) from None

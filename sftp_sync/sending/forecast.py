"""What the claims of the next run will say, told without making one: their rules in their order,
and what they count is counted here only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.forecast import DueFile
from sftp_sync.model import Campaign, Idle, Instant, RowState
from sftp_sync.sending.route import Way

AT_ONCE = 5_000


class Wait(StrEnum):
    """Why a row that is due would not be sent by the next run."""

    PAUSED = "paused"
    RENAMED = "renamed"
    NO_LIST = "no_list"
    DAY_LIMIT = "day_limit"
    FILE_LIMIT = "file_limit"
    IN_DOUBT = "in_doubt"


STOPS = {
    Idle.PAUSED: Wait.PAUSED,
    Idle.RENAMED: Wait.RENAMED,
    Idle.DAY_LIMIT: Wait.DAY_LIMIT,
    Idle.NO_LIST: Wait.NO_LIST,
}


@dataclass(frozen=True)
class Stop:
    """Why nothing at all of a campaign would be sent, for whoever decides by it and in words."""

    cause: Wait
    why: str


@dataclass
class Fate:
    """What would become of a file's rows that are due. `room` is how many more it may call."""

    room: int | None
    calls: int = 0
    settled: Counter[RowState] = field(default_factory=Counter)
    waits: Counter[Wait] = field(default_factory=Counter)


@dataclass(frozen=True)
class Known:
    """What the ledger says of some numbers."""

    in_doubt: set[str]
    suppressed: set[str]
    called: set[str]


class Forecast:
    """One campaign's next run, as far as the ledger can tell: told of the files in their order."""

    def __init__(self, campaign: Campaign, ledger: Ledger, when: Instant) -> None:
        self.campaign = campaign
        self._ledger = ledger
        self._now = when.at
        prospect = ledger.forecast.prospect(campaign, Way(campaign).moment(when))
        self.in_doubt = prospect.in_doubt
        self._left = prospect.calls_left
        self._stopped = None if prospect.stopped is None else STOPS[prospect.stopped]
        self._wants = prospect.wants
        self._promised: set[str] = set()
        self._marked = ledger.forecast.marked(campaign)
        self._elsewhere = ledger.forecast.due_elsewhere(campaign)
        # Of the beginning: the files to come may spend the day's calls.
        self.stop = None if self._stopped is None else Stop(self._stopped, self.why(self._stopped))

    def due_files(self) -> list[DueFile]:
        """What the ledger has to send."""
        return self._ledger.forecast.files(self.campaign, self._now)

    def fate(self, file: DueFile, phones: Sequence[str]) -> Fate:
        """What would become of a file's numbers, in the order of its lines."""
        fate = Fate(file.room)
        if file.is_late and not self._is_over():
            fate.settled[RowState.EXPIRED] = len(phones)
            return fate
        for start in range(0, len(phones), AT_ONCE):
            page = phones[start : start + AT_ONCE]
            known = self._known(file, page)
            for phone in page:
                self._judge(phone, known, fate)
        return fate

    def why(self, wait: Wait) -> str:
        """Why such rows wait, in words."""
        limits = self.campaign.limits
        match wait:
            case Wait.PAUSED:
                return f"the campaign is paused (sftp-sync resume {self.campaign.name})"
            case Wait.RENAMED:
                return "it may be another campaign under a new name (sftp-sync status)"
            case Wait.NO_LIST:
                return self._wants or ""
            case Wait.DAY_LIMIT:
                return f"the day's calls are spent (limits.calls_per_day: {limits.calls_per_day:,})"
            case Wait.FILE_LIMIT:
                return (
                    f"the file has had its calls (limits.calls_per_file: {limits.calls_per_file:,})"
                )
            case Wait.IN_DOUBT:
                return "their numbers may have been called already, which is looked into first"

    def _is_over(self) -> bool:
        return self._stopped is not None or self._left == 0

    def _judge(self, phone: str, known: Known, fate: Fate) -> None:
        wait = self._wait(phone, known, fate)
        if wait is not None:
            fate.waits[wait] += 1
        elif phone in known.suppressed:
            fate.settled[RowState.SUPPRESSED] += 1
        elif phone in known.called or (self._guards_repeats() and phone in self._promised):
            fate.settled[RowState.DUPLICATE] += 1
        else:
            self._promised.add(phone)
            fate.calls += 1
            fate.room = None if fate.room is None else fate.room - 1
            self._left = None if self._left is None else self._left - 1

    def _wait(self, phone: str, known: Known, fate: Fate) -> Wait | None:
        if self._stopped is not None:
            return self._stopped
        if self._left == 0:
            return Wait.DAY_LIMIT
        if phone in known.in_doubt:
            return Wait.IN_DOUBT
        return Wait.FILE_LIMIT if fate.room == 0 else None

    def _guards_repeats(self) -> bool:
        return bool(self.campaign.repeat_after) and not self.campaign.allow_duplicates

    def _known(self, file: DueFile, phones: Sequence[str]) -> Known:
        campaign, ledger = self.campaign, self._ledger
        called: set[str] = set()
        if self._guards_repeats():
            since = self._now - campaign.repeat_after
            called = ledger.rows.queued_since(campaign.destination, phones, since)
            called |= {phone for phone in phones if self._is_before(file, phone)}
        return Known(
            in_doubt=self._marked | ledger.forecast.in_doubt(campaign, phones),
            suppressed=set(ledger.suppressions.among(campaign.name, phones)),
            called=called,
        )

    def _is_before(self, file: DueFile, phone: str) -> bool:
        """Whether another campaign calls this number first."""
        first = self._elsewhere.get(phone)
        return first is not None and (file.id is None or first < file.id)

"""What is due when, by the schedules and by what the ledger remembers of earlier runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sftp_sync.config import CampaignConfig
from sftp_sync.errors import LeaseBusy
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import PLANNED_STEPS, PlannedStep, RunRecord
from sftp_sync.timetable import Timetable, is_due, next_run, timetable

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)
# As long as it takes until a holder on another machine is known to be dead.
BUSY_PAUSE = timedelta(seconds=30)
# Of no hour in particular: whoever has just set one up waits for its first run.
OF_NO_HOUR = ("hourly", "every")

Key = tuple[str, PlannedStep]


@dataclass(frozen=True)
class Wake:
    """When a campaign is to be seen to. One that failed lately is `ailing`: it may take long."""

    at: datetime
    is_ailing: bool


class Diary:
    """Kept by one daemon, over all its configurations."""

    def __init__(self, ledger: Ledger, lease: Lease) -> None:
        self._ledger = ledger
        self._lease = lease
        self._known: dict[Key, RunRecord] = {}
        self._planned: Mapping[Key, Timetable] = {}
        # Never held while the ledger is asked: that may take long.
        self._guard = threading.RLock()

    def take_up(self, campaigns: Sequence[CampaignConfig], now: datetime) -> None:
        """Plan the runs of these campaigns; what was planned as now keeps its past."""
        tables = {
            (one.name, step): timetable(one, step) for one in campaigns for step in PLANNED_STEPS
        }
        planned = {key: one for key, one in tables.items() if one.schedule.kind != "manual"}
        # What ended a moment ago is known here first.
        before = self._ledger.runs.all() | self._known
        known = {key: _planned(key, one, before.get(key), now) for key, one in planned.items()}
        changed = [one for key, one in known.items() if before.get(key) != one]
        self._ledger.runs.plan(self._lease, changed, [key for key in before if key not in known])
        with self._guard:
            self._known, self._planned = known, planned

    def due(self, campaign: str, now: datetime) -> list[PlannedStep]:
        """The steps that a campaign is to take now, in order."""
        with self._guard:
            due = [step for step in PLANNED_STEPS if self._is_due((campaign, step), now)]
        # What goes back to the partner is looked up right before: once is enough.
        return [step for step in due if step != "follow" or "wind_up" not in due]

    def wake(self, campaign: str, now: datetime) -> Wake | None:
        """When to see to a campaign again; None where it has no schedule."""
        with self._guard:
            keys = [key for key in self._planned if key[0] == campaign]
            times = [next_run(self._planned[key], self._known[key], now) for key in keys]
            is_ailing = any(self._known[key].failures for key in keys)
        soonest = min((one for one in times if one is not None), default=None)
        return None if soonest is None else Wake(soonest, is_ailing)

    def began(self, key: Key, now: datetime) -> None:
        """A step has begun. Until it has ended its slots are not served: cut short, it is due."""
        self._ledger.runs.began(self._lease, key, now)
        with self._guard:
            if key in self._known:
                self._known[key] = replace(self._known[key], started_at=now)

    def ended(self, key: Key, now: datetime, problem: BaseException | None) -> None:
        """A step has ended; one that failed is tried again with growing pauses, and soon where
        another process was at it: that one may be dead, and has then done nothing.
        """
        is_busy, is_ok = isinstance(problem, LeaseBusy), problem is None
        changed: list[RunRecord] = []
        with self._guard:
            known = self._known.get(key)
            if known is None or known.started_at is None:
                return  # The campaign has left the configuration meanwhile.
            table = self._planned[key]
            changed.append(
                _put_off(known, table, now) if is_busy else _ended(known, table, now, is_ok=is_ok)
            )
            follow: Key = (key[0], "follow")
            if key[1] == "wind_up" and is_ok and follow in self._known:
                # Following was part of it.
                served = known.started_at - self._planned[follow].offset
                changed.append(replace(self._known[follow], served_until=served))
            for one in changed:
                self._known[one.campaign, one.step] = one
        self._ledger.runs.ended(self._lease, changed)

    def _is_due(self, key: Key, now: datetime) -> bool:
        return key in self._planned and is_due(self._planned[key], self._known[key], now)


def _ended(known: RunRecord, table: Timetable, now: datetime, *, is_ok: bool) -> RunRecord:
    failures = 0 if is_ok else known.failures + 1
    return replace(
        known,
        served_until=(known.started_at or now) - table.offset,
        finished_at=now,
        ok=is_ok,
        succeeded_at=now if is_ok else known.succeeded_at,
        failures=failures,
        retry_at=None if is_ok else now + _pause(failures),
    )


def _put_off(known: RunRecord, table: Timetable, now: datetime) -> RunRecord:
    """Nothing was done, and nothing has failed."""
    served = (known.started_at or now) - table.offset
    return replace(known, served_until=served, finished_at=now, retry_at=now + BUSY_PAUSE)


def _planned(key: Key, table: Timetable, before: RunRecord | None, now: datetime) -> RunRecord:
    if before is not None and before.planned == str(table):
        return before
    if before is not None:
        return replace(before, planned=str(table), since=now, failures=0, retry_at=None)
    waits = key[1] == "collect" and table.schedule.kind in OF_NO_HOUR
    first = now if waits else None
    return RunRecord(*key, planned=str(table), since=now, retry_at=first)


def _pause(failures: int) -> timedelta:
    doubled = min(failures - 1, 10)
    return min(FIRST_PAUSE * (1 << doubled), LONGEST_PAUSE)

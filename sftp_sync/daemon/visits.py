"""A campaign's turn: its due steps, one after the other, each written down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.daemon.diary import Diary, Wake
from sftp_sync.errors import LeaseBusy, Stopped, SyncError
from sftp_sync.model import Campaign, PlannedStep
from sftp_sync.run import Doors, run, wind_up

# A ledger that cannot be written must not be asked in a circle, nor a bug be met in one.
BREATH = timedelta(seconds=10)
PARTS: dict[PlannedStep, tuple[str, ...]] = {
    "follow": ("follow",),
    "wind_up": ("follow", "publish"),
}

log = structlog.get_logger(__name__)


class Visits:
    """Sees to campaigns, on any number of threads, to each on one at a time: it has one connection
    to its partner.
    """

    def __init__(self, diary: Diary, now: Callable[[], datetime]) -> None:
        self._diary = diary
        self._now = now
        self._guard = threading.Lock()
        self._under_way: set[str] = set()
        self._not_before: dict[str, datetime] = {}

    @property
    def under_way(self) -> int:
        """How many campaigns are seen to at this moment."""
        return len(self._under_way)

    def wake(self, campaign: str) -> Wake | None:
        """When to see to a campaign next. While it is seen to that is not now, whatever is due: its
        end asks again.
        """
        if campaign in self._under_way:
            return Wake(self._now() + BREATH, is_ailing=False)
        wake = self._diary.wake(campaign, self._now())
        earliest = self._not_before.get(campaign)
        if wake is None or earliest is None or wake.at >= earliest:
            return wake
        return Wake(earliest, is_ailing=True)

    def see_to(self, campaign: Campaign, doors: Doors, around: Surroundings) -> None:
        """Do what is due. A step that fails does not stop the others, nor any other campaign."""
        with self._guard:
            if campaign.name in self._under_way:
                return
            self._under_way.add(campaign.name)
        try:
            for step in self._diary.due(campaign.name, self._now()):
                around.wait(0)
                self._take(step, campaign, doors, around)
        except Stopped:
            log.info("visit_cut_short", campaign=campaign.name)
        except SyncError as problem:
            log.warning("visit_failed", campaign=campaign.name, reason=problem.message)
            self._not_before[campaign.name] = self._now() + BREATH
        except Exception:
            log.exception("visit_failed", campaign=campaign.name)
            self._not_before[campaign.name] = self._now() + BREATH
        else:
            self._not_before.pop(campaign.name, None)
        finally:
            with self._guard:
                self._under_way.discard(campaign.name)

    def _take(
        self, step: PlannedStep, campaign: Campaign, doors: Doors, around: Surroundings
    ) -> None:
        """One step. What was cut short is not written down, and so it stays due."""
        key = (campaign.name, step)
        self._diary.began(key, self._now())
        problem: BaseException | None = None
        try:
            problem = _done(step, campaign, doors, around)
        except SyncError as error:
            problem = error
            log.warning("step_failed", campaign=campaign.name, step=step, reason=error.message)
        except Exception as bug:
            problem = bug
            log.exception("step_failed", campaign=campaign.name, step=step)
        if isinstance(problem, Stopped):
            raise problem
        self._diary.ended(key, self._now(), problem)


def _done(
    step: PlannedStep, campaign: Campaign, doors: Doors, around: Surroundings
) -> SyncError | None:
    if step == "collect":
        return run(campaign, doors.partner, around).problem
    problems = wind_up(campaign, doors, around, PARTS[step]).problems
    stopped = [one for one in problems if isinstance(one, Stopped)]
    faults = [one for one in problems if not isinstance(one, LeaseBusy)]
    return next(iter((*stopped, *faults, *problems)), None)

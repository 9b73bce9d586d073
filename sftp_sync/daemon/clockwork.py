"""APScheduler, which wakes us: for each campaign at its time, at most so many side by side."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from sftp_sync.daemon.diary import Wake

AT_ONCE = 12
# Campaigns that failed lately wait for each other: partners that do not answer, each for as long
# as its timeout, must not keep the threads from those that do.
AILING_AT_ONCE = 4
# Nobody is forgotten: whatever went wrong here, an hour later a campaign is looked at again.
AT_LATEST = timedelta(hours=1)

Visit = Callable[[str], None]
When = Callable[[str], Wake | None]


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # APScheduler ships no types
    """Counts its rounds, so that one can see that it is alive, and begins each with what ended."""

    def __init__(self, rewind: Callable[[str], None], **settings: object) -> None:
        super().__init__(**settings)
        self.rounds = 0
        self._rewind = rewind
        self._ended: deque[str] = deque()
        self.add_listener(self._note, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def _note(self, event: JobExecutionEvent) -> None:
        # Not rewound here: a short visit may end, and this be called, before the scheduler has
        # written down when to begin the next by its own lights.
        self._ended.append(event.job_id)
        self.wakeup()

    def _process_jobs(self) -> float | None:
        self.rounds += 1
        while self._ended:
            self._rewind(self._ended.popleft())
        wait_seconds: float | None = super()._process_jobs()
        return wait_seconds


class Clockwork:
    """Wakes campaigns. When each is due is asked anew after every visit."""

    def __init__(self, visit: Visit, when: When) -> None:
        self._visit = visit
        self._when = when
        self._rounds_seen = 0
        self._scheduler = _Scheduler(
            self._rewind,
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(AT_ONCE),
                "ailing": ThreadPoolExecutor(AILING_AT_ONCE),
            },
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        # That a campaign is still seen to when its time comes again is no news.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)

    def start(self) -> None:
        """From now on."""
        self._scheduler.start()

    def take_up(self, campaigns: Iterable[str]) -> None:
        """Wake these campaigns, and no others."""
        wanted = set(campaigns)
        for job in self._scheduler.get_jobs():
            if job.id not in wanted:
                self._scheduler.remove_job(job.id)
        for name in sorted(wanted):
            trigger = IntervalTrigger(seconds=int(AT_LATEST.total_seconds()), timezone=UTC)
            self._scheduler.add_job(
                self._visit, trigger, id=name, args=[name], replace_existing=True, **self._at(name)
            )

    def wind_all(self) -> None:
        """The clock has jumped: every time is worked out anew."""
        for job in self._scheduler.get_jobs():
            self._rewind(job.id)

    def is_alive(self) -> bool:
        """Whether it has gone round since this was last asked; it is nudged to do so again.

        The nudge also makes up for suspension: a thread that waits does not notice that time.
        """
        if not self._scheduler.running:
            return False
        rounds, self._rounds_seen = self._rounds_seen, self._scheduler.rounds
        self._scheduler.wakeup()
        return self._rounds_seen > rounds

    def stop(self) -> None:
        """Begin nothing any more; what is under way is not waited for."""
        self._scheduler.shutdown(wait=False)

    def _rewind(self, name: str) -> None:
        try:
            self._scheduler.modify_job(name, **self._at(name))
        except JobLookupError:
            return  # It has left the configuration meanwhile.

    def _at(self, name: str) -> dict[str, object]:
        wake = self._when(name)
        if wake is None:
            return {"next_run_time": None}
        return {"next_run_time": wake.at, "executor": "ailing" if wake.is_ailing else "default"}

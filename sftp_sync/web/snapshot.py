"""Everything at one moment, as values: what the page draws and the metrics count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sftp_sync.attention import Concern, Scene, concerns, general_concerns, of_leftovers
from sftp_sync.config import CampaignConfig, Config
from sftp_sync.ledger.leftovers import Elsewhere
from sftp_sync.ledger.summaries import Summary
from sftp_sync.model import PLANNED_STEPS, CampaignRecord, Notice, PlannedStep, RunRecord
from sftp_sync.overview import Outlook
from sftp_sync.timetable import shown_next_run, timetable
from sftp_sync.web.progress import Progress, progress_of, times_left, waiting_rows
from sftp_sync.web.readiness import reasons_against
from sftp_sync.web.sources import Sources
from sftp_sync.wiring.outlook import outlook, room_left

SHOWN_FILES = 25

Runs = Mapping[tuple[str, PlannedStep], RunRecord]


@dataclass(frozen=True)
class CampaignNow:
    """A campaign at this moment. `reasons` are why it could not run."""

    config: CampaignConfig
    summary: Summary
    concerns: tuple[Concern, ...]
    reasons: tuple[str, ...]
    runs: Mapping[PlannedStep, RunRecord]
    next_runs: Mapping[PlannedStep, datetime]
    progress: Progress | None

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.config.name

    @property
    def next_run(self) -> datetime | None:
        """When lists are fetched next."""
        return self.next_runs.get("collect")

    @property
    def is_enabled(self) -> bool:
        """Whether it is meant to run."""
        return self.config.settings.enabled


@dataclass(frozen=True)
class Snapshot:
    """All of it."""

    made_at: datetime
    campaigns: tuple[CampaignNow, ...]
    general: tuple[Concern, ...]
    spool_bytes: int
    ledger_bytes: int
    free_bytes: int | None

    @property
    def concerns(self) -> list[Concern]:
        """What a person must do, of campaigns that are meant to run and in general."""
        ours = (one for now in self.campaigns if now.is_enabled for one in now.concerns)
        return [*self.general, *ours]


def take(sources: Sources) -> Snapshot:
    """Look at everything once."""
    config, now = sources.config(), sources.now()
    summaries = sources.ledger.summaries.all(SHOWN_FILES)
    notices, runs = sources.ledger.notices.all(), sources.ledger.runs.all()
    models = [one.model for one in config.campaigns.values()]
    elsewhere = sources.ledger.leftovers.elsewhere(models)
    view = _View(config, notices, runs, outlook(config, now), now, elsewhere)
    found = [
        view.campaign(one, summaries.get(name, Summary(CampaignRecord(name))))
        for name, one in config.campaigns.items()
    ]
    free = room_left(config.state_dir)
    leftovers = of_leftovers(sources.ledger.leftovers.beside(config.campaigns))
    return Snapshot(
        made_at=now,
        campaigns=tuple(_with_times(found, sources, config)),
        general=(*general_concerns(notices, config.campaigns, free), *leftovers),
        spool_bytes=_size_below(config.state_dir / "spool"),
        ledger_bytes=sum(_size(path) for path in config.state_dir.glob("ledger.db*")),
        free_bytes=free,
    )


@dataclass(frozen=True)
class _View:
    config: Config
    notices: list[Notice]
    runs: Runs
    outlook: Outlook
    now: datetime
    elsewhere: Mapping[str, Sequence[Elsewhere]]

    def campaign(self, one: CampaignConfig, summary: Summary) -> CampaignNow:
        """What there is to say of one campaign."""
        scene = Scene(
            campaign=one.model,
            known=summary.known,
            files=summary.files,
            notices=self.notices,
            for_a_person=summary.for_a_person,
            elsewhere=self.elsewhere.get(one.name, ()),
            expected=self.outlook.expected.get(one.name),
            last_received_at=summary.last_received_at,
            now=self.now,
        )
        found = tuple(concerns(scene))
        is_planned = one.settings.enabled and not summary.known.paused
        return CampaignNow(
            config=one,
            summary=summary,
            concerns=found,
            reasons=tuple(reasons_against(summary.known, found, self._failures(one), self.now)),
            runs={
                step: self.runs[one.name, step]
                for step in PLANNED_STEPS
                if (one.name, step) in self.runs
            },
            next_runs=self._next_runs(one) if is_planned else {},
            progress=progress_of(summary.files),
        )

    def _failures(self, one: CampaignConfig) -> int | None:
        collects = self.runs.get((one.name, "collect"))
        return None if collects is None else collects.failures

    def _next_runs(self, one: CampaignConfig) -> dict[PlannedStep, datetime]:
        due = {
            step: shown_next_run(timetable(one, step), self.runs.get((one.name, step)), self.now)
            for step in PLANNED_STEPS
        }
        return {step: moment for step, moment in due.items() if moment is not None}


def _with_times(found: list[CampaignNow], sources: Sources, config: Config) -> list[CampaignNow]:
    """How long sending takes yet: by the pace of the last minutes, else by the account's limit."""
    waiting: dict[str, dict[str, int]] = defaultdict(dict)
    for one in found:
        if one.is_enabled and not one.reasons and not one.summary.known.paused:
            waiting[one.config.settings.account][one.name] = waiting_rows(one.summary.files)
    timed: dict[str, Progress] = {}
    progress = {one.name: one.progress for one in found if one.progress is not None}
    for account, rows in waiting.items():
        measured = sources.meters.a_minute(account)
        limit = config.accounts[account].requests_per_minute
        for name, left in times_left(rows, measured or limit).items():
            timed[name] = replace(progress[name], left=left, is_measured=measured is not None)
    return [replace(one, progress=timed.get(one.name, one.progress)) for one in found]


def _size_below(folder: Path) -> int:
    return sum(_size(path) for path in folder.rglob("*"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        # Gone meanwhile.
        return 0

"""What the pages say of campaigns, in the order in which it matters. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from sftp_sync.attention import Concern
from sftp_sync.ledger.returns import Returned
from sftp_sync.model import FileRecord, FileState, RowState, many
from sftp_sync.overview import results_words
from sftp_sync.report import Tally, charts
from sftp_sync.report.charts import Piece
from sftp_sync.web.outlines import Outlines
from sftp_sync.web.snapshot import CampaignNow, Snapshot

SHOWN_CONCERNS = 40
SHOWN_FILES = 12


class State(IntEnum):
    """How a campaign is doing, the most pressing first."""

    CANNOT_RUN = 0
    NEEDS_A_LOOK = 1
    SENDING = 2
    UNDER_WAY = 3
    READY = 4
    PAUSED = 5
    OFF = 6

    @property
    def words(self) -> str:
        """As it is written."""
        return WORDS[self]

    @property
    def key(self) -> str:
        """As the style sheet has it."""
        return self.name.lower()


WORDS = {
    State.CANNOT_RUN: "cannot run",
    State.NEEDS_A_LOOK: "needs a look",
    State.SENDING: "sending",
    State.UNDER_WAY: "calls under way",
    State.READY: "ready",
    State.PAUSED: "paused",
    State.OFF: "off",
}


@dataclass(frozen=True)
class CampaignRow:
    """A line of the table of campaigns."""

    now: CampaignNow
    state: State
    to_send: int
    in_doubt: int
    bar: tuple[Piece, ...]
    bar_title: str


@dataclass(frozen=True)
class FileRow:
    """A contact file, where its rows stand, and how far their results have gone."""

    campaign: CampaignNow
    file: FileRecord
    counts: tuple[tuple[RowState, int], ...]
    results: str = ""


def pressing(snapshot: Snapshot) -> list[Concern]:
    """What a person must do: what stops a campaign first, then what has stood longest."""
    found = [one for one in snapshot.concerns if not one.is_quiet]
    stopped = {now.name for now in snapshot.campaigns if now.reasons}
    return sorted(found, key=lambda one: (one.scope not in stopped, one.since or snapshot.made_at))


def headline(concerns: list[Concern]) -> str:
    """The one sentence for somebody who reads no further."""
    if not concerns:
        return "Nothing needs you."
    return f"{many(len(concerns), 'thing')} need{'s' if len(concerns) == 1 else ''} you."


def state_of(now: CampaignNow) -> State:
    """How a campaign is doing."""
    facts = (
        (State.OFF, not now.is_enabled),
        (State.CANNOT_RUN, bool(now.reasons)),
        (State.PAUSED, now.summary.known.paused),
        (State.NEEDS_A_LOOK, any(not one.is_quiet for one in now.concerns)),
        (State.SENDING, now.progress is not None),
        (State.UNDER_WAY, bool(now.summary.file_states.get(FileState.FOLLOWING))),
    )
    return next((state for state, holds in facts if holds), State.READY)


def sending(snapshot: Snapshot) -> list[CampaignNow]:
    """The campaigns whose lists are being sent, the soonest done first."""
    found = [now for now in snapshot.campaigns if now.progress is not None and now.is_enabled]
    return sorted(found, key=_seconds_left)


def _seconds_left(now: CampaignNow) -> float:
    left = None if now.progress is None else now.progress.left
    return float("inf") if left is None else left.total_seconds()


def campaign_rows(snapshot: Snapshot, outlines: Outlines | None) -> list[CampaignRow]:
    """All campaigns, those with trouble first."""
    rows = [_campaign_row(now, outlines) for now in snapshot.campaigns]
    return sorted(rows, key=lambda row: row.state)


def _campaign_row(now: CampaignNow, outlines: Outlines | None) -> CampaignRow:
    tally = None if outlines is None else outlines.tallies.get(now.name)
    rows = now.summary.rows
    return CampaignRow(
        now=now,
        state=state_of(now),
        to_send=rows.get(RowState.PENDING, 0) + rows.get(RowState.SENDING, 0),
        in_doubt=rows.get(RowState.UNCERTAIN, 0),
        bar=() if tally is None or not tally.total else charts.stacked_bar(tally),
        bar_title=charts.bar_title(tally or Tally()),
    )


def latest_files(snapshot: Snapshot) -> list[FileRow]:
    """The files that came last, over all campaigns."""
    came = ((now, file) for now in snapshot.campaigns for file in now.summary.files)
    latest = heapq.nlargest(SHOWN_FILES, came, key=lambda pair: (pair[1].received_at, pair[1].id))
    return [_file_row(now, file) for now, file in latest]


def file_rows(now: CampaignNow, returned: Mapping[int, Returned]) -> list[FileRow]:
    """The files of a campaign, the latest first."""
    came = sorted(now.summary.files, key=lambda file: (file.received_at, file.id), reverse=True)
    return [
        replace(_file_row(now, file), results=results_words(returned[file.id])) for file in came
    ]


def _file_row(now: CampaignNow, file: FileRecord) -> FileRow:
    counts = ((state, file.rows.get(state, 0)) for state in RowState)
    return FileRow(now, file, tuple((state, number) for state, number in counts if number))

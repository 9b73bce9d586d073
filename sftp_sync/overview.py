"""What is going on, as plain values: for `status`, `files`, and whoever else shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sftp_sync.attention import (
    Concern,
    Expectation,
    Scene,
    concerns,
    general_concerns,
    of_leftovers,
)
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.returns import Returned
from sftp_sync.model import (
    BRINGS_NO_ROWS,
    Campaign,
    CampaignRecord,
    FileRecord,
    Launch,
    RowRecord,
    RowState,
    many,
)

DAEMON, LEDGER = "daemon", "ledger"
# It shows itself every second or so.
SILENT_SECONDS = 10


@dataclass(frozen=True)
class Standing:
    """Where a campaign stands."""

    campaign: Campaign
    known: CampaignRecord
    files: tuple[FileRecord, ...]
    concerns: tuple[Concern, ...]

    @property
    def attention(self) -> tuple[str, ...]:
        """What a person must do, each as one line."""
        return tuple(concern.line for concern in self.concerns)


@dataclass(frozen=True)
class Outlook:
    """What is expected of whom by now."""

    now: datetime | None = None
    expected: Mapping[str, Expectation] = field(default_factory=dict)


def standings(
    campaigns: Sequence[Campaign], ledger: Ledger, outlook: Outlook | None = None
) -> list[Standing]:
    """Where campaigns stand, in the order given."""
    notices, stuck = ledger.notices.all(), ledger.summaries.for_a_person()
    elsewhere = ledger.leftovers.elsewhere(campaigns)
    suspects = ledger.renames.suspects(campaigns)
    outlook = outlook or Outlook()
    found = []
    for campaign in campaigns:
        known = ledger.campaigns.get(campaign.name)
        files = ledger.files.all(campaign.name)
        scene = Scene(
            campaign=campaign,
            known=known,
            files=files,
            notices=notices,
            for_a_person=stuck.get(campaign.name, {}),
            elsewhere=elsewhere.get(campaign.name, ()),
            suspect=suspects.get(campaign.name),
            expected=outlook.expected.get(campaign.name),
            last_received_at=_last_received_at(files),
            now=outlook.now,
        )
        found.append(Standing(campaign, known, tuple(files), tuple(concerns(scene))))
    return found


def _last_received_at(files: Sequence[FileRecord]) -> datetime | None:
    came = (file.received_at for file in files if file.state not in BRINGS_NO_ROWS)
    return max(came, default=None)


@dataclass(frozen=True)
class Service:
    """Whether a daemon is at work, and what a person must do about it."""

    is_running: bool
    concerns: tuple[Concern, ...]


def service(ledger: Ledger, campaigns: Collection[str]) -> Service:
    """How the daemon is, as far as the ledger tells, and what is wrong beside these campaigns."""
    found = general_concerns(ledger.notices.all(), campaigns, None)
    holding = ledger.presence.of(DAEMON)
    if holding is None:
        return Service(is_running=False, concerns=tuple(found))
    if holding.is_dead:
        died = "The daemon has died."
        found.insert(0, Concern(DAEMON, "dead", died, "Type: systemctl restart sftp-sync"))
    elif holding.silent_seconds > SILENT_SECONDS:
        silent = (
            f"The daemon has been silent for {holding.silent_seconds:.0f} s: it is stopped, or"
            " cannot write to the ledger."
        )
        found.insert(0, Concern(DAEMON, "silent", silent, "Type: systemctl status sftp-sync"))
    return Service(is_running=not holding.is_dead, concerns=tuple(found))


def restored(ledger: Ledger) -> list[Concern]:
    """What a person must do where this very command has found that the ledger was put back."""
    if not ledger.was_restored:
        return []
    return [one for one in service(ledger, ()).concerns if one.scope == LEDGER]


def left_behind(ledger: Ledger, configured: Collection[str]) -> list[Concern]:
    """What a person must do about campaigns that are configured no more and are not done."""
    return of_leftovers(ledger.leftovers.beside(configured))


def file_document(file: FileRecord) -> dict[str, object]:
    """A file as the contract's JSON has it."""
    return {
        "id": file.id,
        "name": file.name,
        "sha256": file.sha256 or None,
        "state": file.state,
        "reason": file.reason,
        "received_at": utc(file.received_at),
        "rows": {"total": file.total} | {state: file.rows.get(state, 0) for state in RowState},
    }


def results_document(returned: Returned) -> dict[str, object]:
    """How far the results of a file have gone: files for the partner, and rows in none yet."""
    return {
        "delivered": returned.delivered,
        "delivered_at": utc(returned.delivered_at),
        "outstanding": returned.outstanding,
        "error": returned.error,
        "rows_outstanding": returned.rows_outstanding,
    }


def results_words(returned: Returned) -> str:
    """The same in a few words."""
    told = (
        (returned.delivered, f"{returned.delivered:,} delivered"),
        (returned.outstanding, f"{returned.outstanding:,} due"),
        (returned.rows_outstanding, f"{many(returned.rows_outstanding, 'row')} to come"),
    )
    return ", ".join(words for number, words in told if number) or "-"


def launch_document(launch: Launch) -> dict[str, object]:
    """A campaign that the vendor made of a file; `counts` is in the vendor's own words."""
    return {
        "id": launch.vendor_id,
        "name": launch.name,
        "state": launch.state,
        "recipients": launch.recipients,
        "started_at": utc(launch.started_at),
        "status": launch.status,
        "counts": dict(launch.counts),
        "reason": launch.reason,
    }


def row_document(row: RowRecord) -> dict[str, object]:
    """A row as the contract's JSON has it."""
    return {
        "id": row.id,
        "line": row.line,
        "phone": row.phone,
        "state": row.state,
        "code": row.code,
        "reason": row.reason,
        "call_id": row.call_id,
        "call_status": row.call_status,
    }


def utc(moment: datetime | None) -> str | None:
    """A time as JSON carries it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

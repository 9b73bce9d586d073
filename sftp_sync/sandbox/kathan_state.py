"""What Kathan's sandbox knows: campaigns, lists and calls. Time comes in as an argument."""

from __future__ import annotations

import csv
import io
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sftp_sync.sandbox.kathan_faults import KathanFaults
from sftp_sync.sandbox.kathan_fields import DEFAULTS
from sftp_sync.sandbox.talkover_lives import (
    OVER_AT_ONCE,
    Activity,
    Life,
    Standing,
    at_speed,
    plan_life,
    standing,
)

OTHER_WORDS = {"completed": "wrapped-up", "no-answer": "gave-up", "queued": "in-line"}


@dataclass
class Call:
    """A call of a campaign that was started."""

    id: str
    to: str
    campaign: Campaign
    created_at: float
    life: Life

    def how(self, now: float) -> Standing:
        """How it stands."""
        return standing(self.life, self.created_at, self.campaign.activity, now)


@dataclass
class Campaign:
    """A campaign and whom it calls."""

    id: str
    fields: dict[str, Any]
    recipients: list[dict[str, Any]]
    created_at: float
    updated_at: float
    status: str = "draft"
    activity: Activity = field(default_factory=Activity)
    calls: list[Call] = field(default_factory=list)

    def turn(self, status: str, now: float) -> None:
        """Take another status; only one that runs calls."""
        self.status = status
        self.updated_at = now
        self.activity.turn(now, on=status == "running")


@dataclass
class KathanState:
    """One account's world."""

    speed: float
    seed: int
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    list_names: dict[str, str | None] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def make(self, body: Mapping[str, Any], now: float) -> Campaign:
        """A new draft."""
        fields = {**DEFAULTS, **body}
        recipients = fields.pop("recipients", None) or []
        made = Campaign(str(uuid.uuid4()), fields, list(recipients), now, now)
        self.campaigns[made.id] = made
        return made

    def recipients_of(self, campaign: Campaign) -> list[dict[str, Any]]:
        """Whom a campaign calls: those in it and those of its list."""
        listed = self.lists.get(campaign.fields["recipient_list_id"] or "", [])
        return [*campaign.recipients, *listed]

    def start(self, campaign: Campaign, faults: KathanFaults, now: float) -> list[dict[str, Any]]:
        """Call everybody. What a second start does is not documented: it calls everybody again."""
        campaign.turn("running", now)
        recipients = self.recipients_of(campaign)
        for one in recipients:
            for turn in range(2 if faults.retries_as_calls else 1):
                life = self._life(f"{one['phone_number']}:{turn}", faults)
                number = one["phone_number"]
                call = Call(str(uuid.uuid4()), number, campaign, now, life)
                campaign.calls.append(call)
                self.calls.append(call)
        return recipients

    def settle(self, now: float) -> None:
        """A campaign of which every call is over is completed."""
        for campaign in self.campaigns.values():
            if campaign.status == "running" and all(
                call.how(now).is_over for call in campaign.calls
            ):
                campaign.turn("completed", now)

    def _life(self, which: str, faults: KathanFaults) -> Life:
        if faults.over_at_once:
            return OVER_AT_ONCE
        return at_speed(plan_life(f"{self.seed}:{which}", 0, 0), self.speed)


def rows_of(content: bytes) -> list[dict[str, Any]] | None:
    """The recipients of a CSV; None where it has no column for the number."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8")))
    if "phone_number" not in (rows.fieldnames or ()):
        return None
    return [
        {"phone_number": row.pop("phone_number"), "metadata": dict(row), "assistant_overrides": {}}
        for row in rows
    ]


def campaign_document(
    state: KathanState, campaign: Campaign, faults: KathanFaults, now: float
) -> dict[str, Any]:
    """A campaign as the vendor shows it: its times in another spelling than it takes them."""
    fields = dict(campaign.fields)
    times = [fields.pop(name) for name in ("scheduleStartTime", "scheduleEndTime")]
    shown = [faults.schedule_in_zone or time if time else None for time in times]
    list_id = fields["recipient_list_id"]
    return {
        "id": campaign.id,
        **fields,
        "status": faults.shows_status or campaign.status,
        "assistant_name": None,
        "caller_id_number": None,
        "schedule_start_time": None if faults.ignores_schedule else shown[0],
        "schedule_end_time": None if faults.ignores_schedule else shown[1],
        "recipient_list_name": state.list_names.get(list_id or ""),
        "recipient_list_row_count": len(state.lists[list_id]) if list_id in state.lists else None,
        "counts": {
            "recipients": len(state.recipients_of(campaign)),
            **Counter(call.how(now).status for call in campaign.calls),
        },
        "created_at": stamp(campaign.created_at),
        "updated_at": stamp(campaign.updated_at),
    }


def call_document(call: Call, faults: KathanFaults, now: float) -> dict[str, Any]:
    """A call as the vendor shows it: nothing says of which campaign it is."""
    how = call.how(now)
    fields = call.campaign.fields
    is_shown = not faults.hides_who_calls
    ended = stamp(how.changed_at) if how.is_over and not faults.hides_ends else None
    return {
        "id": call.id,
        "to_number": call.to,
        "provider": fields["channel"],
        "status": OTHER_WORDS.get(how.status, how.status) if faults.other_words else how.status,
        "phone_number_id": fields["phone_number_id"] if is_shown else None,
        "assistant_id": fields["assistant_id"] if is_shown else None,
        "from_number": None,
        "direction": "outbound",
        "created_at": stamp(call.created_at),
        "started_at": None,
        "ended_at": ended,
        "ended_reason": None,
        "duration_seconds": how.duration_seconds if how.is_over else None,
        "summary": None,
        "recording_url": None,
        "transcript": None,
    }


def stamp(moment: float) -> str:
    """A time as the vendor writes it; which way is not documented."""
    return datetime.fromtimestamp(moment, UTC).isoformat()

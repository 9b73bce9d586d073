"""What the sandbox knows of campaigns and calls. Time comes in as an argument: nothing ticks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.sandbox.talkover_lives import (
    OVER_AT_ONCE,
    Activity,
    Life,
    Standing,
    at_speed,
    plan_life,
    standing,
)

DEFAULT_FIELDS: Mapping[str, Any] = {
    "description": "",
    "campaign_type": "custom",
    "start_date": "2024-01-01",
    "end_date": None,
    "days_of_week": [1, 2, 3, 4, 5, 6, 7],
    "call_time_ranges": [{"start": "00:00", "end": "23:59"}],
    "timezone": "UTC",
    "initial_call_delay": 0,
    "auto_complete": False,
    "retry_on_no_conversion": False,
    "enable_post_completion_cooldown": False,
    "post_completion_cooldown_hours": 168,
    "success_cooldown_hours": 168,
    "voicemail_cooldown_hours": 24,
    "no_answer_cooldown_hours": 24,
    "busy_cooldown_hours": 24,
    "failed_cooldown_hours": 24,
    "do_not_call_enabled": False,
    "do_not_call_list_source": "environment",
    "do_not_call_custom_list": [],
    "auto_add_to_dnc_enabled": False,
    "auto_dnc_trigger_statuses": [],
    "auto_dnc_trigger_errors": [],
}
TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "draft": ("active", "cancelled"),
    "active": ("paused", "completed", "cancelled"),
    "paused": ("active", "completed", "cancelled"),
    "completed": (),
    "cancelled": (),
}


@dataclass(frozen=True)
class CampaignSettings:
    """A campaign as it stands when the sandbox starts."""

    id: str
    name: str = "Sandbox campaign"
    status: str = "active"
    max_retries: int = 3
    retry_cooldown_hours: float = 24


@dataclass
class Call:
    """An accepted call. `ended` keeps how it ended, once it has; `created` is its time as text."""

    id: str
    to: str
    created_at: float
    created: str
    life: Life
    is_testing: bool
    ended: Standing | None = None


@dataclass
class HostedSftp:
    """The vendor's own SFTP integration of one campaign."""

    created_at: float
    updated_at: float
    settings: dict[str, Any]
    is_enabled: bool = False
    last_test_at: float | None = None
    last_test_success: bool | None = None
    logs: list[dict[str, Any]] = field(default_factory=list)
    busy_until: float = 0.0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Campaign:
    """A campaign and its calls, oldest first. `fields` are what its owner has set beside what
    `settings` holds.
    """

    settings: CampaignSettings
    status: str
    created_at: float
    updated_at: float
    fields: dict[str, Any] = field(default_factory=lambda: dict(DEFAULT_FIELDS))
    files: list[dict[str, Any]] = field(default_factory=list)
    hosted: HostedSftp | None = None
    activity: Activity = field(default_factory=Activity)
    calls: list[Call] = field(default_factory=list)
    by_number: dict[str, list[Call]] = field(default_factory=dict)

    def turn(self, status: str, now: float) -> None:
        """Take another status; only an active campaign calls."""
        self.status = status
        self.updated_at = now
        self.activity.turn(now, on=status == "active")

    def how(self, call: Call, now: float) -> Standing:
        """How a call stands now."""
        if call.ended is None:
            found = standing(call.life, call.created_at, self.activity, now)
            if found.status == "queued" and self.status in ("completed", "cancelled"):
                found = Standing("cancelled", changed_at=call.created_at, is_over=True)
            if not found.is_over:
                return found
            call.ended = found
        return call.ended

    def open_call(self, to: str, now: float) -> Call | None:
        """The call to this number that is queued or active, if any."""
        for call in reversed(self.by_number.get(to, [])):
            if self.how(call, now).is_queued_or_active:
                return call
        return None


class TalkoverState:
    """One vendor account: its campaigns and all its calls."""

    def __init__(
        self, campaigns: tuple[CampaignSettings, ...], speed: float, seed: int, now: float
    ) -> None:
        self._speed = speed
        self._seed = seed
        self.foreign: frozenset[str] = frozenset()  # campaigns of other accounts
        self.calls: list[tuple[Campaign, Call]] = []
        self.campaigns: dict[str, Campaign] = {}
        for settings in campaigns:
            campaign = Campaign(settings, settings.status, now, now)
            campaign.turn(settings.status, now)
            self.campaigns[settings.id] = campaign

    def accept(
        self, campaign: Campaign, body: Mapping[str, Any], faults: TalkoverFaults, now: float
    ) -> Call:
        """Queue a call."""
        to = body["to"]
        earlier = campaign.by_number.setdefault(to, [])
        call = Call(
            id=str(uuid.uuid4()),
            to=to,
            created_at=now,
            created=stamp(now, whole_seconds=False),
            life=self._life(campaign.settings, f"{to}:{len(earlier)}", faults),
            is_testing=bool(body.get("is_testing")),
        )
        earlier.append(call)
        campaign.calls.append(call)
        self.calls.append((campaign, call))
        if faults.pause_after_calls is not None and len(campaign.calls) == faults.pause_after_calls:
            campaign.turn("paused", now)
        return call

    def _life(self, settings: CampaignSettings, which: str, faults: TalkoverFaults) -> Life:
        if faults.over_at_once:
            return OVER_AT_ONCE
        seed = f"{self._seed}:{settings.id}:{which}"
        return at_speed(
            plan_life(seed, settings.max_retries, settings.retry_cooldown_hours), self._speed
        )


def stamp(moment: float, *, whole_seconds: bool) -> str:
    """A timestamp as the vendor writes it."""
    at = datetime.fromtimestamp(moment, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ" if whole_seconds else "%Y-%m-%dT%H:%M:%S.%fZ")


def created_text(call: Call, faults: TalkoverFaults) -> str:
    """When a call was created, as this vendor writes it."""
    return f"{call.created[:19]}Z" if faults.whole_seconds else call.created


def listed_id(call: Call, faults: TalkoverFaults) -> str:
    """The id under which listings show a call: that it is the one of the 201 is not documented."""
    if not faults.different_ids:
        return call.id
    return str(uuid.uuid5(uuid.NAMESPACE_OID, call.id))

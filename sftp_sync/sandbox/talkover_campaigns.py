"""The vendor's endpoints about one campaign: read it, change it, turn it."""

from __future__ import annotations

from dataclasses import replace

from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.sandbox.talkover_settings import SCHEDULE, settings_errors
from sftp_sync.sandbox.talkover_state import TRANSITIONS, Campaign, TalkoverState, stamp
from sftp_sync.sandbox.talkover_views import AGENT, campaign_document, settings_document
from sftp_sync.sandbox.talkover_words import INVALID, Asked, Said, object_of, refusal

LIVED_BY = ("name", "max_retries", "retry_cooldown_hours")
QUEUED = ("queued", "scheduled")
BUSY = "Cannot update schedule while there are queued calls. Pause the campaign first."


def show(
    _asked: Asked, _state: TalkoverState, campaign: Campaign, faults: TalkoverFaults, now: float
) -> Said:
    """GET /campaigns/{id}."""
    document = campaign_document(campaign, faults, now)
    return Said(200, {"success": True, "data": document})


def update(
    asked: Asked, _state: TalkoverState, campaign: Campaign, _faults: TalkoverFaults, now: float
) -> Said:
    """PUT /campaigns/{id}: any of its fields, the others stay."""
    body = object_of(asked.body)
    if body is None:
        return refusal(422, INVALID, errors={})
    if errors := settings_errors(body, campaign.fields, (AGENT["id"],)):
        return refusal(422, INVALID, errors=errors)
    is_busy = campaign.status == "active" and any(
        campaign.how(call, now).status in QUEUED for call in campaign.calls
    )
    if is_busy and any(name in SCHEDULE for name in body):
        return refusal(409, BUSY, code="CAMPAIGN_HAS_ACTIVE_CALLS")
    campaign.fields |= body
    lasting = {name: value for name, value in body.items() if name in LIVED_BY}
    campaign.settings = replace(campaign.settings, **lasting)
    campaign.updated_at = now
    return Said(200, {"success": True, "data": settings_document(campaign)})


def change_status(
    asked: Asked, _state: TalkoverState, campaign: Campaign, _faults: TalkoverFaults, now: float
) -> Said:
    """PATCH /campaigns/{id}/status."""
    body = object_of(asked.body) or {}
    wanted = body.get("status")
    if wanted not in TRANSITIONS:
        return refusal(422, INVALID, errors={"status": ["The selected status is invalid."]})
    if wanted not in TRANSITIONS[campaign.status]:
        words = f"Cannot transition from {campaign.status} to {wanted} status"
        return refusal(400, words, code="INVALID_TRANSITION")
    campaign.turn(wanted, now)
    changed = {
        "id": campaign.settings.id,
        "status": wanted,
        "updated_at": stamp(now, whole_seconds=True),
    }
    words = "Campaign status updated successfully"
    return Said(200, {"success": True, "message": words, "data": changed})

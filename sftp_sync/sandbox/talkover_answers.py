"""What each of the vendor's endpoints says: strict where its documentation is strict."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.sandbox.talkover_state import (
    TRANSITIONS,
    Call,
    Campaign,
    TalkoverState,
    created_text,
    stamp,
)
from sftp_sync.sandbox.talkover_views import (
    call_query_errors,
    calls_document,
    campaign_document,
)

PREFIX = "/api/v1"
E164 = re.compile(r"\+[1-9]\d{6,14}")
CAMPAIGN_PATH = re.compile(r"/campaigns/([^/]+)(/call|/status)?")
CALL_FIELDS: Mapping[str, type] = {
    "to": str,
    "payload": dict,
    "context": dict,
    "is_testing": bool,
    "allow_duplicates": bool,
}
INVALID = "The given data was invalid."


@dataclass(frozen=True)
class Asked:
    """A request that was let in."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes

    @property
    def kind(self) -> Literal["calls", "reads"]:
        """Does it ask for a call, or for anything else?"""
        return "calls" if self.method == "POST" and self.path.endswith("/call") else "reads"


@dataclass(frozen=True)
class Said:
    """An answer, and the call that was accepted with it."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    call: Call | None = None


def refusal(status: int, message: str, **more: object) -> Said:
    """The usual shape of a no."""
    return Said(status, {"success": False, "message": message, **more})


def answer(asked: Asked, state: TalkoverState, faults: TalkoverFaults, now: float) -> Said:
    """What the vendor says to a request with a good token."""
    path = asked.path.removeprefix(PREFIX)
    if asked.method == "GET" and path == "/calls":
        return _list_calls(asked, state, faults, now)
    match = CAMPAIGN_PATH.fullmatch(path)
    if match is None:
        return refusal(404, "Not found")
    campaign = state.campaigns.get(match.group(1))
    if campaign is None:
        if match.group(1) in state.foreign and asked.kind == "calls":
            return refusal(403, "Cannot make calls for this campaign")
        return refusal(404, "Campaign not found")
    endpoint = ENDPOINTS.get((asked.method, match.group(2)))
    if endpoint is None:
        return refusal(405, "Method not allowed")
    return endpoint(asked, state, campaign, faults, now)


def call_errors(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a request for a call. Unknown fields are ours to find out about."""
    errors = {}
    for name, value in body.items():
        kind = CALL_FIELDS.get(name)
        if kind is None:
            errors[name] = [f"The {name} field is not known."]
        elif not isinstance(value, kind):
            errors[name] = [f"The {name} has the wrong type."]
    to = body.get("to")
    if not to:
        errors["to"] = ["The to field is required."]
    elif not isinstance(to, str) or not E164.fullmatch(to):
        errors["to"] = ["The to must be a valid phone number."]
    return errors


def _list_calls(asked: Asked, state: TalkoverState, faults: TalkoverFaults, now: float) -> Said:
    if errors := call_query_errors(asked.query):
        return refusal(422, INVALID, errors=errors)
    return Said(200, calls_document(state, asked.query, faults, now))


def _queue_call(
    asked: Asked, state: TalkoverState, campaign: Campaign, faults: TalkoverFaults, now: float
) -> Said:
    if campaign.status != "active":
        return refusal(400, "Campaign is not active")
    body = _object(asked.body)
    if body is None:
        return refusal(422, INVALID, errors={"to": ["The to field is required."]})
    if errors := call_errors(body):
        return refusal(422, INVALID, errors=errors)
    open_call = None if body.get("allow_duplicates") else campaign.open_call(body["to"], now)
    if open_call is not None:
        words = "A call to this number already exists in this campaign"
        return refusal(409, words, existing_call=_call_document(campaign, open_call, faults, now))
    call = state.accept(campaign, body, faults, now)
    created_at = created_text(call, faults)
    document = {
        "campaign_call": {
            "id": call.id,
            "campaign_id": campaign.settings.id,
            "to": call.to,
            "status": "queued",
            "scheduled_at": created_at,
            "created_at": created_at,
        },
        "campaign": {
            "id": campaign.settings.id,
            "name": campaign.settings.name,
            "status": campaign.status,
        },
    }
    return Said(201, document, call=call)


def _call_document(
    campaign: Campaign, call: Call, faults: TalkoverFaults, now: float
) -> dict[str, str]:
    return {
        "id": call.id,
        "campaign_id": campaign.settings.id,
        "to": call.to,
        "status": campaign.how(call, now).status,
        "created_at": created_text(call, faults),
    }


def _show_campaign(
    _asked: Asked, _state: TalkoverState, campaign: Campaign, faults: TalkoverFaults, now: float
) -> Said:
    document = campaign_document(campaign, faults, now)
    return Said(200, {"success": True, "data": document})


def _change_status(
    asked: Asked, _state: TalkoverState, campaign: Campaign, _faults: TalkoverFaults, now: float
) -> Said:
    body = _object(asked.body) or {}
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


Endpoint = Callable[[Asked, TalkoverState, Campaign, TalkoverFaults, float], Said]
ENDPOINTS: Mapping[tuple[str, str | None], Endpoint] = {
    ("GET", None): _show_campaign,
    ("POST", "/call"): _queue_call,
    ("PATCH", "/status"): _change_status,
}


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None

"""What each of the vendor's endpoints says: strict where its documentation is strict."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sftp_sync.sandbox import talkover_campaigns, talkover_sftp
from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.sandbox.talkover_state import Call, Campaign, TalkoverState, created_text
from sftp_sync.sandbox.talkover_views import call_query_errors, calls_document
from sftp_sync.sandbox.talkover_words import (
    E164,
    INVALID,
    PREFIX,
    Asked,
    Said,
    object_of,
    refusal,
)

CAMPAIGN_PATH = re.compile(r"/campaigns/([^/]+)(/.+)?")
CALL_FIELDS: Mapping[str, type] = {
    "to": str,
    "payload": dict,
    "context": dict,
    "is_testing": bool,
    "allow_duplicates": bool,
}
# Another account's campaign is none of ours; two endpoints say so in their own way.
FORBIDDEN: Mapping[tuple[str, str | None], str] = {
    ("POST", "/call"): "Cannot make calls for this campaign",
    ("PATCH", "/status"): "Cannot change this campaign",
}


def answer(asked: Asked, state: TalkoverState, faults: TalkoverFaults, now: float) -> Said:
    """What the vendor says to a request with a good token."""
    path = asked.path.removeprefix(PREFIX)
    if asked.method == "GET" and path == "/calls":
        return _list_calls(asked, state, faults, now)
    match = CAMPAIGN_PATH.fullmatch(path)
    if match is None:
        return refusal(404, "Not found")
    which = (asked.method, match.group(2))
    campaign = state.campaigns.get(match.group(1))
    if campaign is None:
        if match.group(1) in state.foreign and which in FORBIDDEN:
            return refusal(403, FORBIDDEN[which])
        return refusal(404, "Campaign not found")
    endpoint = ENDPOINTS.get(which)
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
    body = object_of(asked.body)
    if body is None:
        return refusal(422, INVALID, errors={"to": ["The to field is required."]})
    if errors := call_errors(body):
        return refusal(422, INVALID, errors=errors)
    open_call = None if body.get("allow_duplicates") else campaign.open_call(body["to"], now)
    if open_call is not None:
        words = "A call to this number already exists in this campaign"
        existing = _call_document(campaign, open_call, faults, now)
        return refusal(409, words, existing_call=existing | _named(existing, faults))
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


def _named(existing: Mapping[str, str], faults: TalkoverFaults) -> dict[str, str | None]:
    """The campaign that a conflict says the call is of."""
    match faults.conflict_names:
        case "another":
            return {"campaign_id": str(uuid.uuid5(uuid.NAMESPACE_OID, existing["campaign_id"]))}
        case "nothing":
            return {"campaign_id": None}
        case _:
            return {}


Endpoint = Callable[[Asked, TalkoverState, Campaign, TalkoverFaults, float], Said]
ENDPOINTS: Mapping[tuple[str, str | None], Endpoint] = {
    ("GET", None): talkover_campaigns.show,
    ("PUT", None): talkover_campaigns.update,
    ("POST", "/call"): _queue_call,
    ("PATCH", "/status"): talkover_campaigns.change_status,
    ("GET", "/sftp"): talkover_sftp.show,
    ("POST", "/sftp"): talkover_sftp.create,
    ("PUT", "/sftp"): talkover_sftp.update,
    ("POST", "/sftp/test-connection"): talkover_sftp.connect,
    ("POST", "/sftp/trigger-import"): talkover_sftp.trigger_import,
    ("GET", "/sftp/logs"): talkover_sftp.logs,
}

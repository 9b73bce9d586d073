"""What each of Kathan's endpoints says."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sftp_sync.sandbox.kathan_faults import KathanFaults
from sftp_sync.sandbox.kathan_fields import errors_in
from sftp_sync.sandbox.kathan_state import (
    Campaign,
    KathanState,
    call_document,
    campaign_document,
    rows_of,
)
from sftp_sync.sandbox.kathan_words import (
    START,
    Asked,
    FieldErrors,
    Said,
    form_of,
    invalid,
    object_of,
    refusal,
)

Started = Callable[[Campaign, list[dict[str, object]]], None]
"""Told of a start before anybody else is."""


@dataclass(frozen=True)
class Visit:
    """A request, and the world it comes into. `named` is the id in its path, if there is one."""

    asked: Asked
    state: KathanState
    faults: KathanFaults
    now: float
    started: Started
    named: str = ""


def answer(visit: Visit) -> Said:
    """What the vendor says to a request that was let in."""
    visit.state.settle(visit.now)
    for method, path, endpoint in ENDPOINTS:
        match = path.fullmatch(visit.asked.path)
        if match is not None and visit.asked.method == method:
            return endpoint(replace(visit, named="".join(match.groups())))
    return _not_found()


def _make(visit: Visit) -> Said:
    state, faults, now = visit.state, visit.faults, visit.now
    body = object_of(visit.asked.body)
    if body is None:
        return invalid({(): "Input should be a valid dictionary"})
    errors = errors_in(body, is_new=True) or _unwanted(body, faults)
    if errors:
        return invalid(errors)
    list_id = body.get("recipient_list_id")
    if list_id is not None and list_id not in state.lists:
        return refusal(404, "Recipient list not found")
    made = state.make(body, now)
    if faults.starts_by_itself:
        visit.started(made, state.start(made, faults, now))
    return Said(200, campaign_document(state, made, faults, now), has_effect=True)


def _unwanted(body: dict[str, Any], faults: KathanFaults) -> FieldErrors:
    """Numbers that are well-formed, and that the vendor does not call all the same."""
    return {
        ("recipients", position, "phone_number"): "value is not a valid phone number"
        for position, one in enumerate(body.get("recipients") or ())
        if one["phone_number"] == faults.refuses_number
    }


def _change(visit: Visit) -> Said:
    campaign = visit.state.campaigns.get(visit.named)
    body = object_of(visit.asked.body)
    if campaign is None:
        return _not_found()
    if body is None:
        return invalid({(): "Input should be a valid dictionary"})
    errors = errors_in(body, is_new=False)
    if errors:
        return invalid(errors)
    recipients = body.pop("recipients", None)
    if recipients is not None:
        campaign.recipients = recipients
    campaign.fields.update(body)
    campaign.updated_at = visit.now
    shown = campaign_document(visit.state, campaign, visit.faults, visit.now)
    return Said(200, shown, has_effect=True)


def _start(visit: Visit) -> Said:
    state, faults, now = visit.state, visit.faults, visit.now
    campaign = state.campaigns.get(visit.named)
    if campaign is None:
        return _not_found()
    if not faults.start_leaves_draft:
        visit.started(campaign, state.start(campaign, faults, now))
    return Said(200, campaign_document(state, campaign, faults, now), has_effect=True)


def _keep_list(visit: Visit) -> Said:
    state, form = visit.state, form_of(visit.asked)
    rows = rows_of(form["file"]) if "file" in form else []
    if rows is None:
        return invalid({("file",): "The CSV needs a column phone_number"})
    list_id = str(uuid.uuid4())
    state.lists[list_id] = rows
    state.list_names[list_id] = form["name"].decode() if "name" in form else None
    document = {"name": state.list_names[list_id], "row_count": len(rows)}
    return Said(200, document if visit.faults.hides_list_id else {"id": list_id, **document})


def _upload(visit: Visit) -> Said:
    state, list_id, form = visit.state, visit.named, form_of(visit.asked)
    if list_id not in state.lists:
        return _not_found()
    rows = rows_of(form["file"]) if "file" in form else None
    if rows is None:
        return invalid({("file",): "A CSV with a column phone_number is required"})
    # What is there is replaced unless `replace` says otherwise.
    kept = state.lists[list_id] if form.get("replace") == b"false" else []
    state.lists[list_id] = [*kept, *rows]
    return Said(200, {"id": list_id, "row_count": len(state.lists[list_id])}, has_effect=True)


def _list_calls(visit: Visit) -> Said:
    query = visit.asked.query
    try:
        limit = int(query.get("limit", "50"))
        offset = int(query.get("offset", "0"))
    except ValueError:
        return invalid({("limit",): "Input should be a valid integer"})
    newest_first = list(reversed(visit.state.calls))
    page = newest_first[offset : offset + limit]
    return Said(200, [call_document(call, visit.faults, visit.now) for call in page])


def _show_call(visit: Visit) -> Said:
    found = [call for call in visit.state.calls if call.id == visit.named]
    return Said(200, call_document(found[0], visit.faults, visit.now)) if found else _not_found()


def _not_found() -> Said:
    return refusal(404, "Not Found")


ENDPOINTS: tuple[tuple[str, re.Pattern[str], Callable[[Visit], Said]], ...] = (
    ("POST", re.compile("/campaign"), _make),
    ("PATCH", re.compile("/campaign/([^/]+)"), _change),
    ("POST", START, _start),
    ("POST", re.compile("/recipient-lists"), _keep_list),
    ("POST", re.compile("/recipient-lists/([^/]+)/recipients/upload-csv"), _upload),
    ("GET", re.compile("/calls"), _list_calls),
    ("GET", re.compile("/calls/([^/]+)"), _show_call),
)

"""The documents of the vendor's reading endpoints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sftp_sync.sandbox.talkover_faults import Spelling, TalkoverFaults
from sftp_sync.sandbox.talkover_state import (
    Call,
    Campaign,
    TalkoverState,
    created_text,
    listed_id,
    stamp,
)

STATUSES = ("initiated", "ringing", "answered", "completed", "failed", "busy", "no-answer")
DIRECTIONS = ("inbound", "outbound")
PER_PAGE = 20
MOST_PER_PAGE = 100
AGENT = {"id": "7a1c9a52-1f0e-4c59-9a5e-2d1f6b8c4e01", "name": "Sandbox agent", "label": "Sandbox"}


def campaign_document(campaign: Campaign, faults: TalkoverFaults, now: float) -> dict[str, Any]:
    """GET /campaigns/{id}."""
    seen = [call for call in campaign.calls if call.created_at + faults.listing_lag_seconds <= now]
    shown = _shown(seen, faults)
    rows = [row for call in shown for row in _call_rows(campaign, call, faults, now)]
    return {
        **settings_document(campaign),
        "agent": AGENT,
        "calls": rows,
        "files": campaign.files,
        "stats": _stats(campaign, shown if faults.total_counts == "listed" else seen, faults, now),
    }


def _shown(seen: list[Call], faults: TalkoverFaults) -> list[Call]:
    """Those that the campaign's own list shows."""
    if faults.hides_test_calls:
        seen = [call for call in seen if not call.is_testing]
    if faults.calls_cap is None:
        return seen
    oldest = faults.calls_shown == "oldest"
    return seen[: faults.calls_cap] if oldest else seen[max(0, len(seen) - faults.calls_cap) :]


def spelled(number: str, spelling: Spelling) -> str:
    """A number as this vendor's lists write it."""
    match spelling:
        case "national":
            return number.removeprefix("+1")
        case "spaced":
            return f"+1 ({number[2:5]}) {number[5:8]}-{number[8:]}"
        case "double_zero":
            return f"00{number[1:]}"
        case "no_plus":
            return number[1:]
        case "masked":
            return f"{number[:5]}***{number[-4:]}"
        case _:
            return number


def settings_document(campaign: Campaign) -> dict[str, Any]:
    """A campaign's own fields. Windows are set as ranges and shown as the earliest and the latest
    time: so the vendor's pages have it.
    """
    settings, fields = campaign.settings, dict(campaign.fields)
    windows = fields.pop("call_time_ranges")
    return {
        "id": settings.id,
        "name": settings.name,
        "status": campaign.status,
        "agent_id": AGENT["id"],
        "max_retries": settings.max_retries,
        "retry_cooldown_hours": settings.retry_cooldown_hours,
        "earliest_call_time": f"{min(window['start'] for window in windows)}:00",
        "latest_call_time": f"{max(window['end'] for window in windows)}:00",
        **fields,
        "created_at": stamp(campaign.created_at, whole_seconds=True),
        "updated_at": stamp(campaign.updated_at, whole_seconds=True),
    }


def calls_document(
    state: TalkoverState, query: dict[str, str], faults: TalkoverFaults, now: float
) -> dict[str, Any]:
    """GET /calls, newest first."""
    page, per_page = int(query.get("page", 1)), int(query.get("per_page", PER_PAGE))
    first = (page - 1) * per_page
    filters = {name: value for name, value in query.items() if name not in ("page", "per_page")}
    if filters:
        found = [pair for pair in reversed(state.calls) if _matches(*pair, filters, now)]
        total, chosen = len(found), found[first : first + per_page]
    else:
        total = len(state.calls)
        chosen = state.calls[max(0, total - first - per_page) : max(0, total - first)][::-1]
    rows = [_row(campaign, call, faults, now) for campaign, call in chosen]
    return {
        "success": True,
        "data": rows,
        "pagination": {
            "current_page": page,
            "last_page": max(1, math.ceil(total / per_page)),
            "per_page": per_page,
            "total": total,
            "from": first + 1 if rows else None,
            "to": first + len(rows) if rows else None,
        },
    }


def call_query_errors(query: dict[str, str]) -> dict[str, list[str]]:
    """What is wrong with the parameters of GET /calls."""
    errors = {}
    if query.get("status", STATUSES[0]) not in STATUSES:
        errors["status"] = ["The selected status is invalid."]
    if query.get("direction", DIRECTIONS[0]) not in DIRECTIONS:
        errors["direction"] = ["The selected direction is invalid."]
    for name in ("date_from", "date_to"):
        if name in query and not _is_date(query[name]):
            errors[name] = [f"The {name} is not a valid date."]
    for name, most in (("page", None), ("per_page", MOST_PER_PAGE)):
        value = query.get(name, "1")
        if not value.isdecimal() or int(value) < 1 or (most is not None and int(value) > most):
            errors[name] = [f"The {name} is out of range."]
    return errors


def _call_rows(
    campaign: Campaign, call: Call, faults: TalkoverFaults, now: float
) -> Iterator[dict[str, Any]]:
    """One row with its retries counted, or, where the vendor lists them so, a row for each."""
    how = campaign.how(call, now)
    row = {
        "id": listed_id(call, faults),
        "to": spelled(call.to, faults.numbers_as),
        "status": how.status,
        "retries": how.retries,
        "created_at": created_text(call, faults),
    }
    if not faults.retries_as_rows:
        yield row
        return
    for earlier in range(how.retries):
        outcome = call.life[earlier].outcome
        yield row | {"id": f"{row['id']}-{earlier}", "status": outcome, "retries": earlier}
    yield row


def _row(campaign: Campaign, call: Call, faults: TalkoverFaults, now: float) -> dict[str, Any]:
    how = campaign.how(call, now)
    return {
        "id": listed_id(call, faults),
        "sid": f"sid-{call.id}",
        "to": spelled(call.to, faults.numbers_as),
        "to_formatted": call.to,
        "from": "+12125550199",
        "from_formatted": "(212) 555-0199",
        "is_testing": call.is_testing,
        "direction": "outbound",
        "status": how.status,
        "duration": how.duration_seconds,
        "agent": AGENT,
        "created_at": created_text(call, faults),
        "updated_at": stamp(how.changed_at, whole_seconds=faults.whole_seconds),
    }


def _matches(campaign: Campaign, call: Call, filters: dict[str, str], now: float) -> bool:
    day = call.created[:10]
    return (
        filters.get("date_from", day) <= day <= filters.get("date_to", day)
        and filters.get("direction", "outbound") == "outbound"
        and filters.get("agent_id", AGENT["id"]) == AGENT["id"]
        and (filters.get("search", "") in call.to or filters["search"] == f"sid-{call.id}")
        and ("status" not in filters or filters["status"] == campaign.how(call, now).status)
    )


def _stats(
    campaign: Campaign, seen: list[Call], faults: TalkoverFaults, now: float
) -> dict[str, Any]:
    """Test calls are left out of the figures."""
    counted = [campaign.how(call, now) for call in seen if not call.is_testing]
    completed = [how.duration_seconds for how in counted if how.status == "completed"]
    stats: dict[str, Any] = {
        "total_calls": len(completed if faults.total_counts == "completed" else counted),
        "completed_calls": len(completed),
        "failed_calls": sum(how.status == "failed" for how in counted),
        "success_rate": round(100 * len(completed) / len(counted), 1) if counted else 0.0,
        "average_duration": round(sum(completed) / len(completed)) if completed else 0,
    }
    if faults.hide_total_calls:
        del stats["total_calls"]
    return stats


def _is_date(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [4, 2, 2] and all(part.isdecimal() for part in parts)

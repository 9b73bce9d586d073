"""Kathan: a whole list becomes a campaign, made as a draft and started when all is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import structlog

from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.model import Accepted
from sftp_sync.providers.base import (
    GONE,
    UNDER_WAY,
    Answer,
    CallPage,
    Draft,
    FileCampaign,
    Lane,
    Recipient,
    VendorCall,
    always,
)
from sftp_sync.providers.client import Told, VendorClient
from sftp_sync.providers.http import Words, refusal_of
from sftp_sync.providers.kathan_list import list_form
from sftp_sync.providers.shapes import identifier, number
from sftp_sync.providers.talkover import called_number
from sftp_sync.providers.times import time_of

CALLS_PER_PAGE = 50  # the documented default; what a larger number is cut to is not documented
MOST_PAGES = 10_000  # a listing that never ends must end here
# Sent in one spelling, answered in another.
SCHEDULE = {
    "scheduleStartTime": "schedule_start_time",
    "scheduleEndTime": "schedule_end_time",
}
LIST_ID_KEYS = ("id", "recipient_list_id", "list_id")
LIST_ID_WRAPPINGS = ("recipient_list", "list", "data")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Kathan:
    """An account at Kathan, reached by its client."""

    client: VendorClient

    def keep_list(self, name: str, recipients: Sequence[Recipient]) -> str:
        """Make a recipient list out of a CSV, in one request: nothing is there to be replaced."""
        form = list_form(name, recipients)
        told = self.client.request("POST", "/recipient-lists", form)
        _require_yes(told)
        found = list_id_of(told.document)
        if found:
            return found
        keys = ", ".join(sorted(told.document)) or "none"
        raise VendorRefused(
            "Kathan has taken a recipient list, and its answer holds no id to attach it by"
            f" (its keys: {keys}).",
            fix="Set kathan.recipient_list_above to more than the rows of a file: then its"
            " contacts travel in the campaign itself.",
        )

    def draft(self, draft: Draft, may_send: Callable[[], bool] = always) -> Answer:
        """Make a campaign without a schedule, so that it cannot start by itself."""
        body: dict[str, object] = {"name": draft.name, **draft.settings}
        if draft.list_id is None:
            body["recipients"] = [_recipient(one) for one in draft.recipients]
        else:
            body["recipient_list_id"] = draft.list_id
        return self.client.post_call("/campaign", body, Words(_made, is_refusal), may_send)

    def settle_schedule(
        self, campaign_id: str, name: str, schedule: Mapping[str, str]
    ) -> FileCampaign:
        """Write the schedule with the unchanged name, and compare what comes back."""
        answer = self._written(campaign_id, {"name": name, **schedule}, "dispatch")
        if _status(answer) == GONE:
            return _campaign(campaign_id, answer)
        for sent, answered in SCHEDULE.items():
            if sent in schedule:
                _require_same(sent, schedule[sent], answer.get(answered))
        return _campaign(campaign_id, answer)

    def start(self, campaign_id: str, may_send: Callable[[], bool] = always) -> Answer:
        """Start a campaign: one that says it is under way has been started."""
        path = f"/campaign/{quote(campaign_id, safe='')}/start"

        def started(document: Mapping[str, Any]) -> Accepted | None:
            status = _status(document)
            return Accepted(campaign_id, status) if status in UNDER_WAY else None

        return self.client.post_call(path, None, Words(started, is_refusal), may_send)

    def look(self, campaign_id: str, name: str, lane: Lane = "following") -> FileCampaign:
        """The status, learnt in the one documented way: by writing the name that it has."""
        return _campaign(campaign_id, self._written(campaign_id, {"name": name}, lane))

    def calls(self) -> Iterator[CallPage]:
        """All calls of the account. Neither the order nor a total is documented, so the list is
        read to its end, or to where there seems to be none.
        """
        seen: set[str] = set()
        for page in range(MOST_PAGES):
            query = {"limit": str(CALLS_PER_PAGE), "offset": str(page * CALLS_PER_PAGE)}
            listed = self.client.get_list("/calls", query)
            calls = (call for call in map(_call, listed.entries) if call is not None)
            # Calls that are made meanwhile push others to the next page.
            new = {call.id: call for call in calls if call.id not in seen}
            yield CallPage(tuple(new.values()), listed.clock_offset)
            seen.update(new)
            if len(listed.entries) < CALLS_PER_PAGE:
                return
        log.warning("calls_not_read_whole", read=len(seen))

    def check_account(self) -> None:
        """One call of the account, which needs both headers to be good."""
        self.client.get_list("/calls", {"limit": "1", "offset": "0"}, lane="dispatch")

    def _written(self, campaign_id: str, body: Mapping[str, str], lane: Lane) -> Mapping[str, Any]:
        path = f"/campaign/{quote(campaign_id, safe='')}"
        told = self.client.request("PATCH", path, body, lane=lane)
        if told.status == 404:  # noqa: PLR2004 - not found
            return {"status": GONE}
        _require_yes(told)
        if not _status(told.document):
            raise VendorUnavailable("Kathan's answer holds no campaign.")
        return told.document


def list_id_of(document: Mapping[str, Any]) -> str:
    """The id of a new recipient list; which key holds it is not documented."""
    for place in (document, *(document.get(name) for name in LIST_ID_WRAPPINGS)):
        if isinstance(place, Mapping):
            found = next((one for key in LIST_ID_KEYS if (one := identifier(place.get(key)))), "")
            if found:
                return found
    return ""


def is_refusal(status: int, document: Mapping[str, Any]) -> bool:
    """Whether a no is in the vendor's shape, which is its framework's: a sentence, or a list of
    faults with their places.
    """
    del status
    detail = document.get("detail")
    if isinstance(detail, str):
        return bool(detail)
    return isinstance(detail, list) and bool(detail) and all(map(_is_fault, detail))


def _is_fault(entry: object) -> bool:
    return isinstance(entry, dict) and {"loc", "msg"} <= entry.keys()


def _require_yes(told: Told) -> None:
    if told.problem is not None:
        raise refusal_of(told.status, told.said)


def _require_same(name: str, sent: str, answered: object) -> None:
    """A vendor that does not know the name of a field ignores it, and would call at once."""
    if answered is None:
        raise VendorRefused(
            f"Kathan has ignored {name}: the campaign would call at any time. It was not started.",
            fix="Take the schedule out of the campaign's kathan block, or ask Kathan how it is"
            " spelled today.",
        )
    if answered != sent and _moment(answered) != _moment(sent):
        raise VendorRefused(
            f"Kathan has understood {name} as {answered}, not as {sent}. The campaign was not"
            " started.",
            fix="Write the time as Kathan does, with its zone.",
        )


def _moment(value: object) -> datetime | object:
    return time_of(value) or value


def _made(document: Mapping[str, Any]) -> Accepted | None:
    found = identifier(document.get("id"))
    return Accepted(found, _status(document)) if found else None


def _status(document: Mapping[str, Any]) -> str:
    status = document.get("status")
    return status.strip().lower() if isinstance(status, str) else ""


def _campaign(campaign_id: str, document: Mapping[str, Any]) -> FileCampaign:
    counts = document.get("counts")
    return FileCampaign(
        campaign_id, _status(document), dict(counts) if isinstance(counts, dict) else {}
    )


def _recipient(one: Recipient) -> dict[str, object]:
    body: dict[str, object] = {"phone_number": one.phone_number, "metadata": dict(one.metadata)}
    if one.overrides:
        body["assistant_overrides"] = dict(one.overrides)
    return body


def _call(entry: object) -> VendorCall | None:
    """A call of the list; one that was made to us is none of ours."""
    if not isinstance(entry, dict):
        return None
    call_id, to = identifier(entry.get("id")), called_number(entry.get("to_number"))
    direction = str(entry.get("direction") or "")
    if not call_id or not to or direction.lower().startswith("in"):
        return None
    began = (time_of(entry.get(name)) for name in ("created_at", "started_at", "timestamp"))
    ended_at = time_of(entry.get("ended_at"))
    duration = number(entry.get("duration_seconds"))
    return VendorCall(
        id=call_id,
        to=to,
        status=str(entry.get("status") or "").strip(),
        created_at=next((moment for moment in began if moment is not None), None),
        updated_at=ended_at,
        duration_seconds=None if duration is None else int(duration),
        ended_at=ended_at,
        assistant_id=identifier(entry.get("assistant_id")) or None,
        phone_number_id=identifier(entry.get("phone_number_id")) or None,
    )

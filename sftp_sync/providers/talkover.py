"""Talkover: one request queues one call in a campaign."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

from sftp_sync.errors import VendorUnavailable
from sftp_sync.model import Accepted, AlreadyQueued, Outcome, Uncertain
from sftp_sync.model.normal_form import normal_campaign_id
from sftp_sync.providers.base import (
    Answer,
    CallRequest,
    Lane,
    VendorCall,
    VendorCampaign,
    always,
)
from sftp_sync.providers.client import VendorClient
from sftp_sync.providers.http import Words, refusal_of
from sftp_sync.providers.shapes import identifier, number
from sftp_sync.providers.times import time_of

CALLS_PER_PAGE = 100
MOST_PAGES = 100_000  # a listing that never ends must end here

CODE = re.compile(r"[A-Z][A-Z0-9_]*")
SIGN_IN_ERRORS = ("UNAUTHORIZED", "TOKEN_EXPIRED", "MISSING_TOKEN")
NO_TOKEN = (401, "Missing Bearer Token")

NOT_IN_NUMBERS = re.compile(r"[\s().+-]")

# The vendor spells two statuses in two ways.
ALIASES = {"no_answer": "no-answer", "in-progress": "answered", "in_progress": "answered"}


class Talkover:
    """One campaign at Talkover, reached by its account's client."""

    def __init__(self, client: VendorClient, campaign_id: str) -> None:
        self._client = client
        self._path = f"/campaigns/{quote(campaign_id, safe='')}"
        self._campaign_id = campaign_id

    def send(self, request: CallRequest, may_send: Callable[[], bool] = always) -> Answer:
        """Queue one call."""
        body = {
            "to": request.to,
            "payload": dict(request.payload),
            "context": dict(request.context),
            "is_testing": request.is_testing,
            "allow_duplicates": request.allow_duplicates,
        }
        answer = self._client.post_call(f"{self._path}/call", body, WORDS, may_send)
        return replace(answer, outcome=of_campaign(answer.outcome, self._campaign_id))

    def campaign(self, lane: Lane = "following") -> VendorCampaign:
        """The campaign and the calls it lists."""
        read = self._client.get(self._path, lane=lane)
        fields = read.document.get("data", read.document)
        if not isinstance(fields, dict) or not identifier(fields.get("id")):
            raise VendorUnavailable("The vendor's answer holds no campaign.")
        return campaign_of(fields, read.clock_offset)

    def hosted_import(self) -> Mapping[str, object] | None:
        """The vendor's own SFTP integration of this campaign; None where there is none. Nobody
        waits for it: a vendor that wants a pause is not asked.
        """
        if self._client.pace.pause_left() > 0:
            raise VendorUnavailable("The vendor wants a pause.")
        answer = self._client.request("GET", f"{self._path}/sftp", lane="following")
        if answer.status == 404:  # noqa: PLR2004 - not found
            return None
        if answer.problem is not None:
            raise refusal_of(answer.status, answer.said)
        fields = answer.document.get("data")
        return fields if isinstance(fields, dict) else None

    def calls(self, since: date | None = None) -> Iterator[tuple[VendorCall, ...]]:
        """The account's calls, page by page, of all its campaigns: the rows do not say which."""
        query = {"per_page": str(CALLS_PER_PAGE)}
        if since is not None:
            query["date_from"] = since.isoformat()
        last_page = MOST_PAGES
        page = 1
        while page <= last_page:
            read = self._client.get("/calls", query | {"page": str(page)})
            rows = calls_of(read.document.get("data"))
            if not rows:
                return
            yield rows
            last_page = min(MOST_PAGES, last_page_of(read.document.get("pagination"), page))
            page += 1

    def check_account(self) -> None:
        """One call of the account, which needs the token to be good."""
        self._client.get("/calls", {"per_page": "1"}, lane="dispatch")

    def health(self) -> None:
        """Is the API alive? Needs no token and counts against no limit."""
        self._client.get_unpaced("/health")


def of_campaign(outcome: Outcome, campaign_id: str) -> Outcome:
    """A conflict with another campaign's call says nothing of this one."""
    if not isinstance(outcome, AlreadyQueued) or not outcome.campaign_id:
        return outcome
    if normal_campaign_id(outcome.campaign_id) == normal_campaign_id(campaign_id):
        return outcome
    return Uncertain("409: the call that it names is one of another campaign")


def accepted(document: Mapping[str, Any]) -> Accepted | None:
    """The id in a success: the bare `campaign_call`, or `data.call_id` as it was wrapped once."""
    if document.get("success") is False:
        return None
    call = document.get("campaign_call")
    if isinstance(call, dict) and (call_id := identifier(call.get("id"))):
        return Accepted(call_id, status_of(call.get("status")), _text(call.get("scheduled_at")))
    wrapped = document.get("data")
    if isinstance(wrapped, dict) and (call_id := identifier(wrapped.get("call_id"))):
        return Accepted(call_id, status_of(wrapped.get("status")))
    return None


def is_refusal(status: int, document: Mapping[str, Any]) -> bool:
    """Whether a no is in one of the five shapes that are documented. The barest of them, a message
    and nothing else, is any gateway's too, and is the vendor's only where it is known to say it.
    """
    if status == 409:  # noqa: PLR2004 - the only answer that names a call
        return isinstance(document.get("existing_call"), dict)
    message, error = document.get("message"), document.get("error")
    if isinstance(error, dict):
        code, said = error.get("code"), error.get("message")
        return isinstance(code, str) and bool(CODE.fullmatch(code)) and isinstance(said, str)
    if error is not None:
        is_signed = error in SIGN_IN_ERRORS and document.get("status_code") == status
        return is_signed and isinstance(message, str)
    if not isinstance(message, str):
        return False
    has_fields = status == 422 and isinstance(document.get("errors"), dict)  # noqa: PLR2004 - the vendor's validation
    return document.get("success") is False or has_fields or (status, message) == NO_TOKEN


WORDS = Words(accepted, is_refusal)


def campaign_of(fields: Mapping[str, Any], clock_offset: float | None) -> VendorCampaign:
    """A campaign as the vendor describes it; `fields` keeps all of it but the calls."""
    stats = fields.get("stats")
    total = number(stats.get("total_calls")) if isinstance(stats, dict) else None
    max_retries = number(fields.get("max_retries"))
    return VendorCampaign(
        id=identifier(fields.get("id")),
        name=str(fields.get("name") or ""),
        status=status_of(fields.get("status")),
        max_retries=None if max_retries is None else int(max_retries),
        total_calls=None if total is None else int(total),
        calls=calls_of(fields.get("calls")),
        fields={name: value for name, value in fields.items() if name != "calls"},
        clock_offset=clock_offset,
    )


def calls_of(listed: object) -> tuple[VendorCall, ...]:
    """The calls of a list. An entry without an id or a whole number proves nothing and is left out:
    the list is then shorter than its total, and nobody takes it for complete.
    """
    if not isinstance(listed, list):
        return ()
    return tuple(call for call in map(_call, listed) if call is not None)


def last_page_of(pagination: object, page: int) -> int:
    """The last page there is, by what the vendor says of it; without a word, one more is tried."""
    if not isinstance(pagination, dict):
        return page + 1
    last = number(pagination.get("last_page"))
    if last is not None:
        return int(last)
    total, per_page = number(pagination.get("total")), number(pagination.get("per_page"))
    if total is not None and per_page:
        return math.ceil(total / per_page)
    return page + 1


def status_of(value: object) -> str:
    """A status in its usual spelling; one we do not know is kept as it is."""
    status = _text(value) or ""
    return ALIASES.get(status.strip().lower(), status.strip())


def called_number(value: object) -> str:
    """A number as E.164, however it is written; empty where it is masked or none."""
    text = identifier(value)
    digits = NOT_IN_NUMBERS.sub("", text)
    return f"+{digits.removeprefix('00')}" if digits.isdecimal() else ""


def _call(entry: object) -> VendorCall | None:
    if not isinstance(entry, dict):
        return None
    call_id, to = identifier(entry.get("id")), called_number(entry.get("to"))
    if not call_id or not to:
        return None
    retries, duration = number(entry.get("retries")), number(entry.get("duration"))
    return VendorCall(
        id=call_id,
        to=to,
        status=status_of(entry.get("status")),
        created_at=time_of(entry.get("created_at")),
        updated_at=time_of(entry.get("updated_at")),
        retries=None if retries is None else int(retries),
        duration_seconds=None if duration is None else int(duration),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

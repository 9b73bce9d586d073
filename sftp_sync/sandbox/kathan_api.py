"""Kathan's door: two headers, limits, and everything that goes wrong between it and its client."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sftp_sync.sandbox import kathan_answers
from sftp_sync.sandbox.api_journal import Journal
from sftp_sync.sandbox.api_limits import RequestCounter, budget_headers
from sftp_sync.sandbox.api_server import Connections, Receive, Scope, Send
from sftp_sync.sandbox.kathan_faults import KathanFaults
from sftp_sync.sandbox.kathan_state import Campaign, KathanState
from sftp_sync.sandbox.kathan_words import Asked, Said, refusal
from sftp_sync.sandbox.talkover_faults import FaultSchedule

PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(frozen=True)
class Door:
    """One account: who may come in, and how often."""

    token: str
    user_id: str
    state: KathanState
    counter: RequestCounter


@dataclass
class Visit:
    """One request from its arrival to what became of it, for the journal."""

    asked: Asked
    client: tuple[str, int]
    arrived_at: float
    faults: list[str] = field(default_factory=list)


class KathanApi:
    """The application that the server serves."""

    def __init__(
        self,
        door: Door,
        faults: FaultSchedule[KathanFaults],
        journal: Journal,
        clock: Callable[[], float],
    ) -> None:
        self.connections = Connections()
        self._door = door
        self._faults = faults
        self._journal = journal
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail it as ordered."""
        request = Request(scope, receive)
        kind = request.headers.get("content-type", "")
        asked = Asked(request.method, request.url.path, dict(request.query_params), b"", kind)
        visit = Visit(asked, (scope["client"][0], scope["client"][1]), self._clock())
        if self._strikes("reset_before_reading", visit):
            self._journal_visit(visit, None)
            self.connections.reset(visit.client)
            await _until_disconnected(receive)
            return
        visit.asked = replace(asked, body=await request.body())
        response = await self._respond(visit, request.headers)
        if response is None:
            await _until_disconnected(receive)
        else:
            await response(scope, receive, send)

    def vendor_now(self) -> float:
        """The vendor's clock, which may be off."""
        return self._clock() + self._faults.faults.clock_offset_seconds

    async def _respond(self, visit: Visit, headers: Mapping[str, str]) -> Response | None:
        """The response; None where the connection has been dealt with instead."""
        said = self._say(visit, headers)
        broken = self._broken_off(visit, said)
        is_page = said.has_effect and self._strikes("bad_gateway_after_accept", visit)
        is_slow = self._strikes("slow_answer", visit)
        self._journal_visit(visit, said)
        if is_slow and not await self.connections.pause(self._faults.faults.slow_seconds):
            return None
        if broken is not None:
            broken()
            return None
        date = {"Date": formatdate(self.vendor_now(), usegmt=True)}
        if is_page:
            return HTMLResponse(PROXY_PAGE, 502, date)
        return JSONResponse(said.document, said.status, {**date, **said.headers})

    def _say(self, visit: Visit, headers: Mapping[str, str]) -> Said:
        door = self._door
        known = (f"Bearer {door.token}", door.user_id)
        shown = (headers.get("authorization"), headers.get("x-user-id"))
        if shown != known or self._strikes("unauthorized", visit):
            return refusal(401, "Invalid authentication credentials")
        budget = door.counter.count(self._clock())
        limits = budget_headers(budget, "epoch", self.vendor_now())
        if not budget.is_granted or self._strikes("too_many_requests", visit):
            return replace(refusal(429, "Rate limit exceeded"), headers=limits)
        if self._strikes("server_error", visit):
            return refusal(500, "Internal server error")
        return replace(self._served(visit), headers=limits)

    def _served(self, visit: Visit) -> Said:
        if (visit.asked.method, visit.asked.path) == ("GET", "/protected"):
            user = self._door.user_id
            return Said(200, {"message": f"Hello, user {user}!", "user_id": user})
        world = self._door.state, self._faults.faults, self.vendor_now(), self._started
        return kathan_answers.answer(kathan_answers.Visit(visit.asked, *world))

    def _started(self, campaign: Campaign, recipients: list[dict[str, Any]]) -> None:
        """A start, on disk before it is known to anybody."""
        self._journal.accepted(
            {
                "id": campaign.id,
                "name": campaign.fields["name"],
                "at": self._clock(),
                "fields": campaign.fields,
                "recipients": recipients,
            }
        )

    def _broken_off(self, visit: Visit, said: Said) -> Callable[[], None] | None:
        """How the connection ends instead of with an answer, after the request was handled."""
        if self._strikes("truncated_body", visit):
            raw = json.dumps(said.document).encode()
            head = f"HTTP/1.1 {said.status} X\r\ncontent-length: {len(raw)}\r\n\r\n".encode()
            half = head + raw[: len(raw) // 2]
            return lambda: self.connections.write_and_close(visit.client, half)
        if said.has_effect and self._strikes("drop_after_accept", visit):
            return lambda: self.connections.drop(visit.client)
        return None

    def _strikes(self, name: str, visit: Visit) -> bool:
        strikes = self._faults.strikes(name, visit.asked.kind)
        if strikes:
            visit.faults.append(name)
        return strikes

    def _journal_visit(self, visit: Visit, said: Said | None) -> None:
        self._journal.requested(
            {
                "at": visit.arrived_at,
                "method": visit.asked.method,
                "path": visit.asked.path,
                "kind": visit.asked.kind,
                "status": None if said is None else said.status,
                "faults": visit.faults,
            }
        )


async def _until_disconnected(receive: Receive) -> None:
    """The connection is being closed: an application that returned sooner would be a fault."""
    while (await receive())["type"] != "http.disconnect":
        pass

"""The vendor's door: tokens, limits, and everything that goes wrong between it and its client."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from email.utils import formatdate
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sftp_sync.errors import UsageError
from sftp_sync.sandbox.api_journal import Journal
from sftp_sync.sandbox.api_limits import (
    RequestCounter,
    ResetForm,
    budget_headers,
    retry_headers,
)
from sftp_sync.sandbox.api_server import Connections, Receive, Scope, Send
from sftp_sync.sandbox.talkover_answers import answer
from sftp_sync.sandbox.talkover_faults import FaultSchedule, TalkoverFaults, faults_from
from sftp_sync.sandbox.talkover_state import TalkoverState
from sftp_sync.sandbox.talkover_words import (
    PREFIX,
    Asked,
    Said,
    page_of,
    refusal,
    rewritten,
)

FAULTS_PATH = "/_sandbox/faults"
LARGEST_BODY_BYTES = 1_048_576


@dataclass(frozen=True)
class Account:
    """A token's own world."""

    state: TalkoverState
    counter: RequestCounter


@dataclass
class Visit:
    """One request from its arrival to what became of it, for the journal."""

    asked: Asked
    client: tuple[str, int]
    arrived_at: float
    faults: list[str] = field(default_factory=list)


class TalkoverApi:
    """The application that the server serves."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        faults: FaultSchedule[TalkoverFaults],
        journal: Journal,
        clock: Callable[[], float],
        reset_form: ResetForm,
    ) -> None:
        self.connections = Connections()
        self._reset_form = reset_form
        self._accounts = accounts
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._kept: deque[tuple[Visit, str]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail it as ordered."""
        request = Request(scope, receive)
        if request.url.path == FAULTS_PATH:
            await (await self._administrate(request))(scope, receive, send)
            return
        asked = Asked(request.method, request.url.path, dict(request.query_params), b"")
        visit = Visit(asked, (scope["client"][0], scope["client"][1]), self._clock())
        if self._strikes("reset_before_reading", visit):
            self._journal_visit(visit, None)
            self.connections.reset(visit.client)
            await _until_disconnected(receive)
            return
        try:
            visit.asked = replace(asked, body=await request.body())
        except ClientDisconnect:
            # Half a request asks for nothing.
            self._journal_visit(visit, None)
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._strikes("kept_for_later", visit):
            self._keep(visit, token)
            await _until_disconnected(receive)
            return
        response = await self._respond(visit, token)
        if response is None:
            await _until_disconnected(receive)
        else:
            await response(scope, receive, send)

    def _keep(self, visit: Visit, token: str) -> None:
        """Break the connection, and handle what was asked later."""
        self._journal_visit(visit, None)
        self._kept.append((visit, token))
        self.connections.drop(visit.client)
        seconds = self._faults.faults.late_seconds
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self.handle_kept, 1)

    def handle_kept(self, number: int | None = None) -> None:
        """Handle what was kept for later, oldest first: all of it, or so many."""
        for _ in range(len(self._kept) if number is None else min(number, len(self._kept))):
            self._say(*self._kept.popleft())

    def vendor_now(self) -> float:
        """The vendor's clock, which may be off."""
        return self._clock() + self._faults.faults.clock_offset_seconds

    async def _respond(self, visit: Visit, token: str) -> Response | None:
        """The response; None where the connection has been dealt with instead."""
        faults = self._faults.faults
        is_slow = self._strikes("slow_answer", visit)
        waits_first = is_slow and faults.slow_accepts == "last"
        if waits_first and not await self.connections.pause(faults.slow_seconds):
            return None
        said = self._say(visit, token)
        broken = self._broken_off(visit, said)
        is_page = "html_page" in visit.faults or (
            said.call is not None and self._strikes("bad_gateway_after_accept", visit)
        )
        is_rewritten = said.call is not None and self._strikes("rewritten_after_accept", visit)
        self._journal_visit(visit, said)
        if is_slow and not waits_first:
            await self.connections.pause(faults.slow_seconds)
        if broken is not None:
            broken()
            return None
        date = {"Date": formatdate(self.vendor_now(), usegmt=True)}
        if is_page:
            return HTMLResponse(page_of(502, "Bad Gateway"), 502, date)
        if is_rewritten:
            return rewritten(faults.rewritten_status, faults.rewritten_body, date)
        return JSONResponse(said.document, said.status, {**date, **said.headers})

    def _say(self, visit: Visit, token: str) -> Said:
        """The answer, with an accepted call on disk before it is known to anybody."""
        if visit.asked.path == f"{PREFIX}/health":
            return Said(200, {"status": "ok"})
        account = self._accounts.get(token)
        if account is None or self._strikes("unauthorized", visit):
            return refusal(401, "Unauthorized" if token else "Missing Bearer Token")
        now = self.vendor_now()
        budget = account.counter.count(self._clock())
        budget = replace(budget, reset_at=budget.reset_at + now - self._clock())
        headers = budget_headers(budget, self._reset_form, now)
        said = None if budget.is_granted else refusal(429, "Rate limit exceeded")
        said = said or self._refused_by_fault(visit, now) or self._served(visit, account, now)
        return replace(said, headers={**headers, **said.headers})

    def _refused_by_fault(self, visit: Visit, now: float) -> Said | None:
        faults = self._faults.faults
        if self._strikes("too_many_requests", visit):
            headers = retry_headers(faults.retry_hint, faults.retry_seconds, now)
            if faults.retry_hint == "body":
                error = {
                    "code": "RATE_LIMIT_EXCEEDED",
                    "message": "Rate limit exceeded",
                    "details": {"retry_after": faults.retry_seconds},
                }
                return Said(429, {"error": error})
            return replace(refusal(429, "Rate limit exceeded"), headers=headers)
        if self._strikes("server_error", visit):
            return refusal(500, "Internal server error.")
        if self._strikes("html_page", visit):
            return Said(502, {})
        return None

    def _served(self, visit: Visit, account: Account, now: float) -> Said:
        if len(visit.asked.body) > LARGEST_BODY_BYTES:
            return refusal(413, "Payload too large")
        said = answer(visit.asked, account.state, self._faults.faults, now)
        if said.call is not None:
            asked_for = json.loads(visit.asked.body)
            self._journal.accepted(
                {
                    "id": said.call.id,
                    "campaign_id": visit.asked.path.split("/")[-2],
                    "created_at": said.call.created,
                    "at": self._clock(),
                    **asked_for,
                }
            )
        return said

    def _broken_off(self, visit: Visit, said: Said) -> Callable[[], None] | None:
        """How the connection ends instead of with an answer, after the request was handled."""
        if self._strikes("truncated_body", visit):
            raw = json.dumps(said.document).encode()
            head = f"HTTP/1.1 {said.status} X\r\ncontent-length: {len(raw)}\r\n\r\n".encode()
            half = head + raw[: len(raw) // 2]
            return lambda: self.connections.write_and_close(visit.client, half)
        if said.call is not None and self._strikes("drop_after_accept", visit):
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
                "status": None if said is None else said.status,
                "faults": visit.faults,
            }
        )

    async def _administrate(self, request: Request) -> Response:
        """Show the faults, or change those that a JSON object names."""
        if request.method == "POST":
            try:
                changes: Any = json.loads(await request.body())
                self._faults.change(faults_from(changes, self._faults.faults))
            except (UsageError, ValueError, AttributeError, TypeError) as error:
                return JSONResponse({"message": str(error)}, 422)
        return JSONResponse(asdict(self._faults.faults))


async def _until_disconnected(receive: Receive) -> None:
    """The connection is being closed: an application that returned sooner would be a fault."""
    while (await receive())["type"] != "http.disconnect":
        pass

"""An account at a vendor: every request with its token, at its pace, answered in our words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sftp_sync.errors import SyncError, VendorRefused, VendorUnavailable
from sftp_sync.model import Blocked, NotNow
from sftp_sync.providers.base import Answer, Lane
from sftp_sync.providers.hints import NOTHING_SAID, clock_offset, hints_of
from sftp_sync.providers.http import (
    Words,
    answer_or_error,
    document_in,
    document_or_error,
    entries_in,
    is_success,
    outcome_of,
    success_or_error,
    told,
    with_wait,
)
from sftp_sync.providers.pace import Pace
from sftp_sync.providers.shapes import Problem, document_of, problem_of
from sftp_sync.providers.wire import Broken, Exchange, Reply, Wire
from sftp_sync.providers.wording import sentence

LARGEST_LISTING_BYTES = 268_435_456  # about two million calls
USER_AGENT = "sftp-sync"


@dataclass(frozen=True)
class Read:
    """What a GET brought."""

    document: Mapping[str, Any]
    clock_offset: float | None = None


@dataclass(frozen=True)
class Listed:
    """What a GET brought that answers with a bare list."""

    entries: Sequence[object]
    clock_offset: float | None = None


@dataclass(frozen=True)
class Form:
    """A body that is no JSON."""

    content_type: str
    content: bytes


Body = Mapping[str, object] | Form | None


@dataclass(frozen=True)
class Told:
    """What the vendor said to a request that causes no call: a document, or a no in its words."""

    status: int
    document: Mapping[str, Any]
    problem: Problem | None = None
    said: str = ""


@dataclass(frozen=True)
class Identity:
    """Who we are to the vendor. `token` is asked before each request: it may be replaced while we
    run. `headers` are what a vendor wants beside it.
    """

    token: Callable[[], str]
    headers: Mapping[str, str] = field(default_factory=dict)


class VendorClient:
    """The one way to an account's API, for any number of threads."""

    def __init__(
        self, wire: Wire, pace: Pace, identity: Identity, now: Callable[[], datetime]
    ) -> None:
        self.pace = pace
        self._wire = wire
        self._identity = identity
        self._now = now

    def post_call(
        self,
        path: str,
        body: Body,
        words: Words,
        may_send: Callable[[], bool],
    ) -> Answer:
        """Send a request whose slot is already taken; whatever happens is an outcome."""
        try:
            token = self._token()
        except VendorRefused as error:
            return Answer(Blocked("account", error.message))
        exchange = replace(_written("POST", path, self._headers(token), body), may_send=may_send)
        began = self._now()
        reply = self._wire.exchange(exchange)
        self._settle_slot(reply)
        outcome = outcome_of(reply, words, (token,))
        if isinstance(outcome, NotNow) and not _is_withheld(reply):
            outcome = with_wait(outcome, self.pace.pause_left())
        offset = clock_offset(_headers_of(reply), began, self._now())
        return Answer(outcome, offset, _evidence(reply, (token,)))

    def get(
        self, path: str, query: Mapping[str, str] | None = None, lane: Lane = "following"
    ) -> Read:
        """Read a document at the account's pace, or raise one of `sftp_sync.errors`."""
        answer, offset = self._got(path, query or {}, lane)
        return Read(document_in(answer), offset)

    def get_list(self, path: str, query: Mapping[str, str], lane: Lane = "following") -> Listed:
        """Read a bare list in the same way."""
        answer, offset = self._got(path, query, lane)
        return Listed(entries_in(answer), offset)

    def get_unpaced(self, path: str) -> Read:
        """Read what needs no token and does not count, such as a health page."""
        began = self._now()
        reply = self._wire.exchange(self._reading(path, {}, {"User-Agent": USER_AGENT}))
        document = document_or_error(reply)
        return Read(document, clock_offset(_headers_of(reply), began, self._now()))

    def request(
        self,
        method: str,
        path: str,
        body: Body = None,
        secrets: tuple[str, ...] = (),
        lane: Lane = "dispatch",
    ) -> Told:
        """Ask for something that causes no call, once. A no of the vendor's is an answer; raises
        where there is none, and where the whole account is refused. `secrets` are in the body.
        """
        if not self.pace.take(lane):
            raise VendorUnavailable("Stopping: the vendor was not asked.")
        token = self._token()
        hidden = (token, *secrets)
        exchange = _written(method, path, self._headers(token), body)
        # Some answers show the whole campaign.
        reply = self._wire.exchange(replace(exchange, max_answer_bytes=LARGEST_LISTING_BYTES))
        self._settle_slot(reply)
        answer = answer_or_error(reply, self.pace.pause_left() or None, hidden)
        if is_success(answer.status):
            return Told(answer.status, document_in(answer))
        problem = problem_of(answer.body)
        said = told(answer.status, problem, hidden)
        return Told(answer.status, document_of(answer.body) or {}, problem, said)

    def close(self) -> None:
        """Let go of the connections."""
        self._wire.close()

    def _got(self, path: str, query: Mapping[str, str], lane: Lane) -> tuple[Reply, float | None]:
        if not self.pace.take(lane):
            raise VendorUnavailable("Stopping: the vendor was not asked.")
        token = self._token()
        began = self._now()
        reply = self._wire.exchange(self._reading(path, query, self._headers(token)))
        self._settle_slot(reply)
        answer = success_or_error(reply, self.pace.pause_left() or None, (token,))
        return answer, clock_offset(_headers_of(reply), began, self._now())

    def _token(self) -> str:
        """The present token, or why there is none; a slot that was taken goes back then."""
        try:
            token = self._identity.token()
        except SyncError as error:
            self.pace.give_back()
            raise VendorRefused(error.message, fix=error.fix, scope="account") from error
        if _fits_a_header(token):
            return token
        self.pace.give_back()
        raise VendorRefused(
            "The token is empty or holds characters that no token has.",
            fix="Put the account's token into the configuration, alone on one line.",
            scope="account",
        )

    def _headers(self, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
            **self._identity.headers,
        }

    def _reading(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Exchange:
        return Exchange("GET", path, query, headers, max_answer_bytes=LARGEST_LISTING_BYTES)

    def _settle_slot(self, reply: Reply | Broken) -> None:
        """What the answer, or its absence, means to the pace."""
        if isinstance(reply, Reply):
            said = None if is_success(reply.status) else problem_of(reply.body).retry_after
            self.pace.answered(hints_of(reply.status, reply.headers, self._now(), said))
        elif reply.sent:
            self.pace.answered(NOTHING_SAID)
        else:
            self.pace.give_back()
            if not reply.withheld:
                self.pace.stumbled()


def _written(method: str, path: str, headers: Mapping[str, str], body: Body) -> Exchange:
    """A request with its body, where there is one."""
    if body is None:
        return Exchange(method, path, headers=headers)
    if isinstance(body, Form):
        written = {**headers, "Content-Type": body.content_type}
        return Exchange(method, path, headers=written, body=body.content)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    written = {**headers, "Content-Type": "application/json"}
    return Exchange(method, path, headers=written, body=text.encode("utf-8", "replace"))


def _fits_a_header(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _is_withheld(reply: Reply | Broken) -> bool:
    return isinstance(reply, Broken) and reply.withheld


def _headers_of(reply: Reply | Broken) -> Mapping[str, str]:
    return reply.headers if isinstance(reply, Reply) else {}


def _evidence(reply: Reply | Broken, secrets: tuple[str, ...]) -> str:
    """One line for the ledger of what came back."""
    if isinstance(reply, Broken):
        return sentence(reply.reason, secrets)
    return sentence(f"{reply.status} {reply.body[:500].decode('utf-8', 'replace')}", secrets)

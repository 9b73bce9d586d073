"""What an answer means: the one table from transport errors and HTTP answers to outcomes.

| answer | outcome |
|---|---|
| nothing was sent (connect, TLS, proxy, pool); 429 | not now |
| 2xx with an id | accepted |
| 409 with an existing call | already queued |
| 422 on `to`; 413 | the row is refused |
| 422 on other fields | refused, and counted against the campaign |
| 401, 402 | the account stops |
| 400 not active, 403, 404 | the campaign stops |
| 3xx; 400, 401, 402, 403, 404, 413 in other words than the vendor's | uncertain, campaign stops |
| deadline, reset, truncated or strange body, 2xx without an id, 408, other 4xx, 5xx | uncertain |

A no counts as the vendor's only in the vendor's own words: a middle box may put its page, or its
own JSON, in the place of an answer that came after the call was queued.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.model import (
    Accepted,
    AlreadyQueued,
    Blocked,
    NotNow,
    Outcome,
    Refused,
    Uncertain,
)
from sftp_sync.providers.shapes import Problem, document_of, identifier, problem_of
from sftp_sync.providers.times import time_of
from sftp_sync.providers.wire import Broken, Reply
from sftp_sync.providers.wording import sentence


@dataclass(frozen=True)
class Words:
    """How a vendor answers. `accepted` finds the id in a success; `are_a_refusal` tells whether the
    document that came with a status is a no as this vendor documents it.
    """

    accepted: Callable[[Mapping[str, Any]], Accepted | None]
    are_a_refusal: Callable[[int, Mapping[str, Any]], bool]


FALSIFIABLE = (400, 401, 402, 403, 404, 413)
"""What a middle box says of its own accord, too: here only the vendor's words count."""
NOT_ITS_WORDS = "not in the vendor's words"

BLOCKS: Mapping[int, Literal["account", "campaign"]] = {
    401: "account",
    402: "account",
    403: "campaign",
    404: "campaign",
}
PHRASES: Mapping[int, str] = {
    401: "the token is not accepted",
    402: "the account has no credit left",
    403: "the token may not do this",
    404: "there is no such campaign",
}
NUMBER_FIELDS = ("to", "phone", "phone_number", "to_number")


def outcome_of(reply: Reply | Broken, words: Words, secrets: tuple[str, ...] = ()) -> Outcome:
    """What became of a request to queue a call."""
    if isinstance(reply, Broken):
        reason = sentence(reply.reason, secrets)
        if reply.sent:
            return Uncertain(reason)
        return NotNow(reason, is_unreachable=not reply.withheld)
    if is_success(reply.status):
        return _success(reply, words)
    problem = problem_of(reply.body)
    said = told(reply.status, problem, secrets)
    document = document_of(reply.body)
    if document is not None and words.are_a_refusal(reply.status, document):
        return _refusal(reply.status, problem, said) or _unclear(reply.status, said)
    if reply.status in FALSIFIABLE:
        return Uncertain(_unfamiliar(reply.status, problem, secrets), stops_campaign=True)
    return _unclear(reply.status, said)


def is_success(status: int) -> bool:
    """Whether a status is one of HTTP's successes."""
    return 200 <= status < 300  # noqa: PLR2004 - HTTP's successes


def _is_redirect(status: int) -> bool:
    return 300 <= status < 400  # noqa: PLR2004 - HTTP's redirects


def _success(reply: Reply, words: Words) -> Outcome:
    document = document_of(reply.body)
    if document is None:
        return Uncertain(f"{reply.status} with a body that is no answer of the vendor's")
    return words.accepted(document) or Uncertain(f"{reply.status} without the id of a call")


def _refusal(status: int, problem: Problem, said: str) -> Outcome | None:
    """A no in the vendor's own words; None where it leaves open whether a call was queued."""
    match status:
        case 400 if _is_not_active(problem):
            return Blocked("campaign", said)
        case 409 if call_id := identifier(problem.existing.get("id")):
            return AlreadyQueued(
                call_id,
                str(problem.existing.get("status") or ""),
                time_of(problem.existing.get("created_at")),
                identifier(problem.existing.get("campaign_id")),
            )
        case 413:
            return Refused(said)
        case 422:
            on_number = any(name in NUMBER_FIELDS for name in problem.fields)
            return Refused(said, not on_number, problem.recipient)
        case _ if status in BLOCKS:
            return Blocked(BLOCKS[status], said)
        case _:
            return None


def _unclear(status: int, said: str) -> Outcome:
    """What its status says, whoever has sent it."""
    if status == 429:  # noqa: PLR2004 - too many requests
        return NotNow(said)
    return Uncertain(said, stops_campaign=_is_redirect(status))


def _unfamiliar(status: int, problem: Problem, secrets: tuple[str, ...]) -> str:
    said = sentence(problem.message or problem.code, secrets)
    return f"{status}, {NOT_ITS_WORDS}: {said}" if said else f"{status}, {NOT_ITS_WORDS}"


def _is_not_active(problem: Problem) -> bool:
    return problem.code == "CAMPAIGN_NOT_ACTIVE" or "not active" in problem.message.lower()


def told(status: int, problem: Problem, secrets: tuple[str, ...] = ()) -> str:
    """A refusal in one sentence: what it means to us, and the vendor's own words."""
    meaning = PHRASES.get(status)
    if _is_redirect(status):
        meaning = "the address redirects elsewhere; base_url must be the final one"
    words = [text for text in (problem.message, *problem.fields.values()) if text]
    vendor = sentence(" ".join(dict.fromkeys(words)) or problem.code, secrets)
    parts = [part for part in (meaning, vendor) if part]
    return f"{status}: {'. '.join(parts)}" if parts else f"{status} without a word"


def document_or_error(
    reply: Reply | Broken, wait_seconds: float | None = None, secrets: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """What a GET brought, or the error that says what to do."""
    return document_in(success_or_error(reply, wait_seconds, secrets))


def success_or_error(
    reply: Reply | Broken, wait_seconds: float | None = None, secrets: tuple[str, ...] = ()
) -> Reply:
    """A success, whatever it holds, or the error that says what to do."""
    answer = answer_or_error(reply, wait_seconds, secrets)
    if not is_success(answer.status):
        raise refusal_of(answer.status, told(answer.status, problem_of(answer.body), secrets))
    return answer


def entries_in(answer: Reply) -> Sequence[object]:
    """The JSON array of a success."""
    try:
        entries = json.loads(answer.body)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        raise VendorUnavailable(f"The answer {answer.status} is not the vendor's list.")
    return entries


def document_in(answer: Reply) -> Mapping[str, Any]:
    """The JSON object of a success; a proxy's page is none."""
    document = document_of(answer.body)
    if document is None:
        raise VendorUnavailable(f"The answer {answer.status} is not the vendor's JSON.")
    return document


def answer_or_error(
    reply: Reply | Broken, wait_seconds: float | None = None, secrets: tuple[str, ...] = ()
) -> Reply:
    """A whole answer that is about what was asked; raises where the vendor did not say anything, or
    refuses the account as a whole.
    """
    if isinstance(reply, Broken):
        raise VendorUnavailable(_capital(sentence(reply.reason, secrets)) + ".")
    if is_success(reply.status):
        return reply
    said = told(reply.status, problem_of(reply.body), secrets)
    if reply.status in (408, 425, 429) or reply.status >= 500:  # noqa: PLR2004 - HTTP's own faults
        sentence_of_it = f"The vendor answered {said.rstrip('.')}."
        raise VendorUnavailable(sentence_of_it, wait_seconds=wait_seconds)
    if BLOCKS.get(reply.status) == "account":
        raise refusal_of(reply.status, said)
    return reply


def refusal_of(status: int, said: str) -> VendorRefused:
    """A refusal with what to do about it."""
    return VendorRefused(
        f"The vendor answered {said.rstrip('.')}.",
        fix=FIXES.get(status, ""),
        who="you",
        scope=BLOCKS.get(status, "campaign"),
    )


FIXES: Mapping[int, str] = {
    401: "Put the account's present token into the configuration.",
    402: "Top up the account at the vendor.",
    403: "Use a token with rights to this campaign.",
    404: "Check campaign_id and base_url.",
}


def with_wait(outcome: Outcome, seconds: float) -> Outcome:
    """A "not now" that says when."""
    if isinstance(outcome, NotNow) and outcome.wait_seconds is None and seconds > 0:
        return replace(outcome, wait_seconds=seconds)
    return outcome


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

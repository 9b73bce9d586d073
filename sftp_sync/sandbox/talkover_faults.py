"""What can go wrong at the vendor, on order: seeded, so that a test fails twice in the same way."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from sftp_sync.errors import UsageError
from sftp_sync.sandbox.api_limits import RetryHint

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


Kind = Literal["calls", "reads", "drafts", "changes", "lists"]
"""What a request asks for; the last three are Kathan's alone."""


Spelling = Literal["e164", "national", "spaced", "double_zero", "no_plus", "masked"]
"""How a listing spells numbers; the national way is that of +1."""


@dataclass(frozen=True)
class When:
    """Which requests a fault meets: every nth, or each with a probability, after the first
    `after` and at most `times`. `on` names the requests that are counted at all.
    """

    every: int = 0
    probability: float = 0.0
    after: int = 0
    times: int | None = None
    on: Kind | Literal["all"] = "calls"


NEVER = When()
ALWAYS = When(every=1)


@dataclass(frozen=True)
class TalkoverFaults:
    """Every switch. The first group meets single requests, the second is the vendor's nature.

    `kept_for_later`: the connection breaks, and the request is handled after `late_seconds`, or
    without that when the sandbox is told to.
    """

    reset_before_reading: When = NEVER
    unauthorized: When = NEVER
    too_many_requests: When = NEVER
    retry_hint: RetryHint = "none"
    retry_seconds: float = 2.0
    server_error: When = NEVER
    html_page: When = NEVER
    drop_after_accept: When = NEVER
    bad_gateway_after_accept: When = NEVER
    rewritten_after_accept: When = NEVER
    rewritten_status: int = 303
    rewritten_body: Literal["page", "json", "empty"] = "page"
    truncated_body: When = NEVER
    kept_for_later: When = NEVER
    late_seconds: float | None = None
    slow_answer: When = NEVER
    slow_seconds: float = 2.0
    slow_accepts: Literal["first", "last"] = "first"

    pause_after_calls: int | None = None
    calls_cap: int | None = None
    calls_shown: Literal["newest", "oldest"] = "newest"
    hide_total_calls: bool = False
    total_counts: Literal["all", "listed", "completed"] = "all"
    hides_test_calls: bool = False
    numbers_as: Spelling = "e164"
    conflict_names: Literal["this campaign", "another", "nothing"] = "this campaign"
    clock_offset_seconds: float = 0.0
    whole_seconds: bool = False
    over_at_once: bool = False
    listing_lag_seconds: float = 0.0
    different_ids: bool = False
    retries_as_rows: bool = False
    hosted_test_fails_with: int | None = None
    hosted_import_seconds: float = 2.0


Faults = TypeVar("Faults", bound="DataclassInstance")


def faults_from(document: Mapping[str, Any], present: Faults) -> Faults:
    """The present faults with those of a JSON object changed; unknown names are refused."""
    kinds = {field.name: getattr(present, field.name) for field in fields(present)}
    changes: dict[str, Any] = {}
    for name, value in document.items():
        if name not in kinds:
            raise UsageError(f"There is no fault called {name}.", fix=f"Known: {', '.join(kinds)}.")
        changes[name] = _when(name, value) if isinstance(kinds[name], When) else value
    return replace(present, **changes)


def _when(name: str, value: object) -> When:
    """`true`, `false`, or the fields of `When`."""
    if isinstance(value, bool):
        return ALWAYS if value else NEVER
    if not isinstance(value, Mapping):
        raise UsageError(f'{name} must be true, false or an object such as {{"every": 3}}.')
    try:
        return When(**value)
    except TypeError as error:
        raise UsageError(f"{name}: {error}.") from error


class FaultSchedule(Generic[Faults]):
    """Counts the requests that each fault could meet, and says which it does."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self.faults = faults
        self._seed = seed
        self._counts: dict[str, int] = {}
        self._hits: dict[str, int] = {}
        self._chances: dict[str, random.Random] = {}

    def change(self, faults: Faults) -> None:
        """Other faults from now on; a fault whose schedule changes counts anew."""
        for field in fields(faults):
            if getattr(faults, field.name) != getattr(self.faults, field.name):
                self._counts.pop(field.name, None)
                self._hits.pop(field.name, None)
        self.faults = faults

    def strikes(self, name: str, kind: Kind) -> bool:
        """Does this fault meet the present request?"""
        when: When = getattr(self.faults, name)
        if when == NEVER or when.on not in (kind, "all"):
            return False
        count = self._counts[name] = self._counts.get(name, 0) + 1
        if count <= when.after or self._hits.get(name, 0) >= (when.times or count):
            return False
        nth = when.every > 0 and (count - when.after) % when.every == 0
        if not nth and not self._by_chance(name, when.probability):
            return False
        self._hits[name] = self._hits.get(name, 0) + 1
        return True

    def _by_chance(self, name: str, probability: float) -> bool:
        if name not in self._chances:
            # The seed of a test's faults, not a secret.
            self._chances[name] = random.Random(f"{self._seed}:{name}")  # noqa: S311
        return self._chances[name].random() < probability

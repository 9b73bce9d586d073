"""The lives of calls: what has become of each is a function of time, its plan and its campaign."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

SECONDS_PER_HOUR = 3600.0
RETRIED = ("no-answer", "busy", "voicemail", "failed")
OUTCOMES = {"completed": 62, "no-answer": 16, "voicemail": 8, "busy": 7, "failed": 7}


@dataclass(frozen=True)
class Attempt:
    """One try: waiting for its turn (while the campaign is active), ringing, talking, its end."""

    wait_seconds: float
    ring_seconds: float
    talk_seconds: float
    outcome: str


Life = tuple[Attempt, ...]
OVER_AT_ONCE: Life = (Attempt(0, 0, 0, "completed"),)


@dataclass(frozen=True)
class Standing:
    """What has become of a call by now."""

    status: str
    retries: int = 0
    duration_seconds: int = 0
    changed_at: float = 0.0
    is_over: bool = False

    @property
    def is_queued_or_active(self) -> bool:
        """Does the vendor's 409 still protect the number?"""
        return self.status in ("queued", "scheduled", "initiated", "ringing", "answered")


@dataclass
class Activity:
    """When a campaign was calling: the moments at which it was switched on or off."""

    changes: list[tuple[float, bool]] = field(default_factory=list)

    def turn(self, at: float, *, on: bool) -> None:
        """Calling starts or stops."""
        self.changes.append((at, on))

    def after(self, start: float, seconds: float) -> float:
        """The moment when the campaign has called for so long since `start`; infinite if never."""
        edges = [*self.changes, (float("inf"), False)]
        for (began, is_on), (ended, _) in itertools.pairwise(edges):
            if not is_on or ended <= start:
                continue
            begins = max(began, start)
            if begins + seconds <= ended and begins + seconds < float("inf"):
                return begins + seconds
            seconds -= ended - begins
        return float("inf")


def plan_life(seed: str, max_retries: int, cooldown_hours: float) -> Life:
    """A likely life: most calls are answered, the others are tried again after a cooldown."""
    chance = random.Random(seed)  # noqa: S311 - a life that can be told again, not a secret
    attempts = []
    wait = chance.uniform(2, 20)
    for _ in range(max_retries + 1):
        outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        talk = chance.uniform(15, 240) if outcome == "completed" else 0.0
        if outcome == "voicemail":
            talk = chance.uniform(5, 30)
        attempts.append(Attempt(wait, chance.uniform(3, 25), talk, outcome))
        if outcome not in RETRIED:
            break
        wait = cooldown_hours * SECONDS_PER_HOUR
    return tuple(attempts)


def standing(life: Life, created_at: float, activity: Activity, now: float) -> Standing:
    """How a call stands now."""
    known = Standing("queued", changed_at=created_at)
    moment = created_at
    for retries, attempt in enumerate(life):
        rings_at = activity.after(moment, attempt.wait_seconds)
        if rings_at > now:
            return known
        answered_at = rings_at + attempt.ring_seconds
        ends_at = answered_at + attempt.talk_seconds
        if answered_at > now:
            return Standing("ringing", retries, 0, rings_at)
        if ends_at > now:
            return Standing("answered", retries, 0, answered_at)
        is_last = retries == len(life) - 1
        talked = int(attempt.talk_seconds)
        known = Standing(attempt.outcome, retries, talked, ends_at, is_over=is_last)
        moment = ends_at
    return known


def at_speed(life: Life, speed: float) -> Life:
    """The same life, so many times as fast."""
    return tuple(
        Attempt(
            attempt.wait_seconds / speed,
            attempt.ring_seconds / speed,
            attempt.talk_seconds / speed,
            attempt.outcome,
        )
        for attempt in life
    )

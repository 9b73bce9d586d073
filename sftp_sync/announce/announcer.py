"""Tells each target what is news to it. What fails is tried again, with growing pauses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from sftp_sync.announce.decide import News, news
from sftp_sync.announce.letter import Letter, letter
from sftp_sync.attention import Concern
from sftp_sync.errors import NeedsOperator, SyncError, TryLater
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.announcements import Key, Said

CAUSE = "announcing"
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Target:
    """Somebody who is told. The name holds nothing secret; secrets are looked up by `deliver`, each
    time, which raises one of `sftp_sync.errors` where nothing was delivered.
    """

    name: str
    deliver: Callable[[Letter], None]
    after: timedelta = timedelta()
    """What is over within this time is not told."""


@dataclass
class _Pause:
    until: datetime
    length: timedelta = field(default=FIRST_PAUSE)


class Announcer:
    """Remembers in the ledger what it said, and in memory whom not to bother for a while, and what
    could not be written down yet: a ledger that takes nothing must not make it say all again.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime], host: str) -> None:
        self._ledger = ledger
        self._now = now
        self._host = host
        # Since when something stands of which nobody has written down when it began.
        self._met_at: dict[Key, datetime] = {}
        self._pauses: dict[str, _Pause] = {}
        # By target; None where it was told that something is over.
        self._unwritten: dict[str, dict[Key, Said | None]] = {}

    def announce(self, targets: Sequence[Target], concerns: Sequence[Concern]) -> None:
        """Tell everybody what is news; one that cannot be reached does not keep the others."""
        with _borne():
            self._forget_others([target.name for target in targets])
        self._meet(concerns)
        for target in targets:
            pause = self._pauses.get(target.name)
            if pause is None or self._now() >= pause.until:
                self._tell(target, concerns)

    def _tell(self, target: Target, concerns: Sequence[Concern]) -> None:
        # That it cannot be reached is no news to it.
        known = [one for one in concerns if (one.scope, one.subject) != (target.name, CAUSE)]
        now, said = self._now(), self._said(target.name)
        ripe = [
            one for one in known if one.key in said or self._stands_since(one) <= now - target.after
        ]
        found = news(ripe, said, now)
        if found:
            loud = sum(not one.is_quiet for one in known)
            try:
                target.deliver(letter(found, loud, now, self._host))
            except SyncError as problem:
                self._bear(target, problem)
                return
            except Exception as bug:
                log.exception("announcing_failed", target=target.name, reason=type(bug).__name__)
                self._bear(target, _our_fault(bug))
                return
            self._remember(target, found)
        self._write_down(target.name)

    def _meet(self, concerns: Sequence[Concern]) -> None:
        standing = {one.key: self._met_at.get(one.key, self._now()) for one in concerns}
        self._met_at = standing

    def _stands_since(self, concern: Concern) -> datetime:
        met_at = self._met_at[concern.key]
        return met_at if concern.since is None else min(met_at, concern.since)

    def _said(self, target: str) -> dict[Key, Said]:
        written = self._ledger.announcements.said(target)
        said: dict[Key, Said | None] = {**written, **self._unwritten.get(target, {})}
        return {key: one for key, one in said.items() if one is not None}

    def _forget_others(self, names: Sequence[str]) -> None:
        """Of targets that are configured no more nothing is remembered, and nothing said."""
        self._unwritten = {name: one for name, one in self._unwritten.items() if name in names}
        self._ledger.announcements.forget_others(names)
        for notice in self._ledger.notices.all():
            if notice.cause == CAUSE and notice.scope not in names:
                self._ledger.notices.clear(notice.scope, CAUSE)

    def _remember(self, target: Target, found: Sequence[News]) -> None:
        now, told = self._now(), self._unwritten.setdefault(target.name, {})
        for one in found:
            is_over = one.event == "cleared"
            told[one.key] = None if is_over else Said(one.key, one.message, now)
        self._pauses.pop(target.name, None)
        log.info("announced", target=target.name, events=len(found))

    def _write_down(self, target: str) -> None:
        told = self._unwritten.get(target)
        if told is None:
            return
        with _borne():
            said = [one for one in told.values() if one is not None]
            over = [key for key, one in told.items() if one is None]
            self._ledger.announcements.note(target, said, over)
            self._ledger.notices.clear(target, CAUSE)
            del self._unwritten[target]

    def _bear(self, target: Target, problem: SyncError) -> None:
        before = self._pauses.get(target.name)
        length = FIRST_PAUSE if before is None else min(before.length * 2, LONGEST_PAUSE)
        self._pauses[target.name] = _Pause(self._now() + length, length)
        log.warning("announcing_failed", target=target.name, reason=problem.message)
        words = f"What needs a person could not be told: {problem.message}"
        said = TryLater(words, fix=problem.fix)
        with _borne():
            self._ledger.notices.post(target.name, CAUSE, said, self._now())


@contextmanager
def _borne() -> Iterator[None]:
    """People are told also where the ledger takes nothing."""
    try:
        yield
    except SyncError as problem:
        log.warning("ledger_unavailable", reason=problem.message)


def _our_fault(bug: Exception) -> NeedsOperator:
    return NeedsOperator(
        f"a bug in sftp-sync ({type(bug).__name__}).",
        fix="Please report the traceback in the log.",
    )

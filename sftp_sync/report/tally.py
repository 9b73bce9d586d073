"""Rows, counted from every side that a report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sftp_sync.ledger.outcomes import Counted
from sftp_sync.model import RowState
from sftp_sync.report.fates import CALLED, ENDED, Fate, Group, fate_of

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True)
class Tally:
    """How many rows there are of what. Every row is in `states` once and in `fates` once; a called
    one is in `statuses`, as the vendor says it, and one that was not called is in `codes`.
    """

    states: Mapping[RowState, int] = field(default_factory=dict)
    fates: Mapping[Fate, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    calls_timed: int = 0
    talk_seconds: float = 0.0

    @classmethod
    def of(cls, counts: Iterable[Counted]) -> Tally:
        """The sum of counts."""
        states: Counter[RowState] = Counter()
        fates: Counter[Fate] = Counter()
        statuses: Counter[str] = Counter()
        codes: Counter[str] = Counter()
        timed, talked = 0, 0.0
        for one in counts:
            fate = fate_of(one.state, one.call_status, is_over=one.is_over)
            states[one.state] += one.rows
            fates[fate] += one.rows
            if one.state in CALLED:
                statuses[one.call_status or "unknown"] += one.rows
            if fate == Fate.NOT_CALLED:
                codes[one.code or str(one.state)] += one.rows
            timed, talked = timed + one.calls_timed, talked + one.talk_seconds
        return cls(states, fates, statuses, codes, timed, talked)

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        """Several as one."""
        parts = list(tallies)
        return cls(
            states=_summed(part.states for part in parts),
            fates=_summed(part.fates for part in parts),
            statuses=_summed(part.statuses for part in parts),
            codes=_summed(part.codes for part in parts),
            calls_timed=sum(part.calls_timed for part in parts),
            talk_seconds=sum(part.talk_seconds for part in parts),
        )

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.states.values())

    @property
    def called(self) -> int:
        """The rows whose calls are or were at the vendor's."""
        return sum(self.states.get(state, 0) for state in CALLED)

    @property
    def ended(self) -> int:
        """The calls that are over."""
        return sum(self.fates.get(fate, 0) for fate in ENDED)

    @property
    def seconds_each(self) -> float | None:
        """How long a call took on average, where that is known."""
        return self.talk_seconds / self.calls_timed if self.calls_timed else None

    def of_group(self, group: Group) -> int:
        """The rows of a group of fates."""
        return sum(self.fates.get(fate, 0) for fate in group.fates)

    def commonest_codes(self) -> list[tuple[str, int]]:
        """Why rows were not called, the commonest reason first."""
        return sorted(self.codes.items(), key=lambda pair: (-pair[1], pair[0]))


def _summed(parts: Iterable[Mapping[Name, int]]) -> Counter[Name]:
    found: Counter[Name] = Counter()
    for part in parts:
        found.update(part)
    return found

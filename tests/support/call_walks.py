"""Mornings on which dispatch dies: put back for every point, walked through, and judged by what the
vendor has taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import select

from sftp_sync.ledger.schema import rows
from tests.support.calls import CallHouse, Vendor, a_list, call_house, vendor
from tests.support.databases import fresh_database, looked_at
from tests.support.keeping import Keeping
from tests.support.lanes import lane_folder, walk_on_all

ANN, BOB, CLEO, DORA = "+12125550123", "+12125550124", "+12125550125", "+12125550126"
OVER_AT_ONCE = {"over_at_once": True}
# Calls that are over within half a second: what they protect, they protect for a moment.
FAST_LIVES = 1000.0


@dataclass(frozen=True)
class Scenario:
    """Lists by campaign, how the vendor's calls live, and what must have become of the rows."""

    lists: Mapping[str, Sequence[Sequence[str]]]
    campaign: Mapping[str, Any]
    expected: Mapping[str, int]
    faults: Mapping[str, Any] = field(default_factory=dict)
    speed: float = 0.001


NO_MEMORY = {"repeat_after": "0s"}
# One number in one list, in two lists, in two campaigns of ours that are one of the vendor's.
SCENARIOS = {
    "calls that protect their number": Scenario(
        lists={"renewals": [[ANN, BOB], [ANN]], "reminders": [[CLEO, ANN]]},
        campaign=NO_MEMORY,
        expected={"accepted": 3, "already_queued": 2},
    ),
    "calls that are over at once": Scenario(
        lists={"renewals": [[ANN, BOB], [ANN]], "reminders": [[CLEO, ANN]]},
        campaign=NO_MEMORY,
        expected={"accepted": 5},
        faults=OVER_AT_ONCE,
    ),
    "duplicates allowed": Scenario(
        lists={"renewals": [[ANN, ANN], [BOB, ANN]], "reminders": [[ANN]]},
        campaign={"allow_duplicates": True},
        expected={"accepted": 5},
        speed=FAST_LIVES,
    ),
    "duplicates allowed, calls that are over at once": Scenario(
        lists={"renewals": [[ANN, ANN], [BOB, ANN]], "reminders": [[ANN]]},
        campaign={"allow_duplicates": True},
        expected={"accepted": 5},
        faults=OVER_AT_ONCE,
    ),
}


@dataclass
class Lane:
    """A house with due rows and a vendor, put back to the same morning for every point."""

    house: CallHouse
    vendor: Vendor
    scenario: Scenario
    morning: Keeping

    def back_to_morning(self) -> None:
        self.vendor.forget(but=1)
        self.vendor.break_with(**self.scenario.faults)
        self.morning.put_back()

    def dispatch(self, **options: Any) -> Any:
        return self.house.dispatch("--quiet", walk="dispatch", **options)


@contextmanager
def lanes(scenario: Scenario, number: int = 2, kind: str = "sqlite") -> Iterator[list[Lane]]:
    """Lanes for one scenario, each with a vendor of its own."""
    with ExitStack() as open_now:
        made = []
        for _ in range(number):
            home = open_now.enter_context(lane_folder())
            taking = open_now.enter_context(vendor(home / "vendor", speed=scenario.speed))
            # Two at once are enough for every race, and leave each point where it was.
            house = call_house(home, taking, in_flight=2)
            if kind == "postgresql":
                house.database = open_now.enter_context(fresh_database(kind, home)).url
            _drop_lists(house, scenario)
            morning = Keeping(home / "morning", (house.state,), house.database)
            morning.keep()
            made.append(Lane(house, taking, scenario, morning))
        yield made


def _drop_lists(house: CallHouse, scenario: Scenario) -> None:
    house.one_is_known(house.campaign("renewals", **scenario.campaign))
    for name, lists in scenario.lists.items():
        partner = house.campaign(name, **scenario.campaign)
        for age, phones in enumerate(reversed(lists), start=1):
            partner.drop(f"{name}-{age}.csv", a_list(phones), age_seconds=60 * age)
    house.collect()
    due = sum(len(phones) for lists in scenario.lists.values() for phones in lists)
    assert house.states() == {"accepted": 1, "pending": due}


def judge(lane: Lane) -> None:
    """One accepted call for each row that the vendor has taken, and no other; nothing is left."""
    states = lane.house.states()
    assert states == Counter(lane.scenario.expected) + Counter(accepted=1), (states, notes_of(lane))
    with lane.house.ledger() as ledger, looked_at(ledger) as connection:
        found = connection.execute(select(rows.c.id, rows.c.state)).all()
        known = {row.id: row.state for row in found}
    should = {row: int(state == "accepted") for row, state in known.items()}
    taken = lane.vendor.taken_rows()
    assert {row: taken[row] for row in known | taken} == should, notes_of(lane)


def notes_of(lane: Lane) -> list[tuple[object, ...]]:
    """The rows as they stand, for whoever reads a failure."""
    wanted = (rows.c.id, rows.c.phone, rows.c.state, rows.c.attempt, rows.c.reason)
    with lane.house.ledger() as ledger, looked_at(ledger) as connection:
        return [tuple(row) for row in connection.execute(select(*wanted).order_by(rows.c.id))]


def points_of(lane: Lane) -> tuple[str, ...]:
    """Every point of an undisturbed run."""
    lane.back_to_morning()
    found = lane.dispatch(kill_at=0)
    assert found.code == 0, found.said
    judge(lane)
    return tuple(found.points)


def die_and_restart(lane: Lane, point: int, without: str | None = None) -> None:
    """Killed at a point, started again to the end, and judged."""
    lane.back_to_morning()
    died = lane.dispatch(kill_at=point, without=without)
    assert died.died_in_time(point), died.said
    again = lane.dispatch(without=without)
    assert again.code == 0, (again.said, notes_of(lane))
    judge(lane)


def walk(at: Sequence[Lane], points: Sequence[int], without: str | None = None) -> list[str]:
    """All these points, on all lanes at once; every failure is told with its point."""
    return walk_on_all(at, points, partial(die_and_restart, without=without))

"""Mornings on which whole files are launched and the process dies: put back for every point, and
judged by whom Kathan has called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from sftp_sync.ledger.schema import launches, rows
from tests.support.calls import a_list
from tests.support.databases import fresh_database, looked_at
from tests.support.kathan import SETTINGS, KathanHouse, KathanVendor, kathan, kathan_house
from tests.support.keeping import Keeping
from tests.support.lanes import lane_folder, walk_on_all

ANN, BOB, CLEO, DORA = "+12125550123", "+12125550124", "+12125550125", "+12125550126"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LATER = {"schedule_start_time": "2030-01-01T09:00:00Z"}


@dataclass(frozen=True)
class Scenario:
    """Lists, oldest first, how they become campaigns, and what must have become of the rows."""

    lists: Sequence[Sequence[str]]
    expected: Mapping[str, int]
    settings: Mapping[str, Any] = field(default_factory=dict)
    campaign: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, Any] = field(default_factory=dict)


TWO_LISTS = [[ANN, BOB, CLEO], [ANN, DORA]]
SCENARIOS = {
    "contacts in the campaign": Scenario(TWO_LISTS, {"accepted": 4, "duplicate": 1}),
    "a list of its own, and a schedule": Scenario(
        TWO_LISTS, {"accepted": 4, "duplicate": 1}, settings={"recipient_list_above": 1, **LATER}
    ),
    "one number twice in a list, duplicates allowed": Scenario(
        [[ANN, BOB, ANN, CLEO]], {"accepted": 4}, campaign={"allow_duplicates": True}
    ),
    "campaigns that are over at once": Scenario(
        TWO_LISTS, {"accepted": 4, "duplicate": 1}, faults={"over_at_once": True}
    ),
}


@dataclass
class Lane:
    """A house with due rows and a vendor, put back to the same morning for every point."""

    house: KathanHouse
    vendor: KathanVendor
    scenario: Scenario
    morning: Keeping

    def back_to_morning(self) -> None:
        self.vendor.forget()
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
            vendor = open_now.enter_context(kathan(home / "vendor", speed=0.001))
            house = kathan_house(home / "house", vendor)
            if kind == "postgresql":
                house.database = open_now.enter_context(fresh_database(kind, home)).url
            partner = house.campaign(kathan={**SETTINGS, **scenario.settings}, **scenario.campaign)
            for age, phones in enumerate(reversed(scenario.lists), start=1):
                partner.drop(f"list-{age}.csv", a_list(phones), age_seconds=60 * age)
            house.collect()
            assert set(house.states()) == {"pending"}
            morning = Keeping(home / "morning", (house.state,), house.database)
            morning.keep()
            made.append(Lane(house, vendor, scenario, morning))
        yield made


def judge(lane: Lane) -> None:
    """Each row is a contact of one campaign that was started once, and every other draft that is
    left at the vendor is known to be.
    """
    states = lane.house.states()
    assert states == Counter(lane.scenario.expected), states
    starts = lane.vendor.starts()
    assert len({start["id"] for start in starts}) == len(starts), "a campaign was started twice"
    with lane.house.ledger() as ledger, looked_at(ledger) as connection:
        asked = select(rows.c.id, launches.c.vendor_id).join(
            launches, rows.c.launch_id == launches.c.id
        )
        started = asked.where(rows.c.state == "accepted", launches.c.state == "started")
        known = Counter((row.id, row.vendor_id) for row in connection.execute(started))
        orphans = {one.name for one in ledger.departures.orphans("renewals", LONG_AGO)}
    called = Counter(
        (int(one["metadata"]["sftp_sync"].rpartition(":")[2]), start["id"])
        for start in starts
        for one in start["recipients"]
    )
    assert called == known
    left = {one.fields["name"] for one in lane.vendor.drafts() if one.status == "draft"}
    assert left <= orphans, "a draft is left of which nothing is known"
    told = ("renewals", "drafts") in lane.house.notices()
    assert told == bool(orphans)


def points_of(lane: Lane) -> tuple[str, ...]:
    """Every point of an undisturbed run."""
    lane.back_to_morning()
    found = lane.dispatch(kill_at=0)
    assert found.code == 0, found.said
    judge(lane)
    return tuple(found.points)


def die_and_restart(lane: Lane, point: int) -> None:
    """Killed at a point, started again to the end, and judged."""
    lane.back_to_morning()
    died = lane.dispatch(kill_at=point)
    assert died.died_in_time(point), died.said
    again = lane.dispatch()
    # A draft that is left needs a look.
    assert again.code in {0, 1}, again.said
    judge(lane)


def walk(at: Sequence[Lane], points: Sequence[int]) -> list[str]:
    """All these points, on all lanes at once; every failure is told with its point."""
    return walk_on_all(at, points, die_and_restart)

"""The whole budget of the vendor's minute and never more, by a clock that is moved by hand."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.providers.base import Lane
from sftp_sync.providers.hints import NOTHING_SAID, Hints
from sftp_sync.providers.pace import FOLLOWING_EVERY, Pace, Timing
from sftp_sync.sandbox.api_limits import Budget, RequestCounter
from tests.support.hand_clock import HandClock

Latency = Callable[[random.Random], float]


def steady(chance: random.Random) -> float:
    return 0.02 + 0.06 * chance.random()


def jittery(chance: random.Random) -> float:
    return 0.05 + chance.expovariate(4)


def heavy_tailed(chance: random.Random) -> float:
    """One in ten takes seconds."""
    return jittery(chance) if chance.random() < 0.9 else 2 + 2 * chance.random()


@dataclass
class Vendor:
    """A vendor that enforces its limit, reached over a network with latency: a simulation."""

    limit: int
    window: Literal["fixed", "sliding"]
    latency: Latency
    says: Callable[[Budget, float], Hints]
    phase: float = 17.3
    granted: int = 0
    refused: int = 0
    others_per_minute: float = 0.0
    clock: HandClock = field(default_factory=HandClock)
    counter: RequestCounter | None = None

    def run(self, pace: Pace, minutes: float, in_flight: int = 64) -> None:
        """Everything is due all the time."""
        chance = random.Random(1)  # noqa: S311 - the same jitter each time, not a secret
        counter = self.counter or RequestCounter(self.limit, 60.0, self.window)
        self.counter = counter
        events: list[tuple[float, int, str, object]] = []
        number = 0
        under_way = 0
        if self.others_per_minute:
            heapq.heappush(events, (0.0, -1, "other", None))
        ends_at = self.clock.at + minutes * 60
        while self.clock.at < ends_at:
            if under_way < in_flight and pace.take_if_free():
                took = self.latency(chance)
                number, under_way = number + 1, under_way + 1
                arrives, answers = self.clock.at + took * chance.random(), self.clock.at + took
                heapq.heappush(events, (arrives, number, "arrives", answers))
                continue
            # A thread wakes a little late.
            wakes = self.clock.at + max(pace.slot_free_in(), 0.0001) + 0.003 * chance.random()
            if under_way >= in_flight:
                wakes = float("inf")
            if not events or events[0][0] > wakes:
                self.clock.at = wakes
                continue
            at, which, what, detail = heapq.heappop(events)
            self.clock.at = max(self.clock.at, at)
            if what == "other":
                counter.count(self.clock.at + self.phase)
                again = self.clock.at + 60 / self.others_per_minute
                heapq.heappush(events, (again, -1, "other", None))
            elif what == "arrives":
                budget = counter.count(self.clock.at + self.phase)
                self.granted += budget.is_granted
                self.refused += not budget.is_granted
                assert isinstance(detail, float)
                heapq.heappush(events, (detail, which, "answered", budget))
            else:
                assert isinstance(detail, Budget)
                under_way -= 1
                pace.answered(self.says(detail, self.clock.at + self.phase))


def all_headers(budget: Budget, now: float) -> Hints:
    """As the vendor documents them; the reset has whole seconds."""
    reset = float(int(budget.reset_at - now) + 1)
    return Hints(budget.limit, budget.remaining, reset, refused=not budget.is_granted)


def no_headers(budget: Budget, now: float) -> Hints:
    del now
    return Hints(refused=not budget.is_granted)


def a_pace(clock: HandClock, limit: int = 100) -> Pace:
    return Pace(limit, Timing(clock.monotonic, clock.wait))


@pytest.mark.parametrize("says", [all_headers, no_headers])
@pytest.mark.parametrize("latency", [steady, jittery, heavy_tailed])
@pytest.mark.parametrize("window", ["fixed", "sliding"])
@pytest.mark.parametrize(("limit", "minutes"), [(100, 20), (1000, 5)])
def test_the_budget_is_used_and_no_429_is_earned(
    limit: int,
    minutes: float,
    window: Literal["fixed", "sliding"],
    latency: Latency,
    says: Callable[[Budget, float], Hints],
) -> None:
    vendor = Vendor(limit, window, latency, says)
    vendor.run(a_pace(vendor.clock, limit), minutes)
    assert vendor.refused == 0
    assert vendor.granted / (limit * minutes) > 0.98


@pytest.mark.parametrize("says", [all_headers, no_headers])
@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_a_restart_at_full_speed_earns_hardly_any_429(
    window: Literal["fixed", "sliding"], says: Callable[[Budget, float], Hints]
) -> None:
    """The new process does not know what the old one has used up."""
    vendor = Vendor(1000, window, jittery, says)
    for _ in range(4):
        vendor.run(a_pace(vendor.clock, 1000), 1.7)
    assert vendor.refused <= 4
    assert vendor.granted / (1000 * 4 * 1.7) > 0.95


def test_a_limit_the_vendor_names_lowers_the_ceiling() -> None:
    vendor = Vendor(100, "fixed", steady, all_headers)
    pace = a_pace(vendor.clock, 1000)
    vendor.run(pace, 10)
    assert pace.limit == 100
    assert vendor.refused <= 1
    assert vendor.granted > 0.95 * 100 * 10


def test_a_limit_above_the_ceiling_does_not_raise_it() -> None:
    clock = HandClock()
    pace = a_pace(clock, 100)
    pace.answered(Hints(limit=5000, remaining=4999, reset_seconds=30))
    assert pace.limit == 100


def test_beside_others_on_the_account_what_remains_is_held_to() -> None:
    vendor = Vendor(100, "fixed", steady, all_headers, others_per_minute=50)
    vendor.run(a_pace(vendor.clock), 20)
    assert vendor.refused <= 5
    assert vendor.granted >= 50 * 20


SAID = {"limit": 100, "remaining": 0, "reset_seconds": 30.0}


@pytest.mark.parametrize("left_out", SAID)
@pytest.mark.parametrize("refused", [False, True])
def test_headers_that_say_only_a_part_break_nothing(left_out: str, *, refused: bool) -> None:
    """Of what remains nobody knows for how long, or of how much: our own count must do."""
    clock = HandClock()
    pace = a_pace(clock, 60)
    said = {name: figure for name, figure in SAID.items() if name != left_out}
    pace.answered(Hints(**said, refused=refused))
    longest = 30.0 if refused and left_out != "reset_seconds" else 1.1
    assert 0 <= pace.slot_free_in() <= longest
    assert pace.take()


def test_a_start_is_no_burst() -> None:
    clock = HandClock()
    pace = a_pace(clock, 60)
    assert pace.take_if_free()
    assert not pace.take_if_free()
    assert pace.slot_free_in() == pytest.approx(1, rel=0.02)


def test_a_second_of_lateness_is_caught_up_and_an_idle_hour_is_not() -> None:
    clock = HandClock()
    pace = a_pace(clock, 600)
    clock.at = 3600
    taken = 0
    while pace.take_if_free():
        taken += 1
    assert taken in (10, 11)


def test_a_slot_given_back_is_free_at_once() -> None:
    clock = HandClock()
    pace = a_pace(clock)
    assert pace.take_if_free()
    pace.give_back()
    assert pace.take_if_free()


def test_requests_without_an_answer_count_until_they_have_one_and_a_minute_longer() -> None:
    clock = HandClock()
    pace = a_pace(clock, 2)
    assert pace.take()
    assert pace.take()
    clock.at += 300
    assert not pace.take_if_free()
    assert 0 < pace.slot_free_in() < 60
    pace.answered(NOTHING_SAID)
    assert pace.slot_free_in() == 60
    clock.at += 60
    assert pace.take_if_free()


@pytest.mark.parametrize(
    ("hints", "seconds"),
    [
        (Hints(refused=True, retry_seconds=7), 7),
        (Hints(refused=True, retry_seconds=7, reset_seconds=40), 7),
        (Hints(refused=True, reset_seconds=40), 40),
        (Hints(refused=True, remaining=0, reset_seconds=40), 40),
        (Hints(refused=True, remaining=50, reset_seconds=40), 1),
        (Hints(refused=True), 1),
        (Hints(refused=False, retry_seconds=7), 7),
    ],
    ids=["retry-after", "both", "reset", "used up", "not used up", "nothing", "not a 429"],
)
def test_a_429_pauses_everything_as_long_as_it_says(hints: Hints, seconds: float) -> None:
    clock = HandClock()
    pace = a_pace(clock)
    pace.take_if_free()
    pace.answered(hints)
    assert pace.pause_left() == seconds
    assert pace.slot_free_in("following") >= seconds
    clock.at += seconds
    assert pace.take_if_free()


def test_without_a_word_the_pause_grows_until_an_answer_comes() -> None:
    clock = HandClock()
    pace = a_pace(clock)
    pauses = []
    for _ in range(9):
        pace.answered(Hints(refused=True))
        pauses.append(pace.pause_left())
        clock.at += pace.pause_left()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    pace.answered(NOTHING_SAID)
    pace.answered(Hints(refused=True))
    assert pace.pause_left() == 1


def test_several_429s_for_one_burst_are_one_pause() -> None:
    pace = a_pace(HandClock())
    for _ in range(4):
        pace.answered(Hints(refused=True))
    assert pace.pause_left() == 1


def test_a_vendor_out_of_reach_is_tried_at_growing_intervals() -> None:
    clock = HandClock()
    pace = a_pace(clock)
    assert pace.stumbled() == 1
    clock.at += 1
    assert pace.stumbled() == 2


def test_a_pause_from_outside_is_kept() -> None:
    clock = HandClock()
    pace = a_pace(clock)
    pace.pause(30)
    pace.pause(5)
    assert pace.slot_free_in() == 30
    assert pace.take()
    assert clock.at >= 30


def test_waiting_ends_when_it_is_time_to_stop() -> None:
    clock = HandClock()
    clock.stops_at = 10
    pace = a_pace(clock)
    pace.pause(60)
    assert not pace.take()


@pytest.mark.parametrize("dispatch_polls", [True, False])
def test_following_gets_one_slot_in_twenty_however_much_is_due(*, dispatch_polls: bool) -> None:
    order = _contest(200, dispatch_polls=dispatch_polls)
    assert order.count("following") == 200 // FOLLOWING_EVERY
    gaps = [index for index, lane in enumerate(order) if lane == "following"]
    assert max(after - before for before, after in itertools.pairwise(gaps)) == 20


def test_following_has_every_slot_when_nothing_is_due() -> None:
    clock = HandClock()
    pace = a_pace(clock)
    for _ in range(50):
        assert pace.take("following")
    assert clock.at < 50 * 0.61


def test_dispatch_has_every_slot_when_nobody_follows() -> None:
    clock = HandClock()
    pace = a_pace(clock)
    for _ in range(50):
        assert pace.take()
    assert clock.at < 50 * 0.61


def _contest(slots: int, *, dispatch_polls: bool) -> list[Lane]:
    """Both lanes want every slot, in real threads by a real clock."""
    stop = threading.Event()
    pace = Pace(30_000, Timing(time.monotonic, stop.wait))
    order: list[Lane] = []
    lock = threading.Lock()

    def poll() -> bool:
        while not pace.take_if_free():
            if stop.wait(max(pace.slot_free_in(), 0.0005)):
                return False
        return True

    def want(lane: Lane) -> None:
        polls = dispatch_polls and lane == "dispatch"
        while poll() if polls else pace.take(lane):
            with lock:
                order.append(lane)
                if len(order) >= slots:
                    stop.set()

    lanes: tuple[Lane, ...] = ("dispatch", "following", "following")
    threads = [threading.Thread(target=want, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return order[:slots]


def test_threads_never_take_more_than_there_is() -> None:
    stop = threading.Event()
    pace = Pace(3000, Timing(time.monotonic, stop.wait, window_seconds=1.0))
    taken: list[float] = []

    def work() -> None:
        while pace.take():
            taken.append(time.monotonic())
            pace.answered(NOTHING_SAID)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    stop.wait(2.2)
    stop.set()
    for thread in threads:
        thread.join()
    taken.sort()
    crowded = [at - taken[index - 3000] for index, at in enumerate(taken) if index >= 3000]
    assert all(apart >= 0.999 for apart in crowded)


@pytest.mark.parametrize(
    ("requests", "seconds"), [(0, 0), (1, 0), (1000, 60), (10_000, 603)], ids=str
)
def test_the_eta_is_what_it_takes(requests: int, seconds: float) -> None:
    assert a_pace(HandClock(), 1000).seconds_for(requests) == pytest.approx(seconds, rel=0.01)


def test_the_eta_comes_true() -> None:
    vendor = Vendor(100, "fixed", steady, all_headers)
    pace = a_pace(vendor.clock)
    said = pace.seconds_for(500)
    vendor.run(pace, minutes=said / 60)
    assert vendor.granted == pytest.approx(500, abs=2)


def test_the_eta_knows_of_a_pause() -> None:
    pace = a_pace(HandClock(), 60)
    pace.pause(100)
    assert pace.seconds_for(1) == 100


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["take", "answer", "refused", "wait", "give back", "limit"]),
            st.floats(0, 30),
        ),
        max_size=80,
    )
)
def test_whatever_happens_a_slot_comes_within_bounds(steps: list[tuple[str, float]]) -> None:
    clock = HandClock()
    pace = a_pace(clock)
    for what, figure in steps:
        match what:
            case "take":
                pace.take_if_free()
            case "answer":
                pace.answered(Hints(100, int(figure), figure))
            case "refused":
                pace.answered(Hints(refused=True, reset_seconds=figure))
            case "give back":
                pace.give_back()
            case "limit":
                pace.answered(Hints(limit=int(figure) + 1, remaining=0, reset_seconds=figure))
            case _:
                clock.at += figure
    assert 0 <= pace.slot_free_in() <= 61
    assert pace.take()

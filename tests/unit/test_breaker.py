"""Three doubtful answers in a row stop an account; one GET, then one request, start it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.model import (
    Accepted,
    AlreadyQueued,
    Blocked,
    NotNow,
    Outcome,
    Refused,
    Uncertain,
)
from sftp_sync.providers.breaker import Breaker

DOUBT = Uncertain("503")
WELL = Accepted("c1")


def after(*outcomes: Outcome, breaker: Breaker | None = None, now: float = 0) -> Breaker:
    breaker = breaker or Breaker()
    for outcome in outcomes:
        breaker = breaker.record(outcome, now)
    return breaker


def test_three_doubts_in_a_row_open_it() -> None:
    assert after(DOUBT, DOUBT).open_until is None
    opened = after(DOUBT, DOUBT, DOUBT, now=100)
    assert opened.open_until == 105
    assert opened.allowed_in_flight(4) == 0
    assert opened.reason == "503"


@pytest.mark.parametrize(
    "answer", [WELL, AlreadyQueued("c1"), Refused("no"), Blocked("campaign", "paused")]
)
def test_a_clear_answer_between_them_starts_the_count_anew(answer: Outcome) -> None:
    assert after(DOUBT, DOUBT, answer, DOUBT, DOUBT).open_until is None


def test_a_not_now_is_neither_doubt_nor_a_sign_of_health() -> None:
    assert after(DOUBT, NotNow("429"), DOUBT, NotNow("429"), DOUBT).open_until is not None


def test_late_answers_change_nothing_while_it_is_open() -> None:
    opened = after(DOUBT, DOUBT, DOUBT)
    assert after(DOUBT, WELL, DOUBT, breaker=opened, now=3) == opened


def test_after_the_pause_one_get_must_succeed() -> None:
    opened = after(DOUBT, DOUBT, DOUBT)
    assert not opened.wants_probe(4.9)
    assert opened.wants_probe(5)
    half_open = opened.probed(is_well=True, now=5)
    assert half_open.open_until is None
    assert half_open.allowed_in_flight(4) == 1


def test_a_failed_get_makes_the_pause_longer() -> None:
    opened = after(DOUBT, DOUBT, DOUBT).probed(is_well=False, now=5)
    assert opened.open_until == 15


def test_half_open_one_more_doubt_is_enough() -> None:
    half_open = after(DOUBT, DOUBT, DOUBT).probed(is_well=True, now=5)
    assert after(DOUBT, breaker=half_open, now=6).open_until == 16


def test_half_open_one_success_closes_it_and_forgets() -> None:
    half_open = after(DOUBT, DOUBT, DOUBT).probed(is_well=True, now=5)
    assert after(WELL, breaker=half_open) == Breaker()


def test_a_closed_breaker_is_not_probed() -> None:
    assert Breaker().probed(is_well=False, now=1) == Breaker()
    assert not Breaker().wants_probe(1)
    assert Breaker().allowed_in_flight(4) == 4


def test_an_hour_of_503_leaves_a_handful_of_rows_in_doubt() -> None:
    """POST fails for an hour while GET works: the worst case."""
    breaker, now, doubtful = Breaker(), 0.0, 0
    while now < 3600:
        if breaker.wants_probe(now):
            breaker = breaker.probed(is_well=True, now=now)
        if breaker.allowed_in_flight(4):
            doubtful += 1
            breaker = breaker.record(DOUBT, now)
        now += 0.06
    assert doubtful < 20


@given(st.lists(st.sampled_from([DOUBT, WELL, NotNow("429"), "good", "bad"]), max_size=60))
def test_pauses_are_bounded_and_an_open_breaker_lets_nothing_through(
    steps: list[Outcome | str],
) -> None:
    breaker, now = Breaker(), 0.0
    for step in steps:
        now += 1
        if isinstance(step, str):
            breaker = breaker.probed(is_well=step == "good", now=now)
        else:
            breaker = breaker.record(step, now)
        if breaker.open_until is not None:
            assert breaker.open_until - now <= 600
            assert breaker.allowed_in_flight(4) == 0

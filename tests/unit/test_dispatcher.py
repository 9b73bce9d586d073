"""Hours of sending in a moment: doubts and their looks, the breaker, the ends of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text, update

from sftp_sync.errors import LeaseLost, LedgerUnavailable, Stopped, VendorUnavailable
from sftp_sync.ledger.schema import leases
from sftp_sync.model import Limits, RowState
from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from sftp_sync.sending.route import Patience
from tests.support.builders import a_phone
from tests.support.databases import written
from tests.support.examples import examples
from tests.support.hand_dispatch import Bench, a_bench
from tests.support.vendors import Api

HOUR = 3600.0
FIVE = [a_phone(number) for number in range(5)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with a_bench(tmp_path) as made:
        made.one_is_known()
        yield made


def taken(bench: Bench) -> dict[str, int]:
    return dict(Counter(call["to"] for call in bench.taken()))


ONCE_EACH = dict.fromkeys(FIVE, 1)


def a_stranger_calls(bench: Bench) -> None:
    api = Api(bench.vendor)
    assert api.call(FIVE[0]).is_success
    api.client.close()


class TestDoubt:
    @pytest.mark.parametrize(
        "lie", ["drop_after_accept", "bad_gateway_after_accept", "truncated_body"]
    )
    def test_is_settled_by_the_call_that_is_listed(self, bench: Bench, lie: str) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(**{lie: When(every=2)})
        dispatched = bench.dispatch()
        assert dispatched.problem is None
        assert bench.states() == {"accepted": 5}
        assert dispatched.rows == {RowState.ACCEPTED: 5}
        assert taken(bench) == ONCE_EACH
        assert len(bench.posts()) == 5

    @pytest.mark.parametrize("lie", ["server_error", "html_page", "reset_before_reading"])
    def test_is_asked_again_where_no_call_is_listed(self, bench: Bench, lie: str) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(**{lie: When(every=1, after=2, times=2)})
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}
        assert taken(bench) == ONCE_EACH

    def test_is_looked_into_no_sooner_than_the_vendor_may_still_be_at_it(
        self, bench: Bench
    ) -> None:
        bench.list(FIVE[:1])
        bench.vendor.break_with(drop_after_accept=When(every=1, times=1))
        bench.dispatch()
        # The first one was before anything was sent: whether somebody had called meanwhile.
        (post,), (_, look) = bench.posts(), bench.looks()
        assert look["at"] - post["at"] >= 120

    @pytest.mark.parametrize("offset", [-HOUR, -420.0, 0.0, 420.0, HOUR])
    @pytest.mark.parametrize("whole_seconds", [True, False])
    def test_does_not_mind_a_vendor_whose_clock_is_off(
        self, bench: Bench, offset: float, *, whole_seconds: bool
    ) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(
            drop_after_accept=When(every=2),
            server_error=When(every=5, times=1),
            clock_offset_seconds=offset,
            whole_seconds=whole_seconds,
            over_at_once=True,
        )
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}
        assert taken(bench) == ONCE_EACH

    def test_of_test_calls_is_settled_too(self, bench: Bench) -> None:
        bench.campaign(is_testing=True)
        bench.list(FIVE)
        bench.vendor.break_with(
            drop_after_accept=When(every=2), server_error=When(every=5, times=1)
        )
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}
        assert taken(bench) == ONCE_EACH

    @pytest.mark.slow
    def test_about_a_list_that_is_never_whole_is_for_a_person_in_an_hour(
        self, bench: Bench
    ) -> None:
        # The list shows the latest two of the campaign's calls, and five have come since.
        bench.list(FIVE)
        bench.vendor.break_with(server_error=When(every=1, times=1), calls_cap=2)
        dispatched = bench.dispatch()
        assert dispatched.problem is None
        assert bench.states() == {"accepted": 4, "uncertain": 1}
        assert bench.reasons(RowState.UNCERTAIN) == [
            "the vendor's list of calls was not complete for an hour"
        ]
        pauses = [look["at"] for look in bench.looks()]
        assert 5 <= len(pauses) <= 15
        assert pauses[-1] - pauses[0] > HOUR
        assert len(taken(bench)) == 4

    def test_about_a_short_list_is_settled_by_a_call_that_it_shows(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(drop_after_accept=When(every=5), calls_cap=2)
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}

    @pytest.mark.slow
    def test_where_the_number_of_calls_is_not_said_is_for_a_person(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(hide_total_calls=True)
        bench.dispatch()
        # Whom we had called when we were last at work, nobody can tell.
        assert bench.states() == {"uncertain": 5}
        assert bench.posts() == []

    def test_takes_a_strangers_call_of_that_moment_for_ours(self, bench: Bench) -> None:
        bench.list(FIVE[:1])
        a_stranger_calls(bench)
        bench.time.at += 60
        bench.vendor.break_with(server_error=When(every=1, times=1))
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 1}
        assert len(bench.taken()) == 1

    @pytest.mark.parametrize("hours", [2, 25])
    def test_takes_a_strangers_call_since_our_last_claim_for_ours(
        self, bench: Bench, hours: int
    ) -> None:
        bench.vendor.break_with(over_at_once=True)
        a_stranger_calls(bench)
        bench.time.at += hours * HOUR
        bench.list(FIVE[:1])
        assert bench.dispatch().problem is None
        # A machine that was put back knows no more than this.
        assert bench.states() == {"accepted": 1}
        assert len(bench.taken()) == 1

    def test_of_a_second_row_needs_ids_that_are_seen_to_agree(self, bench: Bench) -> None:
        bench.campaign(allow_duplicates=True)
        bench.list([FIVE[0], FIVE[0]])
        bench.vendor.break_with(
            drop_after_accept=When(every=1, after=1, times=1),
            different_ids=True,
            over_at_once=True,
        )
        bench.in_flight = 1
        bench.dispatch()
        assert bench.states() == {"accepted": 1, "uncertain": 1}
        assert "cannot be told by its id" in bench.reasons(RowState.UNCERTAIN)[0]
        assert len(bench.taken()) == 2

    def test_of_a_number_called_once_is_settled_by_presence_whatever_its_id(
        self, bench: Bench
    ) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(drop_after_accept=When(every=2), different_ids=True)
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}
        assert taken(bench) == ONCE_EACH

    def test_beside_a_call_that_another_row_has_stays_and_ends_the_wait(self, bench: Bench) -> None:
        bench.campaign(allow_duplicates=True)
        bench.list([FIVE[0], FIVE[0]])
        bench.in_flight = 1
        bench.vendor.break_with(server_error=When(every=1, after=1, times=1))
        dispatched = bench.dispatch()
        assert bench.states() == {"accepted": 1, "uncertain": 1}
        assert "not this row's" in bench.reasons(RowState.UNCERTAIN)[0]
        assert dispatched.rows == {RowState.ACCEPTED: 1, RowState.UNCERTAIN: 1}
        # Asked more and more rarely, and not for ever; never with duplicates allowed.
        assert len(bench.taken()) == 1
        assert 3 <= len(bench.posts()) <= 10


class TestTheBreaker:
    @pytest.mark.slow
    def test_leaves_a_handful_in_doubt_of_an_hour_of_errors(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(200)])
        bench.vendor.break_with(server_error=ALWAYS)
        bench.time.stops_at = bench.time.at + HOUR
        dispatched = bench.dispatch(Patience(is_daemon=True))
        assert isinstance(dispatched.problem, Stopped)
        assert bench.states()["uncertain"] <= 20
        assert "leave open" in bench.ledger.notices.all()[0].message
        bench.time.stops_at = float("inf")
        bench.vendor.break_with()
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 200}
        assert bench.ledger.notices.all() == []

    def test_is_said_no_more_when_the_vendor_is_well_and_nothing_is_due(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(3)])
        bench.vendor.break_with(bad_gateway_after_accept=ALWAYS)
        bench.in_flight = 1
        bench.time.stops_at = bench.time.at + HOUR / 4
        bench.dispatch(Patience(is_daemon=True))
        assert bench.states() == {"accepted": 3}
        assert bench.ledger.notices.all() == []

    def test_ends_a_run_that_is_not_to_stay(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(200)])
        bench.vendor.break_with(server_error=ALWAYS)
        began = bench.time.at
        dispatched = bench.dispatch()
        assert isinstance(dispatched.problem, VendorUnavailable)
        assert 60 < bench.time.at - began < 15 * 60
        assert bench.states()["pending"] > 180

    def test_is_not_in_the_way_of_looks(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(drop_after_accept=ALWAYS)
        dispatched = bench.dispatch()
        assert dispatched.problem is None
        assert bench.states() == {"accepted": 5}

    def test_sends_one_row_before_it_sends_all(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(20)])
        bench.vendor.break_with(server_error=When(every=1, times=4))
        bench.in_flight = 1
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 20}
        at = [one["at"] for one in bench.posts()]
        # Three in a row, a pause, one that fails, a longer pause.
        assert at[3] - at[2] >= 5
        assert at[4] - at[3] >= 10


class TestLooks:
    def test_lead_to_a_question_however_slow_the_pace_is(self, bench: Bench) -> None:
        bench.list(FIVE[:2])
        bench.vendor.break_with(server_error=When(every=1, times=2))
        bench.requests_per_minute = 6
        bench.time.stops_at = bench.time.at + HOUR
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 2}

    def test_that_fail_do_not_stop_the_sending(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(60)])
        bench.vendor.break_with(
            drop_after_accept=When(every=1, times=1),
            html_page=When(every=1, times=2, on="reads"),
        )
        bench.requests_per_minute = 10
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 60}

    def test_that_fail_for_long_end_a_run_with_the_reason(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(
            drop_after_accept=When(every=1, times=1), html_page=When(every=1, after=1, on="reads")
        )
        dispatched = bench.dispatch()
        assert isinstance(dispatched.problem, VendorUnavailable)
        assert bench.states() == {"accepted": 4, "uncertain": 1}
        bench.vendor.break_with()
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}

    def test_are_made_now_and_then_while_rows_are_sent(self, bench: Bench) -> None:
        many = examples(400)
        bench.list([a_phone(number) for number in range(many)])
        bench.requests_per_minute = 60
        bench.vendor.break_with(drop_after_accept=When(every=5))
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": many}
        minutes = (bench.posts()[-1]["at"] - bench.posts()[0]["at"]) / 60
        assert len(bench.looks()) <= 6 * (minutes + 3)

    def test_of_one_campaign_do_not_hide_those_of_another(self, bench: Bench) -> None:
        bench.list(FIVE[:2])
        bench.list(FIVE[2:], "reminders")
        bench.vendor.break_with(server_error=When(every=1, times=2))
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}
        assert taken(bench) == ONCE_EACH


class TestTheAccount:
    def test_is_shared_with_a_campaign_whose_rows_come_later(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(100)])
        bench.campaign("reminders")
        bench.requests_per_minute = 60
        came: list[int] = []

        def wait(seconds: float) -> None:
            bench.time.wait(seconds)
            if not came and len(bench.posts()) >= 10:
                came.append(len(bench.posts()))
                bench.list([a_phone(number) for number in range(200, 210)], "reminders")

        assert bench.dispatch(wait=wait).problem is None
        order = [call["to"] for call in bench.taken()]
        last = max(order.index(a_phone(number)) for number in range(200, 210))
        # Ten rows of the one among ten of the other.
        assert last < came[0] + 30

    def test_waits_for_lists_that_are_still_coming_in(self, bench: Bench) -> None:
        bench.campaign()
        is_coming = [True]

        def wait(seconds: float) -> None:
            bench.time.wait(seconds)
            if is_coming and bench.time.at > began + 20:
                bench.list(FIVE)
                is_coming.clear()

        began = bench.time.at
        assert bench.dispatch(is_more_to_come=lambda: bool(is_coming), wait=wait).problem is None
        assert bench.states() == {"accepted": 5}

    @pytest.mark.slow
    def test_rests_longer_and_longer_while_it_cannot_be_reached(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.base_url = "http://127.0.0.1:9/api/v1"
        bench.time.stops_at = bench.time.at + HOUR
        dispatched = bench.dispatch(Patience(is_daemon=True))
        assert isinstance(dispatched.problem, Stopped)
        assert bench.states() == {"pending": 5}
        assert "cannot be reached" in bench.ledger.notices.all()[0].message

    def test_that_cannot_be_reached_ends_a_run_after_half_a_minute(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.base_url = "http://127.0.0.1:9/api/v1"
        began = bench.time.at
        dispatched = bench.dispatch()
        assert isinstance(dispatched.problem, VendorUnavailable)
        assert 30 <= bench.time.at - began < 120
        bench.base_url = ""
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 5}
        assert bench.ledger.notices.all() == []


def rename(bench: Bench, table: str, name: str) -> None:
    with written(bench.ledger) as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


class TestTheLedger:
    def test_that_is_away_for_a_while_is_waited_for(self, bench: Bench) -> None:
        bench.list([a_phone(number) for number in range(50)])
        bench.requests_per_minute = 600
        away_at = bench.time.at + 2
        names = ["rows", "mislaid"]

        def wait(seconds: float) -> None:
            bench.time.wait(seconds)
            is_away = away_at < bench.time.at < away_at + 20
            if is_away == (names[0] == "rows"):
                rename(bench, *names)
                names.reverse()

        dispatched = bench.dispatch(wait=wait)
        assert dispatched.problem is None
        assert bench.states() == {"accepted": 50}
        assert len(bench.taken()) == 50
        assert bench.time.at > away_at + 20

    def test_that_stays_away_ends_the_run(self, bench: Bench) -> None:
        bench.list(FIVE)
        rename(bench, "spending", "mislaid")
        began = bench.time.at
        with pytest.raises(LedgerUnavailable):
            bench.dispatch()
        assert 60 <= bench.time.at - began < 120
        rename(bench, "mislaid", "spending")
        assert bench.states() == {"pending": 5}
        assert bench.dispatch().problem is None

    def test_whose_lease_is_lost_ends_the_run_and_leaves_what_is_sent_to_the_other(
        self, bench: Bench
    ) -> None:
        bench.list([a_phone(number) for number in range(50)])
        bench.requests_per_minute = 600

        def wait(seconds: float) -> None:
            bench.time.wait(seconds)
            if len(bench.posts()) >= 10:
                with written(bench.ledger) as connection:
                    taken_over = update(leases).where(leases.c.name == "dispatch:talkover")
                    connection.execute(taken_over.values(holder="another", fence=99))

        with pytest.raises(LeaseLost):
            bench.dispatch(wait=wait)
        sent = len(bench.taken())
        assert bench.states() == {"accepted": sent, "pending": 50 - sent}
        assert sent < 50


class TestTheEnd:
    def test_waits_for_nothing_that_a_person_has_paused(self, bench: Bench) -> None:
        bench.list(FIVE)
        bench.vendor.break_with(server_error=When(every=1, times=1))
        bench.dispatch(Patience(waits=False))
        bench.ledger.campaigns.pause("renewals", paused=True)
        bench.time.at += HOUR
        looks = len(bench.looks())
        assert bench.dispatch().problem is None
        assert len(bench.looks()) == looks

    def test_waits_for_no_other_day(self, bench: Bench) -> None:
        bench.campaign(limits=Limits(calls_per_day=2), timezone="America/New_York")
        bench.list(FIVE)
        assert bench.dispatch().problem is None
        assert bench.states() == {"accepted": 2, "pending": 3}
        # Midnight in New York is five o'clock in the morning here; it was one o'clock there.
        bench.time.at += 22 * HOUR
        bench.dispatch()
        assert bench.states() == {"accepted": 2, "pending": 3}
        bench.time.at += 1.1 * HOUR
        bench.dispatch()
        assert bench.states() == {"accepted": 4, "pending": 1}

    def test_of_a_waiting_daemon_costs_three_questions_to_the_ledger_a_second(
        self, bench: Bench
    ) -> None:
        bench.list(FIVE)
        bench.time.stops_at = bench.time.at + 60
        bench.dispatch(Patience(is_daemon=True))
        assert bench.states() == {"accepted": 5}
        asked: list[str] = []
        event.listen(
            bench.ledger._engine,
            "before_cursor_execute",
            lambda _a, _b, statement, *_c: asked.append(statement),
        )
        bench.time.stops_at = bench.time.at + 60
        bench.dispatch(Patience(is_daemon=True))
        questions = [one for one in asked if one.startswith("SELECT")]
        assert 60 <= len(questions) <= 3 * 60

"""Whole files on their way to a vendor that makes campaigns of them, on every database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.errors import LeaseLost, UsageError
from sftp_sync.ledger import Ledger, planning
from sftp_sync.ledger.claims import Moment
from sftp_sync.ledger.guards import REFUSAL
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, launches, rows, spending
from sftp_sync.model import (
    LAUNCH_TRANSITIONS,
    Accepted,
    Blocked,
    CallNews,
    Campaign,
    Idle,
    Launch,
    LaunchState,
    Limits,
    NotNow,
    Outcome,
    Refused,
    RowState,
    Stale,
    Start,
    Terms,
    Uncertain,
)
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_moment,
    a_phone,
    an_arrival,
    an_instant,
    enter_file,
    sha256_of,
)
from tests.support.databases import looked_at, written

AFTER = timedelta(seconds=120)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY, THEN = a_moment(), an_instant()
RENEWALS = a_campaign()
TERMS = Terms({"assistant_id": "asst_1", "phone_number_id": "pn_1"})
STARTED = Accepted("v1", "running")


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold("dispatch:kathan") as lease:
        yield lease


class Desk:
    """One campaign's files and launches, with all that a test does not care about."""

    def __init__(self, ledger: Ledger, lease: Lease, sending: Lease) -> None:
        self.ledger, self.lease, self.sending = ledger, lease, sending

    def file(self, *phones: str, name: str = "leads", campaign: Campaign = RENEWALS) -> int:
        arrival = an_arrival(campaign, sha256=sha256_of(name))
        batch = a_batch(*(ARow(phone) for phone in phones))
        return enter_file(self.ledger, self.lease, batch, arrival=arrival)

    def plan(self, campaign: Campaign = RENEWALS, when: Moment = TODAY) -> Launch:
        planned = self.ledger.launches.plan(self.sending, campaign, TERMS, when)
        assert isinstance(planned, Launch), planned
        return planned

    def idle(self, campaign: Campaign = RENEWALS, when: Moment = TODAY) -> Idle:
        planned = self.ledger.launches.plan(self.sending, campaign, TERMS, when)
        assert isinstance(planned, Idle), planned
        return planned

    def draft(self, vendor_id: str = "v1", campaign: Campaign = RENEWALS) -> Launch:
        return self.ledger.launches.drafted(self.sending, self.plan(campaign), vendor_id)

    def claim(
        self,
        launch: Launch,
        campaign: Campaign = RENEWALS,
        when: Moment = TODAY,
        terms: Terms = TERMS,
    ) -> Start | Stale | Idle:
        return self.ledger.launches.claim(self.sending, campaign, launch, terms, when)

    def start(self, vendor_id: str = "v1") -> Start:
        claimed = self.claim(self.draft(vendor_id))
        assert isinstance(claimed, Start), claimed
        return claimed

    def settle(self, start: Start, outcome: Outcome) -> RowState | None:
        return self.ledger.launches.settle(start, outcome, THEN, AFTER)

    def doubtful(self) -> Launch:
        self.settle(self.start(), Uncertain("lost"))
        found = self.ledger.departures.due(RENEWALS, an_instant(NOW + AFTER), AFTER)
        assert found is not None
        return found

    def states(self) -> Counter[str]:
        with looked_at(self.ledger) as connection:
            return Counter(connection.execute(select(rows.c.state)).scalars())

    def pinned(self) -> Counter[int | None]:
        with looked_at(self.ledger) as connection:
            return Counter(connection.execute(select(rows.c.launch_id)).scalars())

    def launch(self, number: int | None = None) -> Any:
        asked = select(launches)
        if number is not None:
            asked = asked.where(launches.c.id == number)
        with looked_at(self.ledger) as connection:
            return connection.execute(asked.order_by(launches.c.id.desc()).limit(1)).one()

    def spent(self) -> int:
        with looked_at(self.ledger) as connection:
            return sum(connection.execute(select(spending.c.calls)).scalars())


@pytest.fixture
def desk(ledger: Ledger, lease: Lease, sending: Lease) -> Desk:
    return Desk(ledger, lease, sending)


class TestStates:
    def test_follow_each_other_as_the_model_draws(self, desk: Desk) -> None:
        file_id = desk.file(a_phone())
        found = set()
        with written(desk.ledger) as connection:
            for before, after in product(LaunchState, LaunchState):
                with connection.begin_nested() as attempt:
                    made = insert(launches).values(
                        file_id=file_id,
                        campaign="renewals",
                        state=before,
                        name="n",
                        terms="t",
                        recipients=1,
                        vendor_id="v",
                        made_at=NOW,
                    )
                    number = connection.execute(made.returning(launches.c.id)).scalar_one()
                    try:
                        with connection.begin_nested():
                            moved = update(launches).where(launches.c.id == number)
                            connection.execute(moved.values(state=after))
                    except IntegrityError as error:
                        if REFUSAL not in str(error):
                            raise
                    else:
                        found |= {(before, after)} - {(before, before)}
                    attempt.rollback()
        drawn = {(before, after) for before, next_ in LAUNCH_TRANSITIONS.items() for after in next_}
        assert found == drawn

    def test_of_two_campaigns_of_one_file_only_one_is_open(self, desk: Desk) -> None:
        desk.file(a_phone())
        desk.plan()
        values = desk.launch()._asdict() | {"name": "another"}
        del values["id"]
        with pytest.raises(IntegrityError), written(desk.ledger) as connection:
            connection.execute(insert(launches).values(**values))

    def test_but_planned_and_stale_need_the_vendors_id(self, desk: Desk) -> None:
        desk.file(a_phone())
        planned = desk.plan()
        moved = update(launches).where(launches.c.id == planned.id).values(state="drafted")
        with pytest.raises(IntegrityError), written(desk.ledger) as connection:
            connection.execute(moved)


class TestPlanning:
    def test_fixes_the_rows_and_leaves_them_pending(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1), a_phone(2))
        planned = desk.plan()
        assert (planned.file_id, planned.recipients, planned.attempt) == (file_id, 2, 0)
        assert planned.name.startswith("renewals: leads.csv (sftp-sync ")
        assert sha256_of("leads")[:12] in planned.name
        assert (planned.assistant_id, planned.phone_number_id) == ("asst_1", "pn_1")
        assert desk.states() == {"pending": 2}
        assert desk.pinned() == {planned.id: 2}
        told = list(desk.ledger.departures.recipients(planned))
        assert [(row.line, row.phone) for row in told] == [(2, a_phone(1)), (3, a_phone(2))]

    def test_takes_files_in_turn_and_each_once(self, desk: Desk) -> None:
        first = desk.file(a_phone(1), name="one")
        second = desk.file(a_phone(2), name="two")
        assert [desk.plan().file_id, desk.plan().file_id] == [first, second]
        assert desk.idle() == Idle.IN_DOUBT

    def test_says_that_nothing_is_there(self, desk: Desk) -> None:
        assert desk.idle() == Idle.NOTHING

    def test_leaves_out_who_was_called_a_short_time_ago(self, desk: Desk) -> None:
        desk.file(a_phone(1), name="one")
        desk.settle(desk.start(), STARTED)
        desk.file(a_phone(1), a_phone(2), name="two")
        assert desk.plan(when=a_moment(NOW + HOUR, TODAY.day)).recipients == 1
        assert desk.states() == {"accepted": 1, "duplicate": 1, "pending": 1}

    def test_takes_who_was_called_long_ago_or_where_duplicates_are_allowed(
        self, desk: Desk
    ) -> None:
        desk.file(a_phone(1), name="one")
        desk.settle(desk.start(), STARTED)
        desk.file(a_phone(1), name="two")
        desk.file(a_phone(1), name="three")
        free = a_campaign(allow_duplicates=True)
        assert desk.plan(free, a_moment(NOW + HOUR, TODAY.day)).recipients == 1
        assert desk.plan(when=a_moment(NOW + 2 * DAY, "2026-11-22")).recipients == 1

    def test_settles_a_file_of_which_nobody_may_be_called(self, desk: Desk) -> None:
        desk.file(a_phone(1), name="one")
        desk.settle(desk.start(), STARTED)
        desk.file(a_phone(1), name="two")
        assert desk.idle() == Idle.JUDGING
        assert desk.idle() == Idle.NOTHING
        assert desk.states() == {"accepted": 1, "duplicate": 1}

    def test_leaves_out_who_is_not_to_be_called(self, desk: Desk) -> None:
        desk.ledger.suppressions.add(a_phone(1), "asked us to", NOW)
        desk.file(a_phone(1), a_phone(2))
        assert desk.plan().recipients == 1
        assert desk.states() == {"suppressed": 1, "pending": 1}

    def test_leaves_numbers_in_doubt_for_the_next_campaign(self, desk: Desk) -> None:
        desk.file(a_phone(1), name="one")
        start = desk.start()
        desk.file(a_phone(1), a_phone(2), name="two")
        assert desk.plan().recipients == 1
        desk.settle(start, STARTED)
        assert desk.states() == {"accepted": 1, "pending": 2}

    def test_takes_a_number_once_and_its_other_rows_next_time(self, desk: Desk) -> None:
        free = a_campaign(allow_duplicates=True)
        desk.file(a_phone(1), a_phone(2), a_phone(1), campaign=free)
        first = desk.draft(campaign=free)
        assert first.recipients == 2
        claimed = desk.claim(first, free)
        assert isinstance(claimed, Start)
        desk.settle(claimed, STARTED)
        assert desk.plan(free).recipients == 1

    @pytest.mark.parametrize("limits", [Limits(calls_per_day=2), Limits(calls_per_file=2)])
    def test_takes_no_more_than_the_limits_allow(self, desk: Desk, limits: Limits) -> None:
        limited = a_campaign(limits=limits)
        desk.file(*(a_phone(number) for number in range(5)), campaign=limited)
        drafted = desk.draft(campaign=limited)
        assert drafted.recipients == 2
        claimed = desk.claim(drafted, limited)
        assert isinstance(claimed, Start)
        desk.settle(claimed, STARTED)
        assert desk.spent() == 2
        is_of_day = limits.calls_per_day is not None
        assert desk.idle(limited) == (Idle.DAY_LIMIT if is_of_day else Idle.JUDGING)
        assert desk.ledger.files.all()[0].state == ("dispatching" if is_of_day else "held")

    def test_takes_a_part_of_a_list_that_is_too_long(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planning, "MOST_RECIPIENTS", 3)
        desk.file(*(a_phone(number) for number in range(5)))
        desk.settle(desk.start(), STARTED)
        assert desk.plan().recipients == 2

    def test_expires_what_is_too_late(self, desk: Desk) -> None:
        brief = a_campaign(expires_after=HOUR)
        desk.file(a_phone(1), campaign=brief)
        assert desk.idle(brief, a_moment(NOW + 2 * HOUR, TODAY.day)) == Idle.JUDGING
        assert desk.states() == {"expired": 1}

    def test_waits_for_a_paused_campaign(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        desk.ledger.campaigns.pause("renewals", paused=True)
        assert desk.idle() == Idle.PAUSED

    def test_is_for_who_holds_the_lease(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        desk.ledger.leases.release(desk.sending)
        with pytest.raises(LeaseLost):
            desk.ledger.launches.plan(desk.sending, RENEWALS, TERMS, TODAY)
        assert desk.pinned() == {None: 1}


class TestADraft:
    def test_that_was_never_made_leaves_no_trace(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        desk.ledger.launches.discard(desk.sending, desk.plan())
        assert desk.pinned() == {None: 1}
        assert desk.ledger.departures.waiting(RENEWALS) is None
        assert desk.plan().recipients == 1

    def test_that_may_have_been_made_is_told_for_a_while(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        planned = desk.plan()
        desk.ledger.launches.shelve(desk.sending, planned, "lost", NOW)
        departures = desk.ledger.departures
        assert [one.name for one in departures.orphans("renewals", NOW)] == [planned.name]
        assert departures.orphans("renewals", NOW + HOUR) == []
        assert desk.plan().name != planned.name

    def test_that_is_there_no_more_is_no_orphan(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        desk.ledger.launches.vanished(desk.sending, desk.draft())
        assert desk.ledger.departures.orphans("renewals", NOW - DAY) == []
        assert desk.plan().recipients == 1

    def test_waits_for_its_start(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1))
        drafted = desk.draft("v7")
        assert desk.ledger.departures.waiting(RENEWALS) == drafted
        assert desk.ledger.departures.waiting(a_campaign("surveys")) is None
        (told,) = desk.ledger.departures.of_files([file_id])[file_id]
        assert (told.vendor_id, told.state) == ("v7", "drafted")


class TestTheClaimOfAStart:
    def test_moves_all_its_rows_together(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        start = desk.start()
        assert desk.states() == {"sending": 2}
        assert (start.attempt, start.recipients, desk.spent()) == (1, 2, 2)
        assert desk.launch().state == "starting"

    def test_is_made_once(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        drafted = desk.draft()
        assert isinstance(desk.claim(drafted), Start)
        assert desk.claim(drafted) == Idle.NOTHING

    def stale(self, desk: Desk, drafted: Launch, **how: Any) -> str:
        judged = desk.ledger.launches.judge(
            how.get("campaign", RENEWALS),
            drafted,
            how.get("terms", TERMS),
            how.get("when", TODAY),
        )
        claimed = desk.claim(drafted, **how)
        assert isinstance(claimed, Stale)
        assert judged == claimed
        assert "sending" not in desk.states()
        assert desk.spent() == 0
        return claimed.why

    def test_is_refused_on_other_terms(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        drafted = desk.draft()
        assert "settings" in self.stale(desk, drafted, terms=Terms({"assistant_id": "asst_2"}))

    def test_is_refused_when_it_is_too_late(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        drafted = desk.draft()
        brief = a_campaign(expires_after=HOUR)
        when = a_moment(NOW + 2 * HOUR, TODAY.day)
        assert "too late" in self.stale(desk, drafted, campaign=brief, when=when)

    @pytest.mark.parametrize("limits", [Limits(calls_per_day=1), Limits(calls_per_file=1)])
    def test_is_refused_where_limits_have_shrunk(self, desk: Desk, limits: Limits) -> None:
        desk.file(a_phone(1), a_phone(2))
        drafted = desk.draft()
        assert "limits" in self.stale(desk, drafted, campaign=a_campaign(limits=limits))

    def test_waits_where_the_day_is_nearly_spent(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        drafted = desk.draft()
        with written(desk.ledger) as connection:
            spent = {"campaign": "renewals", "day": TODAY.day, "calls": 1}
            connection.execute(insert(spending).values(**spent))
        limited = a_campaign(limits=Limits(calls_per_day=2))
        assert desk.claim(drafted, limited) == Idle.DAY_LIMIT
        assert isinstance(desk.claim(drafted, limited, a_moment(NOW + DAY, "2026-11-21")), Start)

    def test_is_refused_where_somebody_has_decided_on_a_row(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        drafted = desk.draft()
        with written(desk.ledger) as connection:
            moved = update(rows).where(rows.c.phone == a_phone(1))
            connection.execute(moved.values(state="refused"))
        assert "decided" in self.stale(desk, drafted)

    def test_is_refused_where_a_number_is_not_to_be_called_any_more(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        drafted = desk.draft()
        desk.ledger.suppressions.add(a_phone(2), "asked us to", NOW)
        assert "not to be called" in self.stale(desk, drafted)

    def test_is_refused_where_a_number_was_called_meanwhile(self, desk: Desk) -> None:
        desk.file(a_phone(1), name="one")
        drafted = desk.draft()
        desk.file(a_phone(1), name="two")
        other = desk.draft("v2")
        claimed = desk.claim(other)
        assert isinstance(claimed, Start)
        assert isinstance(desk.claim(drafted), Stale)
        desk.settle(claimed, STARTED)
        assert isinstance(desk.claim(drafted), Stale)
        free = a_campaign(allow_duplicates=True)
        assert isinstance(desk.claim(drafted, free), Start)

    def test_waits_for_a_paused_campaign_and_a_held_file(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1))
        drafted = desk.draft()
        desk.ledger.campaigns.pause("renewals", paused=True)
        assert desk.claim(drafted) == Idle.PAUSED
        desk.ledger.campaigns.pause("renewals", paused=False)
        with written(desk.ledger) as connection:
            connection.execute(update(files).where(files.c.id == file_id).values(state="held"))
        assert desk.claim(drafted) == Idle.NOTHING
        assert desk.states() == {"pending": 1}

    def test_of_a_list_that_was_wholly_decided_on_gives_way_to_the_next(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1))
        drafted = desk.draft()
        with written(desk.ledger) as connection:
            connection.execute(update(rows).values(state="refused"))
            connection.execute(update(files).where(files.c.id == file_id).values(state="following"))
        assert isinstance(desk.claim(drafted), Stale)

    def test_is_for_who_holds_the_lease(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        drafted = desk.draft()
        desk.ledger.leases.release(desk.sending)
        with pytest.raises(LeaseLost):
            desk.claim(drafted)
        assert desk.states() == {"pending": 1}


class TestTheAnswer:
    def test_that_it_was_started_calls_every_row(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        assert desk.settle(desk.start(), STARTED) == RowState.ACCEPTED
        assert desk.states() == {"accepted": 2}
        assert desk.ledger.files.all()[0].state == "following"
        (launch,) = desk.ledger.departures.under_way(RENEWALS)
        assert (launch.started_at, launch.status) == (NOW, "running")

    @pytest.mark.parametrize("outcome", [NotNow("429"), Blocked("account", "401")])
    def test_that_it_certainly_was_not_takes_everything_back(
        self, desk: Desk, outcome: Outcome
    ) -> None:
        desk.file(a_phone(1), a_phone(2))
        assert desk.settle(desk.start(), outcome) == RowState.PENDING
        assert desk.states() == {"pending": 2}
        assert desk.spent() == 0
        waiting = desk.ledger.departures.waiting(RENEWALS)
        assert waiting is not None
        assert isinstance(desk.claim(waiting), Start)

    @pytest.mark.parametrize("outcome", [Uncertain("502"), Refused("422")])
    def test_that_leaves_it_open_leaves_every_row_in_doubt(
        self, desk: Desk, outcome: Outcome
    ) -> None:
        desk.file(a_phone(1), a_phone(2))
        assert desk.settle(desk.start(), outcome) == RowState.UNCERTAIN
        assert desk.states() == {"uncertain": 2}
        assert desk.spent() == 2
        departures = desk.ledger.departures
        assert departures.due(RENEWALS, an_instant(NOW), AFTER) is None
        assert departures.due(RENEWALS, an_instant(NOW + AFTER), AFTER) is not None
        both = [RENEWALS, a_campaign("surveys")]
        assert departures.looked_into(both, THEN, AFTER) == {"renewals"}
        assert departures.looked_into([RENEWALS], THEN, AFTER / 2) == set()

    def test_that_comes_after_another_attempt_changes_nothing(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        start = desk.start()
        desk.settle(start, NotNow("429"))
        waiting = desk.ledger.departures.waiting(RENEWALS)
        assert waiting is not None
        assert isinstance(desk.claim(waiting), Start)
        assert desk.settle(start, STARTED) is None
        assert desk.states() == {"sending": 1}

    def test_that_comes_late_settles_what_was_taken_over(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        start = desk.start()
        self.take_over(desk)
        assert desk.settle(start, NotNow("429")) == RowState.UNCERTAIN
        assert desk.settle(start, STARTED) == RowState.ACCEPTED
        assert desk.states() == {"accepted": 1}

    def take_over(self, desk: Desk) -> int:
        desk.ledger.leases.release(desk.sending)
        with desk.ledger.leases.hold("dispatch:kathan") as lease:
            names = ["renewals"]
            assert desk.ledger.doubts.take_over(lease, names, THEN, AFTER) == 0
            return desk.ledger.launches.take_over(lease, names, THEN, AFTER)

    def test_that_never_came_is_doubt_for_who_takes_over(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        desk.start()
        names = ["renewals"]
        assert desk.ledger.launches.take_over(desk.sending, names, THEN, AFTER) == 0
        assert self.take_over(desk) == 2
        assert desk.states() == {"uncertain": 2}


class TestALook:
    def test_that_finds_it_started_calls_every_row_since_its_first_attempt(
        self, desk: Desk
    ) -> None:
        desk.file(a_phone(1), a_phone(2))
        doubtful = desk.doubtful()
        assert desk.ledger.launches.found(desk.sending, doubtful, "paused", TODAY.day)
        assert desk.states() == {"accepted": 2}
        assert (desk.launch().started_at, desk.launch().status) == (NOW, "paused")
        assert not desk.ledger.launches.found(desk.sending, doubtful, "paused", TODAY.day)

    def test_that_finds_a_draft_started_by_somebody_calls_its_rows(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        assert desk.ledger.launches.found(desk.sending, desk.draft(), "running", TODAY.day)
        assert desk.states() == {"accepted": 2}
        assert desk.spent() == 2

    def test_that_finds_a_draft_may_ask_again(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        again = self.again(desk, desk.doubtful())
        assert again is not None
        assert (again.attempt, again.doubt_since, again.looks) == (2, NOW, 1)
        assert desk.states() == {"sending": 2}
        assert desk.spent() == 2
        assert desk.settle(again, NotNow("429")) == RowState.UNCERTAIN
        assert desk.states() == {"uncertain": 2}

    def again(
        self, desk: Desk, launch: Launch, campaign: Campaign = RENEWALS, when: Moment = TODAY
    ) -> Start | None:
        return desk.ledger.launches.claim_again(desk.sending, campaign, launch, when)

    def test_that_is_old_asks_for_nothing(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        doubtful = desk.doubtful()
        assert self.again(desk, doubtful) is not None
        assert self.again(desk, doubtful) is None

    def test_of_a_paused_campaign_asks_for_nothing(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        doubtful = desk.doubtful()
        desk.ledger.campaigns.pause("renewals", paused=True)
        assert self.again(desk, doubtful) is None
        assert desk.ledger.departures.due(RENEWALS, an_instant(NOW + DAY), AFTER) is None
        assert desk.states() == {"uncertain": 1}

    def test_that_comes_too_late_to_call_lets_the_rows_go(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        brief, late = a_campaign(expires_after=HOUR), a_moment(NOW + 2 * HOUR, TODAY.day)
        assert self.again(desk, desk.doubtful(), brief, late) is None
        assert desk.states() == {"pending": 1}
        assert desk.spent() == 0
        assert desk.idle(brief, late) == Idle.JUDGING
        assert desk.states() == {"expired": 1}

    def test_that_finds_a_number_not_to_be_called_lets_the_others_go_on(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        doubtful = desk.doubtful()
        desk.ledger.suppressions.add(a_phone(1), "asked us to", NOW)
        assert self.again(desk, doubtful) is None
        assert desk.plan().recipients == 1
        assert desk.states() == {"suppressed": 1, "pending": 1}

    def test_that_finds_a_contact_decided_on_lets_the_others_go_on(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        doubtful = desk.doubtful()
        with written(desk.ledger) as connection:
            first = rows.c.phone == a_phone(1)
            connection.execute(update(rows).where(first).values(state="refused"))
        assert self.again(desk, doubtful) is None
        assert desk.launch(doubtful.id).state == "stale"
        assert desk.plan().recipients == 1

    def test_that_proves_nothing_is_repeated_later_or_left_to_a_person(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        doubtful = desk.doubtful()
        launches_ = desk.ledger.launches
        launches_.look_again(desk.sending, doubtful, HOUR, THEN, "no answer")
        assert desk.ledger.departures.due(RENEWALS, an_instant(NOW + AFTER), AFTER) is None
        later = desk.ledger.departures.due(RENEWALS, an_instant(NOW + HOUR), AFTER)
        assert later is not None
        assert later.looks == 1
        launches_.look_again(desk.sending, later, None, THEN, "it is cancelled")
        assert desk.ledger.departures.due(RENEWALS, an_instant(NOW + DAY), AFTER) is None
        (row,) = desk.ledger.rows.of_file(later.file_id)
        assert row.reason == "it is cancelled"


class TestAPerson:
    def resolve(self, desk: Desk, file_id: int, verdict: Any) -> int:
        when = an_instant(NOW + AFTER)
        return desk.ledger.verdicts.resolve_file(file_id, verdict, when, AFTER)

    def test_settles_all_rows_as_called(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1), a_phone(2))
        desk.doubtful()
        assert self.resolve(desk, file_id, "accepted") == 2
        assert desk.states() == {"accepted": 2}
        assert desk.launch().state == "started"
        assert [one.started_at for one in desk.ledger.departures.under_way(RENEWALS)] == [NOW]

    def test_settles_all_rows_as_not_called(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1), a_phone(2))
        desk.doubtful()
        assert self.resolve(desk, file_id, "refused") == 2
        assert desk.launch().state == "refused"
        assert desk.pinned() == {None: 2}
        assert desk.ledger.verdicts.retry(file_id, an_instant(NOW + AFTER), AFTER) == 2
        assert desk.plan().recipients == 2

    def test_sends_all_rows_again_with_another_campaign(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1), a_phone(2))
        doubtful = desk.doubtful()
        with pytest.raises(UsageError, match="may still be on its way"):
            desk.ledger.verdicts.resolve_file(file_id, "resend", THEN, AFTER)
        assert self.resolve(desk, file_id, "resend") == 2
        assert [one.id for one in desk.ledger.departures.orphans("renewals", NOW)] == [doubtful.id]
        assert desk.plan().name != doubtful.name

    def test_cannot_settle_one_row_of_many(self, desk: Desk) -> None:
        file_id = desk.file(a_phone(1), a_phone(2))
        desk.doubtful()
        row = next(iter(desk.ledger.rows.of_file(file_id)))
        with pytest.raises(UsageError, match=f"resolve --file {file_id} accepted"):
            desk.ledger.verdicts.resolve_row(row.id, "accepted", an_instant(NOW + AFTER), AFTER)


class TestFollowing:
    def test_lists_the_contacts_whose_calls_are_not_over(self, desk: Desk) -> None:
        desk.file(a_phone(1), a_phone(2))
        desk.settle(desk.start(), STARTED)
        (launch,) = desk.ledger.departures.under_way(RENEWALS)
        (page,) = desk.ledger.departures.contacts(launch)
        assert [one.phone for one in page] == [a_phone(1), a_phone(2)]
        news = CallNews(page[0].row_id, "completed", over_at=NOW, call_id="c1")
        desk.ledger.following.hear(desk.lease, [news])
        (page,) = desk.ledger.departures.contacts(launch)
        assert [one.phone for one in page] == [a_phone(2)]
        assert desk.ledger.departures.rivals([a_phone(1), a_phone(9)]) == {
            a_phone(1): [(news.row_id, launch.id, "c1")]
        }

    def test_keeps_the_vendors_words_and_ends_when_all_is_over(self, desk: Desk) -> None:
        desk.file(a_phone(1))
        desk.settle(desk.start(), STARTED)
        departures = desk.ledger.departures
        (launch,) = departures.under_way(RENEWALS)
        departures.heard(desk.lease, launch, "completed", {"answered": 1, "été": [2]})
        departures.end(desk.lease, launch, NOW)
        (launch,) = departures.under_way(RENEWALS)
        assert (launch.status, launch.counts) == ("completed", {"answered": 1, "été": [2]})
        (page,) = departures.contacts(launch)
        over = CallNews(page[0].row_id, "completed", over_at=NOW)
        desk.ledger.following.hear(desk.lease, [over])
        departures.end(desk.lease, launch, NOW)
        assert departures.under_way(RENEWALS) == []
        assert departures.all_started().keys() == {launch.id}

    def test_ends_what_was_called_by_no_campaign_that_is_known(self, desk: Desk) -> None:
        departures = desk.ledger.departures
        assert not departures.is_any_open(RENEWALS)
        desk.file(a_phone(1), a_phone(2))
        with written(desk.ledger) as connection:
            first = rows.c.phone == a_phone(1)
            called = {"state": "accepted", "queued_at": NOW}
            connection.execute(update(rows).where(first).values(state="sending"))
            connection.execute(update(rows).where(first).values(**called))
        assert departures.is_any_open(RENEWALS)
        assert departures.adrift(RENEWALS, NOW) == []
        (found,) = departures.adrift(RENEWALS, NOW + HOUR)
        desk.ledger.following.hear(desk.lease, [CallNews(found, "unknown", over_at=NOW)])
        assert not departures.is_any_open(RENEWALS)

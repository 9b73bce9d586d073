"""Rows on their way to the vendor: claimed, settled, doubted, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.errors import LeaseLost
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.claims import DUE_FILES, JUDGED_AT_ONCE, Moment
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import evidence, files, leases, rows, spending
from sftp_sync.model import (
    Accepted,
    AlreadyQueued,
    Blocked,
    Campaign,
    Claim,
    Doubt,
    FileState,
    Idle,
    KnownCall,
    KnownCalls,
    Limits,
    NotNow,
    Outcome,
    Refused,
    RowState,
    Uncertain,
)
from tests.support.builders import (
    DESTINATION,
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
from tests.support.databases import Database, looked_at, written

AFTER = timedelta(seconds=120)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = a_moment()
NOWADAYS = an_instant()
RENEWALS = a_campaign()


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold("dispatch:talkover") as lease:
        yield lease


def at(moment: datetime, day: str = "2026-11-20") -> Moment:
    return a_moment(moment, day)


class Work:
    """A ledger with lists in it, and the verbs with what is always the same."""

    def __init__(self, ledger: Ledger, collecting: Lease, sending: Lease) -> None:
        self.ledger = ledger
        self.collecting = collecting
        self.sending = sending

    def list(self, *phones: str, campaign: Campaign = RENEWALS, name: str = "leads") -> int:
        arrival = an_arrival(campaign, sha256=sha256_of(f"{campaign.name}{name}"))
        batch = a_batch(*(ARow(phone) for phone in phones))
        return enter_file(self.ledger, self.collecting, batch, arrival=arrival)

    def claim(self, campaign: Campaign = RENEWALS, when: Moment = TODAY) -> Claim | Idle:
        return self.ledger.claims.claim(self.sending, campaign, when)

    def claimed(self, campaign: Campaign = RENEWALS, when: Moment = TODAY) -> Claim:
        found = self.claim(campaign, when)
        assert isinstance(found, Claim), found
        return found

    def settle(self, claim: Claim, outcome: Outcome, now: datetime = NOW) -> RowState | None:
        return self.ledger.settling.settle(claim, outcome, an_instant(now), AFTER).state

    def doubt(self, campaign: Campaign = RENEWALS, now: datetime = NOW + HOUR) -> Doubt:
        (found,) = self.ledger.doubts.due(campaign, an_instant(now), AFTER)
        return found

    def in_doubt(self, campaign: Campaign = RENEWALS) -> Doubt:
        self.settle(self.claimed(campaign), Uncertain("the connection broke"))
        return self.doubt(campaign)

    def ask_again(self, doubt: Doubt, now: datetime = NOW + HOUR) -> Claim:
        claim = self.ledger.doubts.claim(self.sending, RENEWALS, doubt, at(now))
        assert claim is not None
        return claim

    def row(self, row_id: int) -> Any:
        with looked_at(self.ledger) as connection:
            return connection.execute(select(rows).where(rows.c.id == row_id)).one()

    def states(self, file_id: int) -> dict[str, int]:
        file = self.ledger.files.get(file_id)
        return {str(state): number for state, number in file.rows.items() if number}

    def spent(self, day: str = "2026-11-20") -> int:
        asked = select(spending.c.calls).where(spending.c.day == day)
        with looked_at(self.ledger) as connection:
            return int(connection.execute(asked).scalar_one_or_none() or 0)

    def said(self, row_id: int) -> list[str]:
        asked = select(evidence.c.said).where(evidence.c.row_id == row_id).order_by(evidence.c.id)
        with looked_at(self.ledger) as connection:
            return list(connection.execute(asked).scalars())


@pytest.fixture
def work(ledger: Ledger, lease: Lease, sending: Lease) -> Work:
    return Work(ledger, lease, sending)


class TestClaiming:
    def test_takes_rows_in_the_order_of_files_and_lines(self, work: Work) -> None:
        first = work.list(a_phone(1), a_phone(2))
        second = work.list(a_phone(3), name="more")
        claims = [work.claimed() for _ in range(3)]
        assert [(one.file_id, one.line) for one in claims] == [
            (first, 2),
            (first, 3),
            (second, 2),
        ]
        assert work.claim() == Idle.NOTHING

    def test_commits_state_attempt_and_claimant_before_it_returns(self, work: Work) -> None:
        work.list(a_phone(1))
        claim = work.claimed()
        row = work.row(claim.row_id)
        assert (row.state, row.attempt, row.claimed_at) == ("sending", 1, NOW)
        assert row.claimant.startswith("dispatch:talkover/")
        assert work.ledger.files.get(claim.file_id).rows[RowState.SENDING] == 1

    def test_ends_with_the_lease(self, work: Work) -> None:
        work.list(a_phone(1))
        with written(work.ledger) as connection:
            connection.execute(update(leases).values(holder="another", fence=99))
        with pytest.raises(LeaseLost):
            work.claim()
        assert work.ledger.claims.count_due([RENEWALS]) == 1

    def test_leaves_a_number_alone_that_another_row_may_be_calling(self, work: Work) -> None:
        reminders = a_campaign("reminders")
        work.list(a_phone(1), a_phone(1), a_phone(2))
        work.list(a_phone(1), campaign=reminders)
        both = [work.claimed(), work.claimed()]
        assert [claim.phone for claim in both] == [a_phone(1), a_phone(2)]
        assert work.claim() == Idle.IN_DOUBT
        assert work.claim(reminders) == Idle.IN_DOUBT
        work.settle(both[0], Refused("no"))
        assert work.claimed(reminders).phone == a_phone(1)

    def test_is_not_kept_from_a_free_number_by_however_many_files_that_wait(
        self, work: Work
    ) -> None:
        work.list(a_phone(1))
        work.in_doubt()
        for each in range(DUE_FILES + 1):
            work.list(a_phone(1), name=f"leads-{each}")
        assert work.claim() == Idle.IN_DOUBT
        work.list(a_phone(2), name="free")
        assert work.claimed().phone == a_phone(2)
        brief = a_campaign(expires_after=HOUR)
        assert work.claim(brief, a_moment(NOW + 2 * HOUR, TODAY.day)) == Idle.JUDGING

    def test_does_not_mind_the_same_number_in_another_vendor_campaign(self, work: Work) -> None:
        elsewhere = a_campaign("surveys", destination="elsewhere")
        work.list(a_phone(1))
        work.list(a_phone(1), campaign=elsewhere)
        assert work.claimed().phone == work.claimed(elsewhere).phone

    def test_of_a_second_row_of_a_number_is_refused_by_the_database(self, work: Work) -> None:
        work.list(a_phone(1), a_phone(1))
        work.claimed()
        with pytest.raises(IntegrityError), written(work.ledger) as connection:
            connection.execute(update(rows).where(rows.c.line == 3).values(state="sending"))

    def test_stops_and_goes_on_with_a_pause(self, work: Work) -> None:
        work.list(a_phone(1))
        work.ledger.campaigns.pause("renewals", paused=True)
        assert work.claim() == Idle.PAUSED
        work.ledger.campaigns.pause("renewals", paused=False)
        assert isinstance(work.claim(), Claim)

    def test_says_which_campaigns_have_rows_to_send(self, work: Work) -> None:
        work.list(a_phone(1))
        both = [RENEWALS, a_campaign("reminders")]
        assert work.ledger.claims.due(both) == {"renewals"}
        assert work.ledger.claims.count_due(both) == 1
        work.claimed()
        assert work.ledger.claims.due(both) == set()


class TestRepeats:
    @pytest.mark.parametrize(
        ("outcome", "hours", "is_repeat"),
        [
            (Accepted("c1"), 23, True),
            (AlreadyQueued("c1"), 23, True),
            (Accepted("c1"), 24, False),
            (Refused("no"), 0, False),
        ],
    )
    def test_are_judged_when_the_row_is_about_to_be_sent(
        self, work: Work, outcome: Outcome, hours: int, *, is_repeat: bool
    ) -> None:
        work.list(a_phone(1))
        second = work.list(a_phone(1), name="more")
        work.settle(work.claimed(), outcome)
        later = at(NOW + hours * HOUR)
        if not is_repeat:
            assert work.claimed(when=later).file_id == second
            return
        assert work.claim(when=later) == Idle.NOTHING
        assert work.states(second) == {"duplicate": 1}
        (row,) = work.ledger.rows.of_file(second)
        assert row.code == "called_recently"
        assert "repeat_after" in str(row.reason)

    def test_are_what_is_wanted_where_duplicates_are_allowed(self, work: Work) -> None:
        campaign = a_campaign(allow_duplicates=True)
        work.list(a_phone(1), a_phone(1))
        work.settle(work.claimed(campaign), Accepted("c1"))
        assert work.claimed(campaign).phone == a_phone(1)

    def test_are_none_where_nothing_is_remembered(self, work: Work) -> None:
        campaign = a_campaign(repeat_after=timedelta())
        work.list(a_phone(1), a_phone(1))
        work.settle(work.claimed(campaign), Accepted("c1"), NOW + HOUR)
        assert work.claimed(campaign).phone == a_phone(1)

    def test_are_judged_a_part_at_a_time(self, work: Work) -> None:
        phones = [a_phone(number) for number in range(JUDGED_AT_ONCE + 5)]
        second = work.list(*phones, name="more")
        with written(work.ledger) as connection:
            connection.execute(update(rows).values(state="sending"))
            connection.execute(update(rows).values(state="accepted", queued_at=NOW))
            connection.execute(update(files).values(state="following"))
        third = work.list(*phones, name="once more")
        assert work.claim() == Idle.JUDGING
        assert work.states(third) == {"pending": 5, "duplicate": JUDGED_AT_ONCE}
        assert work.claim() == Idle.NOTHING
        assert work.states(second) == {"accepted": JUDGED_AT_ONCE + 5}


class TestLimits:
    def test_of_a_day_hold_until_the_next(self, work: Work) -> None:
        campaign = a_campaign(limits=Limits(calls_per_day=2))
        work.list(*(a_phone(number) for number in range(4)))
        work.claimed(campaign)
        refused = work.claimed(campaign)
        assert work.claim(campaign) == Idle.DAY_LIMIT
        work.settle(refused, Refused("no"))
        work.claimed(campaign)
        assert work.claim(campaign) == Idle.DAY_LIMIT
        assert isinstance(work.claim(campaign, at(NOW + DAY, "2026-11-21")), Claim)
        assert (work.spent(), work.spent("2026-11-21")) == (2, 1)

    @pytest.mark.parametrize(
        ("outcome", "is_counted"),
        [
            (Accepted("c1"), True),
            (Uncertain("broke"), True),
            (AlreadyQueued("c1"), False),
            (Refused("no"), False),
            (NotNow("429"), False),
            (Blocked("account", "401"), False),
        ],
    )
    def test_count_what_may_have_rung(
        self, work: Work, outcome: Outcome, *, is_counted: bool
    ) -> None:
        file_id = work.list(a_phone(1))
        work.settle(work.claimed(), outcome)
        assert work.spent() == int(is_counted)
        with looked_at(work.ledger) as connection:
            calls = connection.execute(select(files.c.calls).where(files.c.id == file_id))
            assert calls.scalar_one() == int(is_counted)

    def test_of_a_file_hold_its_rest_until_it_is_released(self, work: Work) -> None:
        campaign = a_campaign(limits=Limits(calls_per_file=1))
        file_id = work.list(a_phone(1), a_phone(2))
        work.settle(work.claimed(campaign), Accepted("c1"))
        assert work.claim(campaign) == Idle.JUDGING
        assert work.claim(campaign) == Idle.NOTHING
        held = work.ledger.files.get(file_id)
        assert held.state == FileState.HELD
        assert "limits.calls_per_file is 1" in str(held.reason)
        assert work.states(file_id) == {"pending": 1, "accepted": 1}
        work.ledger.files.release(file_id)
        assert isinstance(work.claim(campaign), Claim)

    def test_of_time_expire_what_was_not_queued(self, work: Work) -> None:
        campaign = a_campaign(expires_after=DAY)
        file_id = work.list(a_phone(1), a_phone(2))
        claim = work.claimed(campaign, at(NOW + DAY))
        assert work.claim(campaign, at(NOW + DAY + HOUR)) == Idle.JUDGING
        assert work.claim(campaign, at(NOW + DAY + HOUR)) == Idle.NOTHING
        assert work.states(file_id) == {"sending": 1, "expired": 1}
        assert work.settle(claim, NotNow("429")) == RowState.PENDING
        assert work.claim(campaign, at(NOW + DAY + HOUR)) == Idle.JUDGING
        assert work.states(file_id) == {"expired": 2}


OUTCOMES = [
    (Accepted("c1", "queued"), "accepted"),
    (AlreadyQueued("c1", "queued"), "already_queued"),
    (Refused("the number is bad"), "refused"),
    (NotNow("429"), "pending"),
    (Blocked("campaign", "400"), "pending"),
    (Uncertain("502"), "uncertain"),
]


class TestSettling:
    @pytest.mark.parametrize(("outcome", "state"), OUTCOMES)
    def test_turns_an_answer_into_a_state(self, work: Work, outcome: Outcome, state: str) -> None:
        file_id = work.list(a_phone(1))
        claim = work.claimed()
        assert work.settle(claim, outcome) == state
        assert work.states(file_id) == {state: 1}

    @pytest.mark.parametrize(("outcome", "state"), OUTCOMES)
    def test_of_a_re_ask_never_makes_a_row_due_again(
        self, work: Work, outcome: Outcome, state: str
    ) -> None:
        work.list(a_phone(1))
        again = work.ask_again(work.in_doubt())
        assert again.attempt == 2
        expected = state if state in {"accepted", "already_queued"} else "uncertain"
        assert work.settle(again, outcome) == expected
        assert work.spent() == 1

    def test_knows_the_first_doubt_for_ever(self, work: Work) -> None:
        work.list(a_phone(1))
        first = work.in_doubt()
        work.settle(work.ask_again(first), Uncertain("again"), NOW + HOUR)
        second = work.doubt(now=NOW + 2 * HOUR)
        assert (first.since, second.since) == (NOW, NOW)
        assert work.row(second.row_id).given_up_at == NOW + HOUR
        assert second.unanswered == HOUR

    def test_asks_more_and_more_rarely_what_stays_in_doubt(self, work: Work) -> None:
        work.list(a_phone(1))
        work.in_doubt()
        pauses = []
        now = NOW + HOUR
        for _ in range(12):
            claim = work.ask_again(work.doubt(now=now), now)
            work.settle(claim, Uncertain("not ours"), now)
            pauses.append((work.row(claim.row_id).next_look_at - now) / AFTER)
            now += 2 * HOUR
        assert pauses == [1, 1, 2, 4, 8, 16, *[30] * 6]

    @pytest.mark.parametrize(("outcome", "state"), OUTCOMES)
    def test_takes_a_late_answer_while_its_own_attempt_is_open(
        self, work: Work, outcome: Outcome, state: str
    ) -> None:
        work.list(a_phone(1))
        claim = work.claimed()
        assert taken_over(work) == 1
        assert work.settle(claim, outcome, NOW + HOUR) == state

    def test_keeps_an_answer_that_came_too_late_as_evidence(self, work: Work) -> None:
        work.list(a_phone(1))
        first = work.claimed()
        taken_over(work)
        again = work.ask_again(work.doubt())
        assert work.settle(first, Accepted("late")) is None
        assert work.row(first.row_id).state == "sending"
        assert work.settle(again, Accepted("c2")) == RowState.ACCEPTED
        assert work.settle(first, Uncertain("even later")) is None
        assert [line for line in work.said(first.row_id) if "too late" in line] == [
            "too late: accepted late",
            "too late: uncertain: even later",
        ]
        assert (
            "called twice: the vendor said, too late: accepted late"
            in work.row(first.row_id).reason
        )

    def test_says_nothing_of_a_late_answer_that_tells_of_the_same_call(self, work: Work) -> None:
        work.list(a_phone(1))
        first = work.claimed()
        taken_over(work)
        again = work.ask_again(work.doubt())
        assert work.settle(again, Accepted("c1")) == RowState.ACCEPTED
        assert work.settle(first, Accepted("c1")) is None
        assert work.row(first.row_id).reason is None

    def test_believes_no_id_that_another_row_has(self, work: Work) -> None:
        work.list(a_phone(1), a_phone(2))
        first, second = work.claimed(), work.claimed()
        assert work.settle(first, Accepted("c1")) == RowState.ACCEPTED
        assert work.settle(second, Accepted("c1")) == RowState.UNCERTAIN
        assert "another row's call" in work.row(second.row_id).reason

    def test_ends_a_file_with_its_last_row(self, work: Work) -> None:
        file_id = work.list(a_phone(1), a_phone(2))
        first, second = work.claimed(), work.claimed()
        work.settle(first, Accepted("c1"))
        assert work.ledger.files.get(file_id).state == FileState.DISPATCHING
        work.settle(second, Accepted("c2"))
        assert work.ledger.files.get(file_id).state == FileState.FOLLOWING


def taken_over(work: Work, now: datetime = NOW) -> int:
    """The account's lease, lost and had again by the same hands."""
    work.ledger.leases.release(work.sending)
    work.sending = work.ledger.leases.acquire("dispatch:talkover")
    return work.ledger.doubts.take_over(work.sending, ["renewals"], an_instant(now), AFTER)


class TestTakingOver:
    def test_puts_what_was_being_sent_in_doubt_from_now_on(self, work: Work) -> None:
        work.list(a_phone(1), a_phone(2))
        claim = work.claimed()
        assert taken_over(work, NOW + HOUR) == 1
        row = work.row(claim.row_id)
        assert (row.state, row.doubt_since) == ("uncertain", NOW)
        assert row.next_look_at == NOW + HOUR + AFTER
        assert work.ledger.doubts.due(RENEWALS, an_instant(NOW + HOUR), AFTER) == []
        assert taken_over(work) == 0

    def test_keeps_the_first_time_of_a_doubt(self, work: Work) -> None:
        work.list(a_phone(1))
        claim = work.ask_again(work.in_doubt())
        taken_over(work, NOW + DAY)
        assert work.row(claim.row_id).doubt_since == NOW

    def test_leaves_the_campaigns_of_others_alone(self, work: Work) -> None:
        surveys = a_campaign("surveys", destination="elsewhere")
        work.list(a_phone(1), campaign=surveys)
        with work.ledger.leases.hold("dispatch:talkover-2") as theirs:
            claim = work.ledger.claims.claim(theirs, surveys, TODAY)
        assert isinstance(claim, Claim)
        assert taken_over(work) == 0
        assert work.row(claim.row_id).state == "sending"

    def test_takes_the_rows_of_a_campaign_that_is_not_the_accounts_any_more(
        self, work: Work
    ) -> None:
        surveys = a_campaign("surveys", destination="elsewhere")
        work.list(a_phone(1), campaign=surveys)
        claim = work.claimed(surveys)
        assert taken_over(work) == 1
        assert work.row(claim.row_id).state == "uncertain"


class TestDoubts:
    def test_come_up_when_their_time_has_come(self, work: Work) -> None:
        work.list(a_phone(1))
        work.settle(work.claimed(), Uncertain("502"))
        doubts, both = work.ledger.doubts, [RENEWALS, a_campaign("reminders")]
        assert doubts.looked_into(both, an_instant(NOW + AFTER - timedelta(seconds=1))) == set()
        assert doubts.looked_into(both, an_instant(NOW + AFTER)) == {"renewals"}
        assert doubts.looked_into(both, NOWADAYS, AFTER)
        assert not doubts.looked_into(both, NOWADAYS, AFTER / 2)
        assert not doubts.looked_into(both[1:], NOWADAYS, None)

    def test_of_a_paused_campaign_wait_for_the_person_who_paused_it(self, work: Work) -> None:
        work.list(a_phone(1))
        doubt = work.in_doubt()
        work.ledger.campaigns.pause("renewals", paused=True)
        doubts = work.ledger.doubts
        assert doubts.looked_into([RENEWALS], an_instant(NOW + HOUR)) == set()
        assert not doubts.looked_into([RENEWALS], NOWADAYS, None)
        assert doubts.claim(work.sending, RENEWALS, doubt, at(NOW + HOUR)) is None

    def test_know_whether_another_row_has_called_the_number(self, work: Work) -> None:
        campaign = a_campaign(allow_duplicates=True)
        work.list(a_phone(1), a_phone(1), a_phone(2))
        work.settle(work.claimed(campaign), Accepted("c1"))
        work.settle(work.claimed(campaign), Uncertain("502"))
        work.settle(work.claimed(campaign), Uncertain("502"))
        found = work.ledger.doubts.due(campaign, an_instant(NOW + HOUR), AFTER)
        assert [(one.phone, one.called_elsewhere) for one in found] == [
            (a_phone(1), True),
            (a_phone(2), False),
        ]

    def test_are_settled_by_the_call_that_was_found(self, work: Work) -> None:
        work.list(a_phone(1))
        doubt = work.in_doubt()
        found = work.ledger.doubts.found(
            work.sending, doubt, ("c9", "ringing"), "list", an_instant(NOW + HOUR)
        )
        row = work.row(doubt.row_id)
        assert found
        assert (row.state, row.call_id, row.call_status) == ("accepted", "c9", "ringing")
        assert (row.queued_at, row.next_look_at) == (NOW, None)
        assert "found its call c9" in work.said(doubt.row_id)[-1]

    def test_are_not_settled_by_a_call_that_another_row_has(self, work: Work) -> None:
        work.list(a_phone(1), a_phone(2))
        work.settle(work.claimed(), Accepted("c1"))
        doubt = work.in_doubt()
        assert not work.ledger.doubts.found(work.sending, doubt, ("c1", ""), "list", NOWADAYS)
        assert work.row(doubt.row_id).state == "uncertain"

    def test_wait_for_the_next_look_or_for_a_person(self, work: Work) -> None:
        work.list(a_phone(1))
        doubt, later = work.in_doubt(), NOW + 2 * HOUR
        doubts = work.ledger.doubts
        assert doubts.look_again(work.sending, doubt, 2 * HOUR, NOWADAYS, "not complete")
        assert work.doubt(now=later).looks == 1
        assert doubts.look_again(work.sending, doubt, None, NOWADAYS, "a person must tell")
        assert doubts.due(RENEWALS, an_instant(NOW + 9 * DAY), AFTER) == []
        assert not doubts.looked_into([RENEWALS], NOWADAYS, None)
        assert work.row(doubt.row_id).reason == "a person must tell"

    def test_have_the_calls_of_ours_next_to_them(self, work: Work) -> None:
        work.list(*(a_phone(number) for number in range(1, 8)))
        minutes = [timedelta(minutes=5 * number) for number in range(7)]
        for number, after in enumerate(minutes):
            claim = work.claimed(when=at(NOW + after))
            outcome = Uncertain("502") if number == 3 else Accepted(f"c{number}")
            when = an_instant(NOW + after + (timedelta(minutes=9) if number == 3 else timedelta()))
            work.ledger.settling.settle(claim, outcome, when, AFTER)
        doubt = work.doubt()
        earlier = timedelta(minutes=2)
        known = work.ledger.doubts.known_calls(RENEWALS, [doubt], earlier)[doubt.row_id]
        assert known.before == KnownCall("c2", a_phone(3), NOW + minutes[2])
        assert [one.call_id for one in known.beside] == ["c4", "c4"]
        assert known.after == KnownCall("c5", a_phone(6), NOW + minutes[5])
        # No test call is among them.
        testing = a_campaign(is_testing=True)
        none = work.ledger.doubts.known_calls(testing, [doubt], earlier)
        assert none == {doubt.row_id: KnownCalls()}

    def test_left_to_a_person_are_looked_at_again_once_a_call_is_recognised(
        self, work: Work
    ) -> None:
        work.list(a_phone(1), a_phone(2))
        left = work.in_doubt()
        work.ledger.doubts.look_again(work.sending, left, None, NOWADAYS, "a person must tell")
        work.settle(work.claimed(), Uncertain("502"))
        later = an_instant(NOW + HOUR)
        (other,) = work.ledger.doubts.due(RENEWALS, later, AFTER)
        assert work.ledger.doubts.found(work.sending, other, ("c9", ""), "list", later)
        assert [one.row_id for one in work.ledger.doubts.due(RENEWALS, later, AFTER)] == [
            left.row_id
        ]

    @pytest.mark.parametrize("verb", ["found", "look_again", "claim"])
    def test_are_left_alone_when_a_late_answer_was_faster(self, work: Work, verb: str) -> None:
        work.list(a_phone(1))
        claim = work.claimed()
        taken_over(work)
        doubt = work.doubt()
        work.settle(claim, Accepted("c1"))
        doubts, now = work.ledger.doubts, NOW + HOUR
        verbs = {
            "found": lambda: doubts.found(work.sending, doubt, ("c2", ""), "list", an_instant(now)),
            "look_again": lambda: doubts.look_again(work.sending, doubt, HOUR, NOWADAYS, "why"),
            "claim": lambda: doubts.claim(work.sending, RENEWALS, doubt, at(now)),
        }
        assert not verbs[verb]()
        assert work.row(claim.row_id).call_id == "c1"

    def test_are_asked_again_by_a_claim_of_one_only(self, work: Work) -> None:
        work.list(a_phone(1))
        doubt = work.in_doubt()
        claim = work.ask_again(doubt)
        assert (claim.attempt, claim.doubt_since) == (2, NOW)
        assert work.row(claim.row_id).state == "sending"
        assert work.ledger.doubts.claim(work.sending, RENEWALS, doubt, TODAY) is None

    def test_are_not_asked_again_when_it_is_too_late_to_call(self, work: Work) -> None:
        campaign = a_campaign(expires_after=HOUR)
        file_id = work.list(a_phone(1))
        doubt = work.in_doubt()
        late = at(NOW + 2 * HOUR)
        assert work.ledger.doubts.claim(work.sending, campaign, doubt, late) is None
        assert work.states(file_id) == {"expired": 1}
        assert "expires_after" in work.said(doubt.row_id)[-1]

    @pytest.mark.parametrize("verb", ["found", "look_again", "claim", "take_over"])
    def test_change_nothing_without_the_lease(self, work: Work, verb: str) -> None:
        work.list(a_phone(1))
        doubt = work.in_doubt()
        before = work.row(doubt.row_id)
        with written(work.ledger) as connection:
            connection.execute(update(leases).values(holder="another", fence=99))
        doubts, now = work.ledger.doubts, NOW + HOUR
        verbs = {
            "found": lambda: doubts.found(work.sending, doubt, ("c2", ""), "list", an_instant(now)),
            "look_again": lambda: doubts.look_again(work.sending, doubt, HOUR, NOWADAYS, "why"),
            "claim": lambda: doubts.claim(work.sending, RENEWALS, doubt, at(now)),
            "take_over": lambda: doubts.take_over(
                work.sending, ["renewals"], an_instant(now), AFTER
            ),
        }
        with pytest.raises(LeaseLost):
            verbs[verb]()
        assert work.row(doubt.row_id) == before


class TestIds:
    def test_are_held_by_rows_that_were_called(self, work: Work) -> None:
        work.list(a_phone(1), a_phone(2), a_phone(3))
        work.settle(work.claimed(), Accepted("c1"))
        work.settle(work.claimed(), AlreadyQueued("c2"))
        work.settle(work.claimed(), Uncertain("502"))
        phones = [a_phone(number) for number in range(700)]
        assert work.ledger.doubts.held(DESTINATION, phones) == {"c1", "c2"}
        assert work.ledger.doubts.held(DESTINATION, [a_phone(2)]) == {"c2"}
        assert work.ledger.doubts.held("elsewhere", phones) == set()

    def test_agree_once_one_of_an_answer_was_listed(self, work: Work) -> None:
        work.list(a_phone(1), a_phone(2))
        doubts = work.ledger.doubts
        work.settle(work.claimed(), AlreadyQueued("adopted"))
        work.settle(work.claimed(), Accepted("c1"))
        others = [f"x{number}" for number in range(600)]
        doubts.learn_ids(DESTINATION, [*others, "adopted"])
        assert not doubts.ids_agree(DESTINATION)
        doubts.learn_ids(DESTINATION, [*others, "c1"])
        assert doubts.ids_agree(DESTINATION)
        assert not doubts.ids_agree("elsewhere")
        doubts.learn_ids(DESTINATION, [])
        assert doubts.ids_agree(DESTINATION)

    def test_that_came_with_a_conflict_say_nothing_of_those_of_answers(self, work: Work) -> None:
        work.list(a_phone(1))
        again = work.ask_again(work.in_doubt())
        found = Accepted("adopted", "queued", is_adopted=True)
        assert work.settle(again, found, NOW + HOUR) == RowState.ACCEPTED
        row = work.row(again.row_id)
        # The call was made by the attempt that is in doubt.
        assert (row.id_source, row.queued_at) == ("conflict", NOW)
        doubts = work.ledger.doubts
        doubts.learn_ids(DESTINATION, ["adopted"])
        assert not doubts.ids_agree(DESTINATION)


def test_two_processes_never_claim_the_same_number(database: Database, work: Work) -> None:
    elsewhere = a_campaign("reminders")
    work.list(a_phone(1))
    work.list(a_phone(1), campaign=elsewhere)
    with database.open() as other, other.leases.hold("dispatch:another") as lease:
        assert isinstance(work.claim(), Claim)
        assert other.claims.claim(lease, elsewhere, TODAY) == Idle.IN_DOUBT

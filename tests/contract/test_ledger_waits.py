"""Requests that were given up: by the boot's clock nobody looks, asks or sends again too early, and
nobody waits too long, on every database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.claims import Moment
from sftp_sync.ledger.given_up import forget_waits
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import launches, rows
from sftp_sync.model import (
    Accepted,
    BootTime,
    Claim,
    Doubt,
    Idle,
    Instant,
    Launch,
    RowState,
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

WAIT = timedelta(seconds=120)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
RENEWALS = a_campaign()
TERMS = Terms({"assistant_id": "asst_1", "phone_number_id": "pn_1"})


def passed(time: timedelta, *, step: timedelta = timedelta(), boot: str = "this boot") -> Instant:
    """So long after the request was given up, with the wall clock set by so much meanwhile."""
    return Instant(NOW + time + step, BootTime(boot, (NOW + time).timestamp()))


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold("dispatch:talkover") as lease:
        yield lease


class Work:
    """A ledger with lists in it."""

    def __init__(self, ledger: Ledger, collecting: Lease, sending: Lease) -> None:
        self.ledger, self.collecting, self.sending = ledger, collecting, sending

    def list(self, *phones: str, name: str = "leads") -> int:
        batch = a_batch(*(ARow(phone) for phone in phones))
        arrival = an_arrival(sha256=sha256_of(name))
        return enter_file(self.ledger, self.collecting, batch, arrival=arrival)

    def claim(self, when: Instant | None = None) -> Claim | Idle:
        moment = a_moment() if when is None else a_moment(when.at)
        return self.ledger.claims.claim(self.sending, RENEWALS, moment)

    def given_up(self, *phones: str) -> int:
        """A list whose requests were all given up at the same moment; its file."""
        file_id = self.list(*phones)
        for _ in phones:
            claim = self.claim()
            assert isinstance(claim, Claim)
            self.ledger.settling.settle(
                claim, Uncertain("the connection broke"), an_instant(), WAIT
            )
        return file_id

    def due(self, when: Instant) -> list[Doubt]:
        found = self.ledger.doubts.due(RENEWALS, when, WAIT)
        is_expected = self.ledger.doubts.looked_into([RENEWALS], when)
        assert (is_expected == {"renewals"}) == bool(found)
        return found

    def rows(self, file_id: int) -> list[Any]:
        asked = select(rows).where(rows.c.file_id == file_id).order_by(rows.c.id)
        with looked_at(self.ledger) as connection:
            return list(connection.execute(asked).all())


@pytest.fixture
def work(ledger: Ledger, lease: Lease, sending: Lease) -> Work:
    return Work(ledger, lease, sending)


class TestALook:
    @pytest.mark.parametrize("step", [timedelta(), WAIT, DAY, 40 * DAY, -HOUR, -DAY])
    def test_comes_when_its_time_is_over_however_the_clock_was_set(
        self, work: Work, step: timedelta
    ) -> None:
        work.given_up(a_phone(1))
        assert work.due(passed(WAIT - SECOND, step=step)) == []
        (doubt,) = work.due(passed(WAIT, step=step))
        assert doubt.since == NOW + step
        assert doubt.unanswered == WAIT

    def test_is_counted_anew_where_another_boot_sees_the_row_first(self, work: Work) -> None:
        work.given_up(a_phone(1))
        elsewhere = passed(HOUR, boot="another boot")
        assert work.ledger.doubts.looked_into([RENEWALS], elsewhere) == {"renewals"}
        assert work.ledger.doubts.due(RENEWALS, elsewhere, WAIT) == []
        work.ledger.doubts.see(work.sending, RENEWALS, elsewhere, WAIT)
        assert work.due(passed(HOUR + WAIT - SECOND, boot="another boot")) == []
        # Seen once, it is not seen anew.
        later = passed(HOUR + WAIT, boot="another boot")
        work.ledger.doubts.see(work.sending, RENEWALS, later, WAIT)
        (doubt,) = work.due(later)
        assert doubt.since == NOW
        # Back where it began it is seen anew too: nobody there knows what was done elsewhere.
        assert work.ledger.doubts.due(RENEWALS, passed(DAY), WAIT) == []

    def test_is_counted_anew_where_the_clock_is_not_the_one_it_was(self, work: Work) -> None:
        work.given_up(a_phone(1))
        before = passed(-HOUR)
        assert work.ledger.doubts.due(RENEWALS, before, WAIT) == []
        work.ledger.doubts.see(work.sending, RENEWALS, before, WAIT)
        assert work.due(passed(WAIT - HOUR)) != []

    def test_waits_as_long_as_is_configured_by_now(self, work: Work) -> None:
        work.given_up(a_phone(1))
        assert work.ledger.doubts.due(RENEWALS, passed(WAIT), 2 * WAIT) == []
        assert work.ledger.doubts.due(RENEWALS, passed(2 * WAIT), 2 * WAIT) != []

    @pytest.mark.parametrize("step", [timedelta(), DAY, -DAY])
    def test_comes_again_after_its_pause_however_the_clock_was_set(
        self, work: Work, step: timedelta
    ) -> None:
        work.given_up(a_phone(1))
        (doubt,) = work.due(passed(WAIT))
        assert work.ledger.doubts.look_again(
            work.sending, doubt, 10 * SECOND, passed(WAIT), "not complete"
        )
        assert work.due(passed(WAIT + 9 * SECOND, step=step)) == []
        assert work.due(passed(WAIT + 10 * SECOND, step=step)) != []

    def test_of_a_row_for_a_person_never_comes(self, work: Work) -> None:
        work.given_up(a_phone(1))
        (doubt,) = work.due(passed(WAIT))
        work.ledger.doubts.look_again(work.sending, doubt, None, passed(WAIT), "a person must tell")
        for when in (passed(DAY), passed(DAY, boot="another boot")):
            work.ledger.doubts.see(work.sending, RENEWALS, when, WAIT)
            assert work.due(when) == []
            assert work.ledger.doubts.looked_into([RENEWALS], when, None) == set()

    def test_of_a_ledger_that_was_put_back_is_counted_anew(self, work: Work) -> None:
        work.given_up(a_phone(1))
        with written(work.ledger) as connection:
            forget_waits(connection)
        assert work.ledger.doubts.due(RENEWALS, passed(WAIT), WAIT) == []
        work.ledger.doubts.see(work.sending, RENEWALS, passed(WAIT), WAIT)
        assert work.due(passed(2 * WAIT - SECOND)) == []
        assert work.due(passed(2 * WAIT)) != []


class TestTheWindow:
    """It is told by the wall clock as it is when it is looked through."""

    @pytest.mark.parametrize("step", [2 * DAY, -2 * DAY])
    def test_of_a_holder_that_died_moves_with_the_clock(self, work: Work, step: timedelta) -> None:
        work.list(a_phone(1))
        assert isinstance(work.claim(), Claim)
        work.ledger.leases.release(work.sending)
        with work.ledger.leases.hold("dispatch:talkover") as lease:
            taken_over = passed(HOUR, step=step)
            assert work.ledger.doubts.take_over(lease, ["renewals"], taken_over, WAIT) == 1
        (doubt,) = work.due(passed(HOUR + WAIT, step=step))
        assert doubt.since == NOW + step

    @pytest.mark.parametrize("step", [2 * DAY, -2 * DAY])
    def test_is_kept_over_a_re_ask_whatever_is_done_to_the_clock(
        self, work: Work, step: timedelta
    ) -> None:
        work.given_up(a_phone(1))
        looked = passed(WAIT, step=step)
        (doubt,) = work.due(looked)
        moment = Moment(looked.at, "2026-11-20", looked.boot_time)
        again = work.ledger.doubts.claim(work.sending, RENEWALS, doubt, moment)
        assert again is not None
        later = passed(WAIT + SECOND, step=2 * step)
        work.ledger.settling.settle(again, Uncertain("lost again"), later, WAIT)
        (doubt,) = work.due(passed(2 * WAIT + SECOND, step=3 * step))
        assert doubt.since == NOW + 3 * step


class TestAPersonsWord:
    def test_resend_is_refused_before_the_time_is_over(self, work: Work) -> None:
        file_id = work.given_up(a_phone(1))
        early, late = passed(WAIT - SECOND, step=DAY), passed(WAIT, step=-DAY)
        with pytest.raises(UsageError, match="may still be on its way") as caught:
            work.ledger.verdicts.resolve_file(file_id, "resend", early, WAIT)
        assert "in 1 s" in caught.value.fix
        assert work.ledger.verdicts.resolve_file(file_id, "resend", late, WAIT) == 1
        assert isinstance(work.claim(late), Claim)

    def test_resend_waits_anew_after_another_boot(self, work: Work) -> None:
        file_id = work.given_up(a_phone(1))
        for when in (passed(DAY, boot="another boot"), passed(DAY + SECOND, boot="another boot")):
            with pytest.raises(UsageError, match="may still be on its way"):
                work.ledger.verdicts.resolve_file(file_id, "resend", when, WAIT)
        over = passed(DAY + WAIT, boot="another boot")
        assert work.ledger.verdicts.resolve_file(file_id, "resend", over, WAIT) == 1

    def test_that_it_was_refused_does_not_let_it_be_retried_early(self, work: Work) -> None:
        file_id = work.given_up(a_phone(1), a_phone(2))
        assert work.ledger.verdicts.resolve_file(file_id, "refused", passed(SECOND), WAIT) == 2
        for when in (passed(WAIT - SECOND), passed(WAIT - SECOND, step=DAY)):
            with pytest.raises(UsageError, match="may still be on its way"):
                work.ledger.verdicts.retry(file_id, when, WAIT)
        with pytest.raises(UsageError, match="may still be on its way"):
            work.ledger.verdicts.retry(file_id, passed(DAY, boot="another boot"), WAIT)
        over = passed(DAY + WAIT, boot="another boot")
        assert work.ledger.verdicts.retry(file_id, over, WAIT) == 2

    def test_that_it_was_refused_does_not_free_its_number_early(self, work: Work) -> None:
        work.given_up(a_phone(1), a_phone(3))
        first, _ = work.rows(1)
        work.ledger.verdicts.resolve_row(first.id, "refused", passed(SECOND), WAIT)
        other = work.list(a_phone(1), a_phone(2), name="more")
        claim = work.claim(passed(2 * SECOND))
        assert isinstance(claim, Claim)
        assert claim.phone == a_phone(2)
        waiting, _ = work.rows(other)
        assert (waiting.state, waiting.doubt_since) == ("uncertain", NOW)
        assert "may yet be handled" in waiting.reason
        assert [one.row_id for one in work.due(passed(WAIT))] == [work.rows(1)[1].id, waiting.id]
        # It waits for the one that was given up, once.
        assert work.rows(1)[0].next_look_clock is None

    def test_that_it_was_refused_frees_its_number_when_its_time_is_over(self, work: Work) -> None:
        file_id = work.given_up(a_phone(1))
        work.ledger.verdicts.resolve_file(file_id, "refused", passed(SECOND), WAIT)
        work.list(a_phone(1), name="more")
        claim = work.claim(passed(WAIT))
        assert isinstance(claim, Claim)
        assert claim.doubt_since is None

    @pytest.mark.parametrize(("age", "is_free"), [(HOUR, False), (2 * DAY, True)])
    def test_that_it_was_refused_before_another_boot_holds_its_number_for_a_day(
        self, work: Work, age: timedelta, *, is_free: bool
    ) -> None:
        file_id = work.given_up(a_phone(1))
        work.ledger.verdicts.resolve_file(file_id, "refused", passed(SECOND), WAIT)
        with written(work.ledger) as connection:
            connection.execute(update(rows).values(given_up_boot="another boot"))
        work.list(a_phone(1), name="more")
        assert isinstance(work.claim(passed(age)), Claim) is is_free

    def test_that_it_was_refused_late_holds_nothing(self, work: Work) -> None:
        file_id = work.given_up(a_phone(1))
        work.ledger.verdicts.resolve_file(file_id, "refused", passed(WAIT), WAIT)
        work.list(a_phone(1), name="more")
        assert isinstance(work.claim(), Claim)

    def test_the_vendors_no_holds_nothing(self, work: Work) -> None:
        file_id = work.list(a_phone(1))
        with written(work.ledger) as connection:
            connection.execute(update(rows).values(state=RowState.REFUSED, reason="422"))
        assert work.ledger.verdicts.retry(file_id, an_instant(), WAIT) == 1


class TestAFilesCampaign:
    def doubted(self, work: Work) -> int:
        file_id = work.list(a_phone(1), a_phone(2))
        planned = work.ledger.launches.plan(work.sending, RENEWALS, TERMS, a_moment())
        assert isinstance(planned, Launch)
        drafted = work.ledger.launches.drafted(work.sending, planned, "v1")
        start = work.ledger.launches.claim(work.sending, RENEWALS, drafted, TERMS, a_moment())
        assert isinstance(start, Start)
        work.ledger.launches.settle(start, Uncertain("lost"), an_instant(), WAIT)
        return file_id

    def due(self, work: Work, when: Instant) -> Launch | None:
        return work.ledger.departures.due(RENEWALS, when, WAIT)

    @pytest.mark.parametrize("step", [timedelta(), DAY, -DAY])
    def test_is_looked_at_when_its_time_is_over_however_the_clock_was_set(
        self, work: Work, step: timedelta
    ) -> None:
        self.doubted(work)
        assert self.due(work, passed(WAIT - SECOND, step=step)) is None
        found = self.due(work, passed(WAIT, step=step))
        assert found is not None
        assert not found.is_unseen

    def test_waits_anew_with_its_rows_after_another_boot(self, work: Work) -> None:
        file_id = self.doubted(work)
        elsewhere = passed(DAY, boot="another boot")
        unseen = self.due(work, elsewhere)
        assert unseen is not None
        assert unseen.is_unseen
        work.ledger.launches.see(work.sending, unseen, elsewhere, WAIT)
        over = DAY + WAIT
        assert self.due(work, passed(over - SECOND, boot="another boot")) is None
        with pytest.raises(UsageError, match="may still be on its way"):
            work.ledger.verdicts.resolve_file(
                file_id, "resend", passed(over - SECOND, boot="another boot"), WAIT
            )
        found = self.due(work, passed(over, boot="another boot"))
        assert found is not None
        assert not found.is_unseen

    def test_is_not_made_again_early_by_a_retry(self, work: Work) -> None:
        file_id = self.doubted(work)
        work.ledger.verdicts.resolve_file(file_id, "refused", passed(SECOND), WAIT)
        with pytest.raises(UsageError, match="may still be on its way"):
            work.ledger.verdicts.retry(file_id, passed(WAIT - SECOND), WAIT)
        again = work.list(a_phone(1), name="more")
        moment = a_moment(NOW + WAIT - SECOND)
        planned = work.ledger.launches.plan(work.sending, RENEWALS, TERMS, moment)
        assert not isinstance(planned, Launch)
        planned = work.ledger.launches.plan(work.sending, RENEWALS, TERMS, a_moment(NOW + WAIT))
        assert isinstance(planned, Launch)
        assert planned.file_id == again
        assert work.ledger.verdicts.retry(file_id, passed(WAIT), WAIT) == 2

    def test_of_a_ledger_that_was_put_back_is_counted_anew(self, work: Work) -> None:
        self.doubted(work)
        with written(work.ledger) as connection:
            forget_waits(connection)
            asked = select(launches.c.given_up_boot, launches.c.given_up_clock)
            assert connection.execute(asked).all() == [(None, None)]
        unseen = self.due(work, passed(WAIT))
        assert unseen is not None
        assert unseen.is_unseen


def test_an_answer_settles_a_row_and_leaves_nothing_to_wait_for(work: Work) -> None:
    work.given_up(a_phone(1))
    (doubt,) = work.due(passed(WAIT))
    again = work.ledger.doubts.claim(work.sending, RENEWALS, doubt, a_moment(NOW + WAIT))
    assert again is not None
    work.ledger.settling.settle(again, Accepted("c1"), passed(WAIT), WAIT)
    (row,) = work.rows(1)
    assert (row.state, row.next_look_at) == ("accepted", None)
    assert work.ledger.doubts.looked_into([RENEWALS], passed(DAY), None) == set()

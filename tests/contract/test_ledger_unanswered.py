"""Claims whose COMMIT nobody has answered: nothing was sent, and nothing is stuck."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from sftp_sync.errors import LedgerUnavailable
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import evidence, files, launches, rows, spending
from sftp_sync.model import Accepted, Claim, Launch, Start, Terms, Uncertain
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_moment,
    a_phone,
    an_instant,
    enter_file,
)
from tests.support.databases import looked_at
from tests.support.lost_answers import unanswered_commit

AFTER = timedelta(seconds=120)
TODAY = a_moment()
LATER = a_moment(NOW + AFTER)
RENEWALS = a_campaign()
TERMS = Terms({"assistant_id": "asst_1", "phone_number_id": "pn_1"})


@pytest.fixture
def sending(ledger: Ledger) -> Lease:
    return ledger.leases.acquire("dispatch:talkover")


def lose(ledger: Ledger, claim: Callable[[], object], *, is_committed: bool) -> None:
    with (
        unanswered_commit(ledger._engine, is_committed=is_committed),
        pytest.raises(LedgerUnavailable),
    ):
        claim()


def stands(ledger: Ledger) -> list[tuple[object, ...]]:
    """All that a claim changes and taking it back puts right again, but for the attempt."""
    with looked_at(ledger) as connection:
        told = [
            select(rows.c.state, rows.c.doubt_since, rows.c.given_up_at).order_by(rows.c.id),
            select(launches.c.state, launches.c.doubt_since),
            select(files.c.state, files.c.calls),
            select(spending.c.calls).where(spending.c.calls != 0),
            select(evidence.c.said),
        ]
        return [tuple(row) for asked in told for row in connection.execute(asked)]


@pytest.mark.parametrize("is_committed", [True, False])
class TestAClaimWithoutAnAnswer:
    def test_of_a_row_is_taken_back_and_made_again(
        self, ledger: Ledger, lease: Lease, sending: Lease, *, is_committed: bool
    ) -> None:
        enter_file(ledger, lease, a_batch(pending=1))
        before = stands(ledger)
        lose(
            ledger,
            lambda: ledger.claims.claim(sending, RENEWALS, TODAY),
            is_committed=is_committed,
        )
        assert ledger.unanswered.take_back(NOW) == int(is_committed)
        assert ledger.unanswered.take_back(NOW) == 0
        assert stands(ledger) == before
        claim = ledger.claims.claim(sending, RENEWALS, TODAY)
        assert isinstance(claim, Claim)
        assert ledger.settling.settle(claim, Accepted("c1", "queued"), an_instant(), AFTER).state
        assert ledger.unanswered.take_back(NOW) == 0
        assert stands(ledger)[0][0] == "accepted"

    def test_is_settled_before_the_next_claim_of_the_same_row(
        self, ledger: Ledger, lease: Lease, sending: Lease, *, is_committed: bool
    ) -> None:
        enter_file(ledger, lease, a_batch(pending=1))
        lose(
            ledger,
            lambda: ledger.claims.claim(sending, RENEWALS, TODAY),
            is_committed=is_committed,
        )
        claim = ledger.claims.claim(sending, RENEWALS, TODAY)
        assert isinstance(claim, Claim)
        # It is under way: what was lost before says nothing about it.
        assert ledger.unanswered.take_back(NOW) == 0
        assert stands(ledger)[0][0] == "sending"

    def test_to_ask_again_leaves_the_row_in_doubt(
        self, ledger: Ledger, lease: Lease, sending: Lease, *, is_committed: bool
    ) -> None:
        enter_file(ledger, lease, a_batch(pending=1))
        claim = ledger.claims.claim(sending, RENEWALS, TODAY)
        assert isinstance(claim, Claim)
        ledger.settling.settle(claim, Uncertain("reset"), an_instant(), AFTER)
        before = stands(ledger)
        (doubt,) = ledger.doubts.due(RENEWALS, LATER.instant, AFTER)
        lose(
            ledger,
            lambda: ledger.doubts.claim(sending, RENEWALS, doubt, LATER),
            is_committed=is_committed,
        )
        assert ledger.unanswered.take_back(LATER.now) == int(is_committed)
        assert stands(ledger) == before
        (again,) = ledger.doubts.due(RENEWALS, LATER.instant, AFTER)
        assert ledger.doubts.claim(sending, RENEWALS, again, LATER) is not None

    def test_of_a_start_is_taken_back_with_all_its_rows(
        self, ledger: Ledger, lease: Lease, sending: Lease, *, is_committed: bool
    ) -> None:
        launch = a_draft(ledger, lease, sending)
        before = stands(ledger)
        lose(
            ledger,
            lambda: ledger.launches.claim(sending, RENEWALS, launch, TERMS, TODAY),
            is_committed=is_committed,
        )
        assert ledger.unanswered.take_back(NOW) == int(is_committed)
        assert stands(ledger) == before
        (waiting,) = (ledger.departures.waiting(RENEWALS),)
        assert waiting is not None
        assert isinstance(ledger.launches.claim(sending, RENEWALS, waiting, TERMS, TODAY), Start)

    def test_to_start_again_leaves_the_start_in_doubt(
        self, ledger: Ledger, lease: Lease, sending: Lease, *, is_committed: bool
    ) -> None:
        launch = a_draft(ledger, lease, sending)
        start = ledger.launches.claim(sending, RENEWALS, launch, TERMS, TODAY)
        assert isinstance(start, Start)
        ledger.launches.settle(start, Uncertain("reset"), an_instant(), AFTER)
        before = stands(ledger)
        doubtful = ledger.departures.due(RENEWALS, LATER.instant, AFTER)
        assert doubtful is not None
        lose(
            ledger,
            lambda: ledger.launches.claim_again(sending, RENEWALS, doubtful, LATER),
            is_committed=is_committed,
        )
        assert ledger.unanswered.take_back(LATER.now) == int(is_committed)
        assert stands(ledger) == before
        assert ledger.departures.due(RENEWALS, LATER.instant, AFTER) is not None


def a_draft(ledger: Ledger, lease: Lease, sending: Lease) -> Launch:
    enter_file(ledger, lease, a_batch(ARow(a_phone(1)), ARow(a_phone(2))))
    planned = ledger.launches.plan(sending, RENEWALS, TERMS, TODAY)
    assert isinstance(planned, Launch)
    return ledger.launches.drafted(sending, planned, "v1")

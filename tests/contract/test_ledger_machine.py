"""The ledger driven by chance: lists, two workers, answers, lost answers, crashes, takeovers, late
answers, looks. Whatever happens, no row is called twice and none is lost.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from sftp_sync.doubt import EARLIER, AskAgain, Found, Look, Verdict, is_ours, judge
from sftp_sync.errors import LeaseBusy, LeaseLost
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.claims import Moment
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import leases, rows
from sftp_sync.model import (
    Accepted,
    AlreadyQueued,
    Campaign,
    Claim,
    Doubt,
    NotNow,
    Outcome,
    Refused,
    RowState,
    Uncertain,
)
from sftp_sync.providers.base import VendorCall, VendorCampaign
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
from tests.support.databases import Database, fresh_database, looked_at, written
from tests.support.examples import some

AFTER = timedelta(minutes=2)
NUMBERS = [a_phone(number) for number in range(3)]
CAMPAIGNS = ("renewals", "reminders")
FATES = ("told", "lost", "failed", "unsent", "refused")
DISPATCH = "dispatch:talkover"


@dataclass
class Call:
    """A call that the vendor has really taken, and for which of our rows."""

    id: str
    to: str
    row: int
    made_at: Any
    is_open: bool = True


@dataclass
class Worker:
    """A process: its ledger, its lease, and the requests whose answers it has not recorded."""

    ledger: Ledger
    lease: Lease | None = None
    answers: list[tuple[Claim, Outcome]] = field(default_factory=list)


class LedgerMachine(RuleBasedStateMachine):
    """Two workers, one ledger, and a vendor that is known better than they know it."""

    kind: ClassVar[str] = "sqlite"
    verdict: ClassVar[Callable[[Doubt, Look], Verdict]] = staticmethod(judge)

    @initialize(allow_duplicates=st.booleans())
    def begin(self, *, allow_duplicates: bool) -> None:
        self.open = contextlib.ExitStack()
        folder = self.open.enter_context(tempfile.TemporaryDirectory())
        self.database: Database = self.open.enter_context(fresh_database(self.kind, Path(folder)))
        self.campaigns = {
            name: a_campaign(name, allow_duplicates=allow_duplicates, repeat_after=timedelta())
            for name in CAMPAIGNS
        }
        self.workers = [Worker(self.database.open()) for _ in range(2)]
        self.calls: list[Call] = []
        self.now = NOW
        self.lists = 0
        # Without a call of ours in the list nothing follows from it.
        self.a_list_comes_in([a_phone(9)], CAMPAIGNS[0])
        self.a_worker_sends_a_row(0, CAMPAIGNS[0], "told")
        self.a_worker_records_an_answer(0, 0)
        self.time_passes(5)

    @rule(
        phones=st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3),
        name=st.sampled_from(CAMPAIGNS),
    )
    @precondition(lambda self: self.lists < 5)
    def a_list_comes_in(self, phones: list[str], name: str) -> None:
        self.lists += 1
        ledger = self.workers[0].ledger
        campaign = self.campaigns[name]
        arrival = an_arrival(campaign, sha256=sha256_of(f"{self.lists}"), received_at=self.now)
        with ledger.leases.hold(f"collect:{name}") as lease:
            batch = a_batch(*(ARow(phone) for phone in phones))
            enter_file(ledger, lease, batch, arrival=arrival)

    def _at_work(self, which: int) -> Worker:
        """A worker, who takes the lease if it can be had."""
        worker = self.workers[which]
        if worker.lease is None:
            with contextlib.suppress(LeaseBusy):
                worker.lease = worker.ledger.leases.acquire(DISPATCH)
                worker.ledger.doubts.take_over(worker.lease, CAMPAIGNS, an_instant(self.now), AFTER)
        return worker

    @rule(which=st.integers(0, 1), name=st.sampled_from(CAMPAIGNS), fate=st.sampled_from(FATES))
    def a_worker_sends_a_row(self, which: int, name: str, fate: str) -> None:
        worker, campaign = self._at_work(which), self.campaigns[name]
        if worker.lease is None:
            return
        try:
            claim = worker.ledger.claims.claim(worker.lease, campaign, self._moment)
        except LeaseLost:
            self._forget(worker)
            return
        if isinstance(claim, Claim):
            worker.answers.append((claim, self._send(claim, campaign, fate)))

    @rule(which=st.integers(0, 1), position=st.integers(0, 9))
    def a_worker_records_an_answer(self, which: int, position: int) -> None:
        worker = self.workers[which]
        if worker.answers:
            claim, outcome = worker.answers.pop(position % len(worker.answers))
            worker.ledger.settling.settle(claim, outcome, an_instant(self.now), AFTER)

    @rule(which=st.integers(0, 1))
    def a_worker_dies(self, which: int) -> None:
        worker = self.workers[which]
        dying = worker.ledger.leases
        dying._held.clear()
        dying._stop.set()
        if dying._keeper is not None:
            dying._keeper.join()
        dying._holder.close(keep_proof=True)
        worker.ledger._engine.dispose()
        self.workers[which] = Worker(self.database.open())

    @rule()
    def a_lease_lapses(self) -> None:
        """As if its holder had been frozen: it lives, and does not know."""
        with written(self.workers[0].ledger) as connection:
            lapsed = update(leases).where(leases.c.name == DISPATCH)
            connection.execute(
                lapsed.values(renewed_at=NOW - timedelta(days=999), host="elsewhere")
            )

    @rule(which=st.integers(0, 1), name=st.sampled_from(CAMPAIGNS), fate=st.sampled_from(FATES))
    def a_worker_looks(self, which: int, name: str, fate: str) -> None:
        worker = self._at_work(which)
        if worker.lease is None:
            return
        try:
            self._look(worker, self.campaigns[name], fate)
        except LeaseLost:
            self._forget(worker)

    @rule(minutes=st.integers(3, 200))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def calls_end(self) -> None:
        for call in self.calls:
            call.is_open = False

    @invariant()
    def no_row_is_called_twice(self) -> None:
        called = [call.row for call in getattr(self, "calls", [])]
        assert len(called) == len(set(called))

    @invariant()
    def balances_close_and_one_row_of_a_number_is_in_doubt(self) -> None:
        if not hasattr(self, "workers"):
            return
        ledger = self.workers[0].ledger
        ledger.files.all()
        asked = select(func.count()).where(rows.c.state.in_(("sending", "uncertain")))
        with looked_at(ledger) as connection:
            found = connection.execute(asked.group_by(rows.c.phone)).scalars().all()
        assert all(number == 1 for number in found)

    def teardown(self) -> None:
        """In the end everything is settled, and every row that was accepted has its own call."""
        if not hasattr(self, "workers"):
            return
        try:
            self._finish()
            self._judge()
        finally:
            for worker in self.workers:
                worker.ledger.close()
            self.open.close()

    @property
    def _moment(self) -> Moment:
        return a_moment(self.now)

    def _forget(self, worker: Worker) -> None:
        assert worker.lease is not None
        worker.ledger.leases.release(worker.lease)
        worker.lease = None

    def _send(self, claim: Claim, campaign: Campaign, fate: str) -> Outcome:
        """What the vendor does with a request, and what is heard of it."""
        if fate == "unsent":
            return NotNow("no route to host")
        if fate == "refused":
            return Refused("422")
        if fate == "failed":
            return Uncertain("500")
        self.now += timedelta(milliseconds=10)
        allows = campaign.allow_duplicates and claim.doubt_since is None
        open_call = next((one for one in self.calls if one.to == claim.phone and one.is_open), None)
        answer: Outcome
        if open_call is not None and not allows:
            answer = AlreadyQueued(open_call.id, "queued", open_call.made_at)
        else:
            call = Call(f"c{len(self.calls)}", claim.phone, claim.row_id, self.now)
            self.calls.append(call)
            answer = Accepted(call.id, "queued")
        return answer if fate == "told" else Uncertain("the connection broke")

    def _look(self, worker: Worker, campaign: Campaign, fate: str) -> None:
        assert worker.lease is not None
        doubts = worker.ledger.doubts
        due = doubts.due(campaign, an_instant(self.now), AFTER)
        listed = tuple(VendorCall(one.id, one.to, "", one.made_at, retries=0) for one in self.calls)
        doubts.learn_ids(DESTINATION, (one.id for one in listed))
        whole = VendorCampaign("v1", "", "active", total_calls=len(listed), calls=listed)
        held = doubts.held(DESTINATION, {doubt.phone for doubt in due})
        known = doubts.known_calls(campaign, due, EARLIER)
        look = Look(whole, held, doubts.ids_agree(DESTINATION), known)
        for doubt in due:
            match self.verdict(doubt, look):
                case Found(call):
                    doubts.found(worker.lease, doubt, (call.id, ""), "list", an_instant(self.now))
                case AskAgain():
                    self._ask_again(worker, campaign, doubt, look, fate)
                case verdict:
                    doubts.look_again(worker.lease, doubt, None, an_instant(self.now), str(verdict))

    def _ask_again(
        self, worker: Worker, campaign: Campaign, doubt: Doubt, look: Look, fate: str
    ) -> None:
        assert worker.lease is not None
        claim = worker.ledger.doubts.claim(worker.lease, campaign, doubt, self._moment)
        if claim is None:
            return
        outcome = self._send(claim, campaign, fate)
        if isinstance(outcome, AlreadyQueued):
            held = worker.ledger.doubts.held(DESTINATION, [doubt.phone])
            if is_ours(outcome, doubt, replace(look, held=held)):
                outcome = Accepted(outcome.call_id)
            elif campaign.allow_duplicates:
                outcome = Uncertain("not ours")
        worker.answers.append((claim, outcome))

    def _finish(self) -> None:
        """Everybody's answers come in, then one worker does the rest, and nothing goes wrong."""
        for which in (0, 1):
            self.a_worker_dies(which)
        last = self.workers[0]
        last.lease = last.ledger.leases.acquire(DISPATCH)
        last.ledger.doubts.take_over(last.lease, CAMPAIGNS, an_instant(self.now), AFTER)
        for _ in range(40):
            self.now += timedelta(hours=2)
            self.calls_end()
            for name in CAMPAIGNS:
                self.a_worker_looks(0, name, "told")
                self.a_worker_sends_a_row(0, name, "told")
                while last.answers:
                    self.a_worker_records_an_answer(0, 0)

    def _judge(self) -> None:
        with looked_at(self.workers[0].ledger) as connection:
            found = connection.execute(
                select(rows.c.id, rows.c.state, rows.c.call_id, rows.c.reason)
            ).all()
        calls = {call.row: call.id for call in self.calls}
        for row in found:
            if row.state == RowState.UNCERTAIN:
                # Only what a person must tell apart.
                assert "another row" in row.reason
                continue
            assert row.state in {"accepted", "already_queued", "refused"}, row
            assert (row.id in calls) == (row.state == "accepted"), row
            assert row.state != "accepted" or row.call_id == calls[row.id]


class PostgresqlMachine(LedgerMachine):
    """The same on PostgreSQL."""

    kind = "postgresql"


class BlindMachine(LedgerMachine):
    """Asks again without looking."""

    verdict = staticmethod(lambda *_: AskAgain())


FEW = settings(
    max_examples=5,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("machine", some([LedgerMachine, PostgresqlMachine], 1))
def test_no_row_is_called_twice_and_none_is_lost(machine: type[LedgerMachine]) -> None:
    run_state_machine_as_test(machine, settings=FEW)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("machine", "examples"), [(LedgerMachine, 60), (PostgresqlMachine, 20)])
def test_no_row_is_called_twice_and_none_is_lost_in_many_histories(
    machine: type[LedgerMachine], examples: int
) -> None:
    run_state_machine_as_test(machine, settings=settings(FEW, max_examples=examples))


def _a_lost_answer(machine: LedgerMachine) -> list[int]:
    """A call whose answer is lost, and which is over when somebody sees to it: the rows called."""
    machine.begin(allow_duplicates=False)
    machine.a_list_comes_in(NUMBERS[:1], CAMPAIGNS[0])
    machine.a_worker_sends_a_row(0, CAMPAIGNS[0], "lost")
    machine.a_worker_records_an_answer(0, 0)
    machine.calls_end()
    machine.time_passes(60)
    machine.a_worker_looks(0, CAMPAIGNS[0], "told")
    # Without the one that is known.
    called = [call.row for call in machine.calls[1:]]
    machine.open.callback(lambda: [worker.ledger.close() for worker in machine.workers])
    machine.open.close()
    return called


def test_by_looking_a_row_is_called_once_and_without_it_twice() -> None:
    assert len(_a_lost_answer(LedgerMachine())) == 1
    blind = _a_lost_answer(BlindMachine())
    assert len(blind) == 2
    assert len(set(blind)) == 1

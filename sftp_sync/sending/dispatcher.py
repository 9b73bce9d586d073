"""The loop of one account: claim when a slot is free, hand over, learn from what comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from sftp_sync.around import Advance, Surroundings
from sftp_sync.errors import (
    LedgerUnavailable,
    Stopped,
    SyncError,
    VendorRefused,
    VendorUnavailable,
)
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import RowState
from sftp_sync.sending.bulletin import Bulletin
from sftp_sync.sending.crew import Crew
from sftp_sync.sending.endings import Ending
from sftp_sync.sending.errands import Errands
from sftp_sync.sending.first_reading import FirstReading, Read
from sftp_sync.sending.lookout import Lookout
from sftp_sync.sending.looks import Looked, Looks
from sftp_sync.sending.minutes import Minutes
from sftp_sync.sending.probes import Probed, probe
from sftp_sync.sending.route import Patience, Route, SendingAccount
from sftp_sync.sending.senders import Done, Sender
from sftp_sync.sending.standing import Standing
from sftp_sync.sending.turns import Turns

SHORTEST_SECONDS = 0.001
TICK_SECONDS = 0.2
REFRESH_SECONDS = 1.0
COUNT_SECONDS = 30.0
GRACE_SECONDS = 8.0
LEDGER_PATIENCE_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Shift:
    """How long to stay, and whether more rows may become due meanwhile."""

    patience: Patience = field(default_factory=Patience)
    is_more_to_come: Callable[[], bool] = lambda: False


class Dispatcher:
    """One account's rows on their way. Everything that must survive is in the ledger."""

    def __init__(
        self,
        account: SendingAccount,
        around: Surroundings,
        lease: Lease,
        shift: Shift,
        advance: Advance,
    ) -> None:
        # What became of rows here: those that were in doubt before may leave less than none of it.
        self.rows: Counter[RowState] = Counter()
        self._account = account
        self._around = around
        self._lease = lease
        self._shift = shift
        self._advance = advance
        self._standing = Standing()
        self._bulletin = Bulletin(around, account.routes, self._standing)
        self._sender = Sender(around, lease, account.budget, account.uncertain_after)
        self._looks = Looks(around, lease, account.budget, account.uncertain_after)
        self._lookout = Lookout(around, account.routes)
        self._turns = Turns(around.ledger, account.routes)
        self._ending = Ending(account, around, shift.patience, self._standing, self._lookout)
        self._crew = Crew[Done | Looked | Probed | Read](f"send-{account.name}", account.in_flight)
        self._first = FirstReading(around, lease)
        self._errands = Errands(around, lease, self._turns, self._looks, self._first)
        self._minutes = Minutes(around.monotonic)
        self._refresh_at = 0.0
        self._count_at = 0.0
        self._is_probing = False
        self._is_last_round = False
        self._awaits_doubts = False
        self._ledger_well_at = around.monotonic()

    def work(self) -> SyncError | None:
        """Until it is over, or we are told to stop; what a person must know about the end."""
        try:
            while not self._is_over():
                self._around.wait(0)
                self._step()
        except Stopped as stopped:
            return stopped
        finally:
            self._drain()
            self._minutes.say()
        self._bulletin.close(self._ending.finished())
        return self._ending.conclusion()

    def _step(self) -> None:
        """One thing; a ledger that is away for a moment is waited for."""
        if self._lease.lost:
            raise self._lease.why_lost()
        try:
            self._do_one_thing(self._around.monotonic())
        except LedgerUnavailable as error:
            self._is_last_round = False
            self._bear(error)
            self._around.wait(REFRESH_SECONDS)

    def _do_one_thing(self, now: float) -> None:
        """The campaigns seen to, a probe, a look, a question, a row sent, or a short wait."""
        if now >= self._refresh_at or self._may_be_the_end():
            self._refresh(now)
        breaker = self._standing.breaker
        if breaker.wants_probe(now) and not self._is_probing:
            self._is_probing = True
            self._crew.begin(partial(probe, self._account.routes[0].provider))
            return
        in_flight = self._account.in_flight
        # The breaker stops what may call somebody; a look only asks what has become of it.
        busy = self._crew.under_way
        is_well = breaker.open_until is None
        unread = self._first.next(self._account.routes, self._is_resting) if is_well else None
        if unread is not None:
            self._crew.begin(partial(self._first.read, unread))
            return
        route = self._lookout.begin(now, self._is_resting) if busy < in_flight else None
        is_free = busy < breaker.allowed_in_flight(in_flight)
        if route is not None:
            self._crew.begin(partial(self._looks.settle, route))
        elif not (is_free and self._send_something()):
            self._linger(is_free=is_free)

    def _may_be_the_end(self) -> bool:
        """Whether only another look at the ledger tells that there is something left to do."""
        is_idle = not (self._turns or self._crew.under_way or self._is_last_round)
        return is_idle and not self._shift.is_more_to_come()

    def _refresh(self, now: float) -> None:
        """See which campaigns have rows to send."""
        is_last_round = not self._shift.is_more_to_come()
        # First: what is taken back is to be sent.
        self._around.ledger.unanswered.take_back(self._around.now())
        self._turns.refresh()
        if now >= self._count_at:
            self._advance(0, self.rows.total() + self._turns.count())
            self._count_at = now + COUNT_SECONDS
        # A daemon stays, whatever is in doubt.
        if not self._shift.patience.is_daemon:
            self._awaits_doubts = self._ending.awaits_doubts(now)
        self._minutes.pass_by()
        self._is_last_round = is_last_round
        self._refresh_at = now + REFRESH_SECONDS
        if not self._turns:
            self._ledger_well_at = now

    def _is_resting(self, route: Route) -> bool:
        return self._standing.is_resting(route.name, self._around.monotonic())

    def _send_something(self) -> bool:
        """Take a slot and fill it: first with what is in doubt, then in turn by campaign."""
        budget = self._account.budget
        if not self._errands or budget.slot_free_in() > 0:
            return False
        # What is claimed under a lease that is not fresh could not be sent.
        if not self._sender.is_fresh() or not budget.take_if_free():
            return False
        errand = None
        try:
            errand = self._errands.next(self._is_resting)
            self._ledger_well_at = self._around.monotonic()
        finally:
            if errand is None:
                budget.give_back()
        if errand is not None:
            self._crew.begin(partial(self._sender.send, errand))
        self._is_last_round &= not self._errands.has_judged
        return errand is not None

    def _linger(self, *, is_free: bool) -> None:
        """Wait for an answer, a slot, or a while."""
        seconds = TICK_SECONDS
        if is_free and self._errands and self._sender.is_fresh():
            seconds = min(max(self._account.budget.slot_free_in(), SHORTEST_SECONDS), seconds)
        elif not (self._errands or self._crew.under_way):
            # A wait ends at once when we are told to stop, and the ledger is seen to every second.
            seconds = REFRESH_SECONDS
        if not self._crew.under_way:
            self._around.wait(seconds)
            return
        done = self._crew.next_done(seconds)
        if done is not None:
            self._learn(done)

    def _learn(self, done: Done | Looked | Probed | Read) -> None:
        now = self._around.monotonic()
        # What was seen of the ledger before this is no reason to end.
        self._is_last_round = False
        match done:
            case Done():
                self._count(done)
                self._bulletin.learn(done)
            case Looked(route, questions, problem, found):
                self.rows[RowState.ACCEPTED] += found
                self.rows[RowState.UNCERTAIN] -= found
                is_open = self._standing.breaker.open_until is not None
                self._lookout.end(done, now, is_hurried=not (self._turns or is_open))
                self._errands.ask(questions)
                self._reckon(problem, route)
            case Read(route, problem):
                self._first.end(done)
                if isinstance(problem, VendorUnavailable):
                    self._standing.unread(problem, now)
                    self._bulletin.post()
                self._reckon(problem, route)
            case Probed(problem):
                self._is_probing = False
                self._bulletin.learn_of_probe(problem)
                self._reckon(problem, self._account.routes[0])

    def _count(self, done: Done) -> None:
        """Where the row stands now, and that it is in doubt no more."""
        if done.settled.state in (None, RowState.PENDING):
            return
        self._minutes.count(done.route.name, done.file_id, done.settled.state)
        self.rows[done.settled.state] += 1
        if done.was_in_doubt:
            self.rows[RowState.UNCERTAIN] -= 1
        else:
            self._advance(1)

    def _reckon(self, problem: SyncError | None, route: Route) -> None:
        """What is to rest after a look or a probe that failed."""
        if isinstance(problem, LedgerUnavailable):
            self._bear(problem)
        elif isinstance(problem, VendorRefused):
            is_account = problem.scope == "account"
            rest = self._standing.account if is_account else self._standing.rest_of(route.name)
            rest.begin(self._around.monotonic(), problem)
            self._bulletin.post()

    def _bear(self, error: LedgerUnavailable) -> None:
        """Wait for the ledger, for a while."""
        log.warning("ledger_unavailable", account=self._account.name, reason=error.message)
        if self._around.monotonic() - self._ledger_well_at > LEDGER_PATIENCE_SECONDS:
            raise error

    def _is_over(self) -> bool:
        """Whether a one-shot run has nothing left that it should wait for."""
        if self._shift.patience.is_daemon or self._crew.under_way or not self._is_last_round:
            return False
        if self._ending.gives_up(self._around.monotonic(), is_sending=bool(self._turns)):
            return True
        return not (self._errands or self._awaits_doubts)

    def _drain(self) -> None:
        """Let what is under way end, for a while; what does not end in time is as after a crash."""
        self._crew.dismiss()
        ends_at = self._around.monotonic() + GRACE_SECONDS
        while self._crew.under_way and (left := ends_at - self._around.monotonic()) > 0:
            try:
                done = self._crew.next_done(left)
                if isinstance(done, Done):
                    self._learn(done)
            except SyncError as error:
                # The others' answers are waited for all the same.
                log.warning("ended_badly", account=self._account.name, reason=error.message)

"""The loop of one account: claim when a slot is free, hand over, learn from what comes back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from sftp_sync.around import Advance, Surroundings
from sftp_sync.errors import Stopped, SyncError, VendorRefused, VendorUnavailable
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Claim, Outcome, RowState
from sftp_sync.providers.base import Answer
from sftp_sync.sending.bulletin import Bulletin
from sftp_sync.sending.crew import Crew
from sftp_sync.sending.looks import Looked, Looks, Question
from sftp_sync.sending.route import Patience, Route, SendingAccount
from sftp_sync.sending.senders import Done, Errand, Sender
from sftp_sync.sending.standing import Standing

SHORTEST_SECONDS = 0.001
TICK_SECONDS = 0.2
SECONDS_BETWEEN_LOOKS = 10.0
IDLE_SECONDS = 1.0
GRACE_SECONDS = 8.0
PROBES_TO_GIVE_UP = 3

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
        self.rows: Counter[RowState] = Counter()
        self._account = account
        self._around = around
        self._lease = lease
        self._shift = shift
        self._advance = advance
        self._standing = Standing()
        self._bulletin = Bulletin(around, account.routes, self._standing)
        self._sender = Sender(around, lease, account.uncertain_after)
        self._looks = Looks(around, lease)
        self._crew: Crew[Done | Looked] = Crew(f"send-{account.name}", account.in_flight)
        self._due: deque[Route] = deque()
        self._questions: deque[Question] = deque()
        self._refresh_at = 0.0
        self._look_at = 0.0
        self._is_last_round = False
        self._looking: set[str] = set()

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
        return self._standing.account.problem or self._first_problem()

    def _step(self) -> None:
        """One thing: an answer learnt, a look, a question, a row sent, or a short wait."""
        now = self._around.monotonic()
        if now >= self._refresh_at and not self._due:
            self._refresh(now)
        if self._standing.breaker.wants_probe(now):
            self._probe()
            return
        allowed = self._standing.breaker.allowed_in_flight(self._account.in_flight)
        is_free = self._crew.under_way < allowed
        if is_free and now >= self._look_at:
            self._look_around(now)
        elif not (is_free and self._send_something()):
            self._linger(is_free=is_free)

    def _refresh(self, now: float) -> None:
        """See which campaigns have rows to send."""
        self._is_last_round = not self._shift.is_more_to_come()
        due = self._around.ledger.claims.due([route.name for route in self._account.routes])
        self._due = deque(route for route in self._account.routes if route.name in due)
        self._advance(0, self.rows.total() + sum(due.values()))
        self._refresh_at = now + self._pause_seconds

    def _look_around(self, now: float) -> None:
        """See which campaigns have doubts to look into, and look into the first of them."""
        names = [route.name for route in self._account.routes]
        doubtful = self._around.ledger.doubts.due_campaigns(names, self._around.now())
        self._look_at = now + (SECONDS_BETWEEN_LOOKS if self._due else self._pause_seconds)
        for route in self._account.routes:
            is_idle = route.name not in self._looking
            if route.name in doubtful and is_idle and not self._is_resting(route):
                self._looking.add(route.name)
                self._crew.begin(partial(self._looks.settle, route))
                return

    @property
    def _pause_seconds(self) -> float:
        return IDLE_SECONDS if self._shift.patience.is_daemon else TICK_SECONDS

    def _is_resting(self, route: Route) -> bool:
        return self._standing.is_resting(route.name, self._around.monotonic())

    def _send_something(self) -> bool:
        """Take a slot and fill it: first with what is in doubt, then in turn by campaign."""
        if self._account.budget.slot_free_in() > 0 or not (self._questions or self._due):
            return False
        if not self._account.budget.take_if_free():
            return False
        errand = self._next_question() or self._next_claim()
        if errand is None:
            self._account.budget.give_back()
            return False
        self._crew.begin(partial(self._sender.send, errand))
        return True

    def _next_question(self) -> Errand | None:
        while self._questions:
            errand = self._looks.errand(self._questions.popleft())
            if errand is not None:
                return errand
        return None

    def _next_claim(self) -> Errand | None:
        while self._due:
            route = self._due.popleft()
            if self._is_resting(route):
                continue
            moment = route.moment(self._around.now())
            claim = self._around.ledger.claims.claim(self._lease, route.campaign, moment)
            if isinstance(claim, Claim):
                # The next slot is another campaign's.
                self._due.append(route)
                return Errand(route, claim, _plainly)
            log.debug("campaign_idle", campaign=route.name, reason=str(claim))
        return None

    def _linger(self, *, is_free: bool) -> None:
        """Wait for an answer, a slot, or a while."""
        seconds = self._pause_seconds
        if is_free and (self._due or self._questions):
            seconds = min(max(self._account.budget.slot_free_in(), SHORTEST_SECONDS), TICK_SECONDS)
        if not self._crew.under_way:
            self._around.wait(seconds)
            return
        match self._crew.next_done(min(seconds, TICK_SECONDS)):
            case Done() as done:
                self._learn(done)
            case Looked(route, questions, problem):
                self._looking.discard(route.name)
                self._questions.extend(questions)
                if problem is not None:
                    self._rest(route, problem)

    def _learn(self, done: Done) -> None:
        if done.settled.state is not None:
            self.rows[done.settled.state] += 1
            self._advance(1)
        self._bulletin.learn(done)

    def _probe(self) -> None:
        """The one request that must succeed before anything is claimed again."""
        try:
            self._account.routes[0].provider.check_account()
        except (VendorRefused, VendorUnavailable) as error:
            log.warning("vendor_not_well", account=self._account.name, reason=error.message)
            self._bulletin.say_of_account(error)
            is_well = False
        else:
            is_well = True
        breaker = self._standing.breaker
        self._standing.breaker = breaker.probed(is_well=is_well, now=self._around.monotonic())

    def _rest(self, route: Route, error: SyncError) -> None:
        rest = self._standing.rest_of(route.name)
        if isinstance(error, VendorRefused) and error.scope == "account":
            rest = self._standing.account
        rest.begin(self._around.monotonic(), error)
        self._bulletin.post()

    def _is_over(self) -> bool:
        """Whether a one-shot run has nothing left that it should wait for."""
        if self._shift.patience.is_daemon or self._crew.under_way or not self._is_last_round:
            return False
        now = self._around.monotonic()
        if now < self._standing.account.until or self._gives_up():
            return True
        if self._due or self._questions:
            return False
        return not (self._shift.patience.waits and self._awaits_doubts(now))

    def _gives_up(self) -> bool:
        breaker = self._standing.breaker
        if not self._shift.patience.waits:
            return breaker.open_until is not None or self._account.budget.pause_left() > 0
        return breaker.open_until is not None and breaker.pauses >= PROBES_TO_GIVE_UP

    def _awaits_doubts(self, now: float) -> bool:
        names = [
            route.name
            for route in self._account.routes
            if not self._standing.is_resting(route.name, now)
        ]
        return self._around.ledger.doubts.is_any_waiting(names)

    def _first_problem(self) -> SyncError | None:
        problems = (rest.problem for rest in self._standing.campaigns.values())
        return next((problem for problem in problems if problem is not None), None)

    def _drain(self) -> None:
        """Let what is under way end, for a while; what does not end in time is as after a crash."""
        self._crew.dismiss()
        ends_at = self._around.monotonic() + GRACE_SECONDS
        while self._crew.under_way and (left := ends_at - self._around.monotonic()) > 0:
            done = self._crew.next_done(left)
            if isinstance(done, Done):
                self._learn(done)


def _plainly(answer: Answer) -> Outcome:
    return answer.outcome

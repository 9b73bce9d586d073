"""The loop of one account whose vendor takes whole files: one thing at a time, in turn by campaign,
as nearly all of the work is the vendor's.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import structlog

from sftp_sync.around import Advance, Surroundings
from sftp_sync.errors import LedgerUnavailable, NeedsOperator, Stopped, SyncError
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Idle, RowState, Settled
from sftp_sync.sending.bulletin import Bulletin
from sftp_sync.sending.dispatcher import LEDGER_PATIENCE_SECONDS, REFRESH_SECONDS, Shift
from sftp_sync.sending.endings import LONGEST_WAIT, PAUSES_TO_GIVE_UP
from sftp_sync.sending.launching import Launching
from sftp_sync.sending.probes import probe
from sftp_sync.sending.route import ListAccount, ListRoute
from sftp_sync.sending.senders import Done
from sftp_sync.sending.standing import Standing
from sftp_sync.sending.starts import Went

IDLE_SECONDS = 0.2
ORPHANS = "drafts"
ORPHANS_ARE_SAID_FOR = timedelta(days=1)
SHOWN_ORPHANS = 3

log = structlog.get_logger(__name__)


class Launcher:
    """One account's files on their way. Everything that must survive is in the ledger."""

    def __init__(
        self,
        account: ListAccount,
        around: Surroundings,
        lease: Lease,
        shift: Shift,
        advance: Advance,
    ) -> None:
        self.rows: Counter[RowState] = Counter()
        self._account = account
        self._around = around
        self._lease = lease
        self._patience = shift.patience
        self._is_more_to_come = shift.is_more_to_come
        self._advance = advance
        self._routes = list(account.routes)
        self._standing = Standing()
        self._bulletin = Bulletin(around, account.routes, self._standing)
        self._launching = Launching(account, around, lease)
        self._is_last_round_over = False
        self._ledger_well_at = around.monotonic()

    def work(self) -> SyncError | None:
        """Until it is over, or we are told to stop; what a person must know about the end."""
        try:
            while not self._is_over():
                self._around.wait(0)
                self._step()
        except Stopped as stopped:
            return stopped
        self._bulletin.close(self._finished())
        return self._conclusion()

    def _step(self) -> None:
        """One round; a ledger that is away for a moment is waited for."""
        if self._lease.lost:
            raise self._lease.why_lost()
        try:
            self._go_round()
            self._ledger_well_at = self._around.monotonic()
        except LedgerUnavailable as error:
            log.warning("ledger_unavailable", account=self._account.name, reason=error.message)
            if self._around.monotonic() - self._ledger_well_at > LEDGER_PATIENCE_SECONDS:
                raise
            self._around.wait(REFRESH_SECONDS)

    def _go_round(self) -> None:
        """A probe where one is due, or one step for the first campaign that has one."""
        is_more_to_come = self._is_more_to_come()
        self._around.ledger.unanswered.take_back(self._around.now())
        now = self._around.monotonic()
        breaker = self._standing.breaker
        if breaker.wants_probe(now):
            self._probe()
        elif breaker.open_until is None and not self._is_held_up() and self._goes_on(now):
            self._is_last_round_over = False
            return
        self._tell_orphans()
        self._is_last_round_over = not is_more_to_come
        if not self._is_over():
            self._around.wait(IDLE_SECONDS)

    def _is_held_up(self) -> bool:
        """Whether the vendor asks for a pause that this run does not wait for."""
        return not self._patience.waits and self._account.budget.pause_left() > 0

    def _goes_on(self, now: float) -> bool:
        """Whether there was something to do for any campaign."""
        for route in list(self._routes):
            if self._standing.is_resting(route.name, now):
                continue
            went = self._launching.step(route)
            if went.idle is None or went.idle == Idle.JUDGING:
                # The others come first now.
                self._routes.remove(route)
                self._routes.append(route)
                self._learn(route, went)
                return True
            log.debug("campaign_idle", campaign=route.name, reason=str(went.idle))
        return False

    def _learn(self, route: ListRoute, went: Went) -> None:
        if went.state is not None:
            self.rows[went.state] += went.rows
            if went.was_in_doubt:
                self.rows[RowState.UNCERTAIN] -= went.rows
            else:
                self._advance(went.rows)
        if went.problem is not None:
            is_account = went.problem.scope == "account"
            rest = self._standing.account if is_account else self._standing.rest_of(route.name)
            rest.begin(self._around.monotonic(), went.problem)
            self._bulletin.post()
        if went.outcome is not None:
            self._bulletin.learn(Done(route, went.outcome, Settled(went.state)))

    def _probe(self) -> None:
        problem = probe(self._routes[0].provider).problem
        self._bulletin.learn_of_probe(problem)
        if problem is not None:
            self._bulletin.say_of_account(problem)

    def _tell_orphans(self) -> None:
        """Say which drafts are left at the vendor; for a day, as nobody can see when they go."""
        notices, now = self._around.ledger.notices, self._around.now()
        for route in self._routes:
            left = self._around.ledger.departures.orphans(route.name, now - ORPHANS_ARE_SAID_FOR)
            if not left:
                notices.clear(route.name, ORPHANS)
                continue
            names = "; ".join(one.name for one in left[-SHOWN_ORPHANS:])
            which = "A draft" if len(left) == 1 else f"{len(left)} drafts"
            said = NeedsOperator(
                f"{which} may be left at the vendor that must not be started: {names}.",
                fix="Delete them there. This is said for a day.",
            )
            notices.post(route.name, ORPHANS, said, now)

    def _is_over(self) -> bool:
        """Whether a one-shot run has nothing left that it should wait for."""
        if self._patience.is_daemon or not self._is_last_round_over:
            return False
        now = self._around.monotonic()
        breaker = self._standing.breaker
        if not self._patience.waits or now < self._standing.account.until:
            return True
        if breaker.open_until is not None:
            return breaker.pauses >= PAUSES_TO_GIVE_UP
        return not self._awaits_doubts(now)

    def _awaits_doubts(self, now: float) -> bool:
        waiting = [one for one in self._routes if not self._standing.is_resting(one.name, now)]
        campaigns = [one.campaign for one in waiting]
        when = self._around.instant()
        return bool(self._around.ledger.departures.looked_into(campaigns, when, LONGEST_WAIT))

    def _conclusion(self) -> SyncError | None:
        """What a person must know."""
        rests = [self._standing.account, *self._standing.campaigns.values()]
        problems = [*(rest.problem for rest in rests), self._standing.breaker_problem]
        return next((problem for problem in problems if problem is not None), None)

    def _finished(self) -> list[str]:
        """The campaigns of which nothing is left to send or to settle, if all went well."""
        if self._conclusion() is not None:
            return []
        campaigns = [route.campaign for route in self._routes]
        ledger = self._around.ledger
        looked_into = ledger.departures.looked_into(campaigns, self._around.instant(), None)
        busy = ledger.claims.due(campaigns) | looked_into
        return [one.name for one in campaigns if one.name not in busy]

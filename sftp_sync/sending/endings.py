"""When a run is over that is not to stay for ever, and what is to be said about its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sftp_sync.around import Surroundings
from sftp_sync.errors import SyncError
from sftp_sync.sending.lookout import Lookout
from sftp_sync.sending.route import Patience, SendingAccount
from sftp_sync.sending.standing import Standing

# Two and a half minutes of a vendor whose answers leave everything open.
PAUSES_TO_GIVE_UP = 5
# A row whose next look is further away is left to another run, as what needs a person is.
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Ending:
    """What decides about the end of a run of one account."""

    account: SendingAccount
    around: Surroundings
    patience: Patience
    standing: Standing
    lookout: Lookout

    def gives_up(self, now: float, *, is_sending: bool) -> bool:
        """Whether what is left must wait for another run, or for a person."""
        breaker = self.standing.breaker
        if now < self.standing.account.until:
            return True
        if not self.patience.waits:
            return breaker.open_until is not None or self.account.budget.pause_left() > 0
        # Where nothing is left but doubts, the looks say how long to wait.
        return is_sending and breaker.open_until is not None and breaker.pauses >= PAUSES_TO_GIVE_UP

    def awaits_doubts(self, now: float) -> bool:
        """Whether rows are in doubt that may be settled before long, without a person."""
        if not self.patience.waits or self.lookout.gives_up:
            return False
        campaigns = [
            route.campaign
            for route in self.account.routes
            if not self.standing.is_resting(route.name, now)
        ]
        when = self.around.instant()
        return bool(self.around.ledger.doubts.looked_into(campaigns, when, LONGEST_WAIT))

    def conclusion(self) -> SyncError | None:
        """What a person must know."""
        rests = [self.standing.account, *self.standing.campaigns.values()]
        problems = [rest.problem for rest in rests]
        problems += [self.standing.breaker_problem, self.lookout.problem]
        return next((problem for problem in problems if problem is not None), None)

    def finished(self) -> list[str]:
        """The campaigns of which nothing is left to send or to settle, if all went well."""
        if self.conclusion() is not None:
            return []
        campaigns = [route.campaign for route in self.account.routes]
        ledger = self.around.ledger
        looked_into = ledger.doubts.looked_into(campaigns, self.around.instant(), None)
        busy = ledger.claims.due(campaigns) | looked_into
        return [one.name for one in campaigns if one.name not in busy]

"""What stops sending, and for how long: the account, one of its campaigns, or the breaker.

Kept in memory on purpose: after a restart everything is tried again at once, and what is
still wrong says so with the first answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from sftp_sync.errors import SyncError, VendorRefused, VendorUnavailable
from sftp_sync.model import Blocked, NotNow, Outcome, Refused, Uncertain
from sftp_sync.providers.breaker import Breaker

REFUSALS_TO_BLOCK = 5
UNREACHABLE_TO_REST = 5
UNREACHABLE_SECONDS = 30.0
FIRST_REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 900.0


@dataclass
class Rest:
    """A pause after something that a person must mend, longer each time."""

    until: float = 0.0
    seconds: float = FIRST_REST_SECONDS
    problem: SyncError | None = None
    is_said: bool = False

    def begin(self, now: float, problem: SyncError) -> None:
        """Rest from now on."""
        if self.problem is None or now >= self.until:
            self.until = now + self.seconds
            self.seconds = min(self.seconds * 2, LONGEST_REST_SECONDS)
        self.problem = problem

    def end(self) -> None:
        """It works again."""
        self.until, self.seconds, self.problem, self.is_said = 0.0, FIRST_REST_SECONDS, None, False


@dataclass
class Standing:
    """Where an account and its campaigns stand."""

    breaker: Breaker = field(default_factory=Breaker)
    account: Rest = field(default_factory=Rest)
    campaigns: dict[str, Rest] = field(default_factory=dict)
    _refusals: dict[str, int] = field(default_factory=dict)
    _unreachable: int = 0
    _unreachable_since: float = 0.0

    @property
    def breaker_problem(self) -> SyncError | None:
        """Why the breaker is open, if it is."""
        if self.breaker.open_until is None:
            return None
        return VendorUnavailable(
            "The vendor's answers leave open whether calls were queued:"
            f" {self.breaker.reason.rstrip('.')}.",
            fix="Nothing is sent until it answers again; rows in doubt are looked into first.",
        )

    def probed(self, problem: SyncError | None, now: float) -> None:
        """The one request that must succeed has been made. One that was told to wait waits."""
        asked_to_wait = getattr(problem, "wait_seconds", None)
        if asked_to_wait is not None:
            self.breaker = replace(self.breaker, open_until=now + asked_to_wait)
        else:
            self.breaker = self.breaker.probed(is_well=problem is None, now=now)

    def unread(self, problem: SyncError, now: float) -> None:
        """What may have been called is not known: nothing is sent before that can be seen."""
        why = f"its list of calls cannot be read: {problem.message}"
        self.breaker = self.breaker.stopped(now, why)

    def rest_of(self, campaign: str) -> Rest:
        """The rest of one campaign."""
        return self.campaigns.setdefault(campaign, Rest())

    def is_resting(self, campaign: str, now: float) -> bool:
        """Whether nothing of this campaign may be sent now."""
        return now < self.account.until or now < self.rest_of(campaign).until

    def learn(self, campaign: str, outcome: Outcome, now: float) -> None:
        """What an answer means for what may be sent next."""
        self.breaker = self.breaker.record(outcome, now)
        self._count_refusals(campaign, outcome, now)
        match outcome:
            case Blocked("account", reason):
                self.account.begin(now, _refused(reason, campaign, "account"))
            case Blocked("campaign", reason):
                self.rest_of(campaign).begin(now, _refused(reason, campaign, "campaign"))
            case Uncertain(reason, stops_campaign=True):
                self.rest_of(campaign).begin(now, _open(reason, campaign))
            case NotNow(reason, _, is_unreachable) if is_unreachable:
                self._count_unreachable(reason, now)
            case _:
                self._unreachable = 0

    def _count_unreachable(self, reason: str, now: float) -> None:
        """A network that is gone for a moment stops nothing."""
        if self._unreachable == 0:
            self._unreachable_since = now
        self._unreachable += 1
        is_long = now - self._unreachable_since >= UNREACHABLE_SECONDS
        if self._unreachable >= UNREACHABLE_TO_REST and is_long:
            self.account.begin(now, VendorUnavailable(_sentence(reason)))

    def _count_refusals(self, campaign: str, outcome: Outcome, now: float) -> None:
        match outcome:
            case Refused(reason, counts) if counts:
                count = self._refusals[campaign] = self._refusals.get(campaign, 0) + 1
                if count >= REFUSALS_TO_BLOCK:
                    self._refusals[campaign] = 0
                    problem = VendorRefused(
                        f"{REFUSALS_TO_BLOCK} rows in a row were refused: {reason}.",
                        fix="Check the payload that the campaign's agent expects; then type:"
                        " sftp-sync retry FILE --state refused",
                    )
                    self.rest_of(campaign).begin(now, problem)
            case NotNow() | Uncertain():
                pass
            case _:
                self._refusals[campaign] = 0


def _refused(reason: str, campaign: str, scope: Literal["account", "campaign"]) -> VendorRefused:
    fix = (
        f"To see what to mend, type: sftp-sync test-connection {campaign}"
        " (sending resumes by itself)"
    )
    return VendorRefused(_sentence(reason), fix=fix, scope=scope)


def _open(reason: str, campaign: str) -> VendorRefused:
    return VendorRefused(
        f"What answers is not the vendor, and a call may have been queued: {reason.rstrip('.')}.",
        fix="Check base_url and what lies between here and the vendor, then type:"
        f" sftp-sync test-connection {campaign} (sending resumes by itself)",
    )


def _sentence(reason: str) -> str:
    return f"The vendor does not take calls: {reason.rstrip('.')}."

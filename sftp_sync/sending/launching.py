"""The chain of one file: its contacts fixed, a draft made, its schedule set, its start asked for.
Each link may be the last one before a crash; what a start did is never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import (
    Accepted,
    Blocked,
    Idle,
    Launch,
    LaunchState,
    NotNow,
    Outcome,
    Refused,
    RowState,
    Stale,
)
from sftp_sync.providers.base import DRAFT, GONE, UNDER_WAY, FileCampaign, Recipient
from sftp_sync.sending.drafts import draft_of, recipients_of
from sftp_sync.sending.route import ListAccount, ListRoute
from sftp_sync.sending.starts import MORE, Starts, Went, went_wrong

LEFT_BY_A_CRASH = "an earlier process ended while it was being made"

log = structlog.get_logger(__name__)


class Launching:
    """Takes the files of an account from step to step, under its lease."""

    def __init__(self, account: ListAccount, around: Surroundings, lease: Lease) -> None:
        self._around = around
        self._ledger = around.ledger
        self._lease = lease
        self._starts = Starts(account, around, lease)
        # The list that was handed over last, and what it was for.
        self._kept: tuple[tuple[str, str, tuple[str, ...]], str] | None = None

    def step(self, route: ListRoute) -> Went:
        """The next thing for a campaign: a doubt, a file that was begun, or the next one."""
        doubtful = self._starts.doubtful(route)
        if doubtful is not None:
            return self._starts.look(route, doubtful)
        begun = self._ledger.departures.waiting(route.campaign)
        if begun is None:
            return self._begin(route)
        if begun.state == LaunchState.PLANNED:
            self._starts.shelve(begun, LEFT_BY_A_CRASH)
            return MORE
        return self._go_on(route, begun)

    def _begin(self, route: ListRoute) -> Went:
        """Fix the contacts of the next campaign, and have it made."""
        moment = route.moment(self._around.instant())
        planned = self._ledger.launches.plan(self._lease, route.campaign, route.terms, moment)
        if isinstance(planned, Idle):
            return Went(idle=planned)
        recipients = recipients_of(self._ledger, planned, route.terms)
        try:
            list_id = self._handed_over(route, planned, recipients)
        except (VendorRefused, VendorUnavailable) as error:
            # Nothing was made but a list, perhaps, that nobody calls.
            self._ledger.launches.discard(self._lease, planned)
            return went_wrong(error)
        self._starts.take_slot()
        draft = draft_of(planned, route.terms, recipients, list_id)
        outcome = route.provider.draft(draft, self._starts.is_fresh).outcome
        _log(route, planned, outcome)
        match outcome:
            case Accepted(vendor_id):
                drafted = self._ledger.launches.drafted(self._lease, planned, vendor_id)
                return self._go_on(route, drafted)
            case NotNow() | Blocked():
                self._ledger.launches.discard(self._lease, planned)
            case Refused(reason, _, contact):
                return self._refused(planned, reason, contact)
            case _:
                self._starts.shelve(planned, getattr(outcome, "reason", str(outcome)))
        return Went(outcome)

    def _handed_over(
        self, route: ListRoute, launch: Launch, recipients: Sequence[Recipient]
    ) -> str | None:
        """A long list is handed over before, unless something differs for each contact: a CSV
        cannot say that. What was handed over for a campaign that was not made is used once more.
        """
        terms = route.terms
        if launch.recipients <= terms.recipient_list_above or terms.overrides:
            return None
        wanted = route.name, launch.name, tuple(one.phone_number for one in recipients)
        if self._kept is None or self._kept[0] != wanted:
            self._kept = wanted, route.provider.keep_list(launch.name, recipients)
        return self._kept[1]

    def _refused(self, planned: Launch, reason: str, contact: int | None) -> Went:
        """The vendor does not call one of the contacts; or what is refused are the settings, and
        those are the same for every file.
        """
        if contact is not None and self._ledger.launches.refuse_contact(
            self._lease, planned, contact, reason
        ):
            one_by_one = Refused(reason, counts_against_campaign=True)
            return Went(one_by_one, RowState.REFUSED, 1)
        self._ledger.launches.discard(self._lease, planned)
        return Went(problem=_refused(reason))

    def _go_on(self, route: ListRoute, launch: Launch) -> Went:
        """A draft that nobody has started: see that it may be, say when it calls, and start it."""
        moment = route.moment(self._around.instant())
        unfit = self._ledger.launches.judge(route.campaign, launch, route.terms, moment)
        if isinstance(unfit, Stale):
            self._starts.shelve(launch, unfit.why)
            return MORE
        if unfit is not None:
            return Went(idle=unfit)
        try:
            schedule = route.terms.schedule
            seen = route.provider.settle_schedule(launch.vendor_id, launch.name, schedule)
        except (VendorRefused, VendorUnavailable) as error:
            return went_wrong(error)
        self._ledger.departures.heard(self._lease, launch, seen.status, seen.counts)
        return self._by_status(route, launch, seen)

    def _by_status(self, route: ListRoute, launch: Launch, seen: FileCampaign) -> Went:
        if seen.status == DRAFT:
            return self._starts.start(route, launch)
        if seen.status in UNDER_WAY:
            return self._starts.found(route, launch, seen)
        if seen.status == GONE:
            self._ledger.launches.vanished(self._lease, launch)
            return MORE
        return Went(problem=_refused(f"{launch.name} should be a draft and is {seen.status}"))


def _refused(reason: str) -> VendorRefused:
    return VendorRefused(
        f"The vendor does not take the campaign of a file: {reason.rstrip('.')}.",
        fix="Check the campaign's kathan block; its rows wait.",
    )


def _log(route: ListRoute, planned: Launch, outcome: Outcome) -> None:
    vendor_id = getattr(outcome, "call_id", None)
    said = type(outcome).__name__
    log.info(
        "draft_answered", campaign=route.name, launch=planned.id, outcome=said, vendor_id=vendor_id
    )

"""Every short history of a campaign, and every list that says it is whole: no row is asked for
again while the vendor has its call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest

from sftp_sync.doubt import AskAgain, Look, judge
from sftp_sync.model import Doubt, KnownCall, KnownCalls
from sftp_sync.providers.base import VendorCall, VendorCampaign

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
STEP = timedelta(minutes=3)  # each event is outside the window of the next
OURS = "+12125550100"
# What happens, in any order: calls of ours that are told, the row's request, its end.
EVENTS = ("first", "second", "third", "asked", "given up")
NEWEST, OLDEST = "newest", "oldest"


@dataclass(frozen=True)
class History:
    """When the told calls were accepted, when the row was asked for and given up, and when, if at
    all, the vendor has made its call.
    """

    told: tuple[datetime, ...]
    asked: datetime
    given_up: datetime
    made: datetime | None

    @property
    def known(self) -> KnownCalls:
        """As the ledger has them."""
        opens = self.asked - timedelta(minutes=2)
        calls = [KnownCall(f"c{at}", number(at), at) for at in sorted(self.told)]
        before = [one for one in calls if one.accepted_at <= opens]
        beside = [one for one in calls if opens < one.accepted_at <= self.given_up]
        after = [one for one in calls if one.accepted_at > self.given_up]
        return KnownCalls(
            before[-1] if before else None,
            (beside[0], beside[-1]) if beside else (),
            after[0] if after else None,
        )

    @property
    def is_bounded(self) -> bool:
        """Whether calls of ours lie on both sides of the row's: what cuts it off cuts them too."""
        return min(self.told) < self.asked and max(self.told) > self.given_up


def number(at: datetime) -> str:
    """A number of its own for each told call."""
    return f"+1212555{(at - START) // timedelta(minutes=1):04}"


def histories() -> Iterator[History]:
    for order in permutations(EVENTS):
        at = {event: START + position * STEP for position, event in enumerate(order)}
        if at["asked"] > at["given up"]:
            continue
        told = (at["first"], at["second"], at["third"])
        late = at["given up"] + timedelta(minutes=1)
        early = at["asked"] + timedelta(seconds=1)
        for made in (None, early, at["given up"], late):
            yield History(told, at["asked"], at["given up"], made)


def the_list(history: History, cap: int, shown: str, spelling: str) -> VendorCampaign:
    """What the vendor lists: all of it by its own count."""
    calls = [VendorCall(f"c{at}", number(at), "", at, retries=0) for at in history.told]
    if history.made is not None:
        calls.append(VendorCall("own", OURS, "", history.made, retries=0))
    calls.sort(key=lambda call: call.created_at or START)
    if cap < len(calls):
        calls = calls[:cap] if shown == OLDEST else calls[len(calls) - cap :]
    if spelling == "national":
        calls = [VendorCall(one.id, f"+{one.to[2:]}", "", one.created_at) for one in calls]
    if spelling == "other ids":
        calls = [VendorCall(f"x{one.id}", one.to, "", one.created_at) for one in calls]
    return VendorCampaign("v1", "", "active", total_calls=len(calls), calls=tuple(calls))


def verdict_of(history: History, listed: VendorCampaign, known: KnownCalls) -> object:
    doubt = Doubt(
        1, 1, 1, "renewals", OURS, history.asked, timedelta(minutes=5), 0, called_elsewhere=False
    )
    return judge(doubt, Look(listed, (), ids_agree=True, known={1: known}))


CUTS = list(product(range(5), (NEWEST, OLDEST), ("e164", "national", "other ids")))


def test_no_row_is_asked_for_again_while_the_vendor_has_its_call() -> None:
    asked = unbounded = 0
    for history, (cap, shown, spelling) in product(histories(), CUTS):
        listed = the_list(history, cap, shown, spelling)
        verdict = verdict_of(history, listed, history.known)
        if not isinstance(verdict, AskAgain):
            continue
        asked += 1
        if history.made is None:
            continue
        # What no list can tell: it ends, to the call, where our calls end. One row at a time then.
        unbounded += 1
        assert not history.is_bounded, (history, cap, shown, spelling)
        assert verdict.alone, (history, cap, shown, spelling)
    assert (asked > 0, unbounded > 0) == (True, True)


def test_a_list_that_is_whole_lets_every_row_go_on_that_has_a_call_of_ours_before_it() -> None:
    for history in histories():
        verdict = verdict_of(history, the_list(history, 9, NEWEST, "e164"), history.known)
        is_young = min(history.told) > history.given_up
        assert isinstance(verdict, AskAgain) == (history.made is None and not is_young)


@pytest.mark.parametrize("without", ["before", "after"])
def test_the_model_would_see_that_one_of_them_is_not_looked_for(without: str) -> None:
    """With the calls of one side alone a list that is cut there is believed."""
    believed = 0
    for history, (cap, shown, spelling) in product(histories(), CUTS):
        known = history.known
        if history.made is None or known.before is None or known.after is None:
            continue
        one_side = KnownCalls(known.before), KnownCalls(None, (known.after,))
        some = one_side[without == "before"]
        listed = the_list(history, cap, shown, spelling)
        believed += isinstance(verdict_of(history, listed, some), AskAgain)
    assert believed > 0

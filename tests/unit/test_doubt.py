"""What follows for a row in doubt from what the vendor shows: a table of cases, and what always
holds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.doubt import (
    EARLIER,
    NEAR,
    NOT_SHOWN,
    NOTHING_KNOWN,
    AskAgain,
    ForAPerson,
    Found,
    Look,
    LookAgain,
    Verdict,
    is_ours,
    judge,
    window_opens_at,
)
from sftp_sync.model import AlreadyQueued, Doubt, KnownCall, KnownCalls
from sftp_sync.providers.base import VendorCall, VendorCampaign

NOW = datetime(2026, 11, 20, 6, 30, 0, 900_000, tzinfo=UTC)
PHONE, OTHER = "+12125550100", "+12125550199"
BEFORE, BESIDE, LATER, AFTER = (f"+1212555017{number}" for number in range(4))
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

DOUBT = Doubt(
    row_id=1,
    attempt=1,
    file_id=1,
    campaign="renewals",
    phone=PHONE,
    since=NOW,
    unanswered=2 * MINUTE,
    looks=0,
    called_elsewhere=False,
)


def a_call(made: timedelta, call_id: str = "c1", **changes: object) -> VendorCall:
    """A call made so long after the row's first attempt."""
    return replace(VendorCall(call_id, PHONE, "queued", NOW + made, retries=0), **changes)  # type: ignore[arg-type]  # whatever a test changes


def a_look(
    *calls: VendorCall,
    total: int | str | None = "all",
    held: tuple[str, ...] = (),
    ids_agree: bool = True,
    offset: float | None = None,
    known: KnownCalls | None = None,
) -> Look:
    """A look that shows these calls, and, unless others are known, the two of ours next to them."""
    if known is None:
        known = KnownCalls(ours(-HOUR, BEFORE), after=ours(HOUR, AFTER))
        shift = timedelta(seconds=offset or 0)
        calls += (listed(-HOUR + shift, BEFORE), listed(HOUR + shift, AFTER))
    campaign = VendorCampaign(
        "v1",
        "Renewals",
        "active",
        total_calls=len(calls) if total == "all" else total,  # type: ignore[arg-type]  # "all" is none of them
        calls=calls,
        clock_offset=offset,
    )
    return Look(campaign, held, ids_agree, {DOUBT.row_id: known})


def ours(made: timedelta, phone: str, call_id: str | None = "") -> KnownCall:
    """A call of ours, accepted so long after the row's first attempt."""
    return KnownCall(f"a{phone}" if call_id == "" else call_id, phone, NOW + made)


def listed(made: timedelta, phone: str, **changes: object) -> VendorCall:
    """The same call as the vendor lists it."""
    return a_call(made, f"a{phone}", to=phone, **changes)


CASES: dict[str, tuple[Doubt, Look, type[Verdict]]] = {
    "its call": (DOUBT, a_look(a_call(SECOND)), Found),
    "its call, made in the same second": (
        DOUBT,
        a_look(a_call(timedelta(), created_at=NOW.replace(microsecond=0))),
        Found,
    ),
    "at the window's edge": (DOUBT, a_look(a_call(-EARLIER)), Found),
    "before the window": (DOUBT, a_look(a_call(-EARLIER - SECOND)), ForAPerson),
    "a day before": (DOUBT, a_look(a_call(-NEAR)), ForAPerson),
    "more than a day before": (DOUBT, a_look(a_call(-NEAR - EARLIER - MINUTE)), AskAgain),
    "another row's call": (DOUBT, a_look(a_call(SECOND), held=("c1",)), AskAgain),
    "another row's call before": (DOUBT, a_look(a_call(-HOUR), held=("c1",)), AskAgain),
    "another number": (DOUBT, a_look(a_call(SECOND, to=OTHER)), AskAgain),
    "no call at all": (DOUBT, a_look(), AskAgain),
    "no call, and more than are listed": (DOUBT, a_look(total=3), LookAgain),
    "no call, and nobody says how many": (DOUBT, a_look(total=None), LookAgain),
    "no call, test calls not counted": (DOUBT, a_look(a_call(SECOND, to=OTHER), total=0), AskAgain),
    "incomplete, but its call is there": (DOUBT, a_look(a_call(SECOND), total=9), Found),
    "incomplete for an hour": (replace(DOUBT, unanswered=2 * HOUR), a_look(total=3), ForAPerson),
    "a call without a time": (DOUBT, a_look(a_call(SECOND, created_at=None)), ForAPerson),
    "a held call without a time": (
        DOUBT,
        a_look(a_call(SECOND, created_at=None), held=("c1",)),
        AskAgain,
    ),
    "called elsewhere, ids agree": (
        replace(DOUBT, called_elsewhere=True),
        a_look(a_call(SECOND)),
        Found,
    ),
    "called elsewhere, ids unknown": (
        replace(DOUBT, called_elsewhere=True),
        a_look(a_call(SECOND), ids_agree=False),
        ForAPerson,
    ),
    "called elsewhere, a retry": (
        replace(DOUBT, called_elsewhere=True),
        a_look(a_call(SECOND, retries=1)),
        ForAPerson,
    ),
    "not called elsewhere, ids unknown": (DOUBT, a_look(a_call(SECOND), ids_agree=False), Found),
    "the vendor's clock an hour ahead": (DOUBT, a_look(a_call(HOUR), offset=3600), Found),
    "an hour ahead, made before": (DOUBT, a_look(a_call(SECOND), offset=3600), ForAPerson),
    "the vendor's clock an hour behind": (DOUBT, a_look(a_call(-HOUR), offset=-3600), Found),
}


BOTH = KnownCalls(ours(-HOUR, BEFORE), (), ours(HOUR, AFTER))
YOUNG = KnownCalls(None, (ours(9 * SECOND, BESIDE), ours(MINUTE, LATER)))
SHOWN = (listed(-HOUR, BEFORE), listed(HOUR, AFTER))
SHOWN_BESIDE = (listed(9 * SECOND, BESIDE), listed(MINUTE, LATER))
WAITS = LookAgain(timedelta(seconds=30), NOT_SHOWN)
ABSENCE: dict[str, tuple[KnownCalls, tuple[VendorCall, ...], Verdict]] = {
    "nothing is known": (KnownCalls(), (), LookAgain(timedelta(seconds=30), NOTHING_KNOWN)),
    "only one after": (
        KnownCalls(after=ours(HOUR, AFTER)),
        SHOWN,
        LookAgain(timedelta(seconds=30), NOTHING_KNOWN),
    ),
    "both are shown": (BOTH, SHOWN, AskAgain()),
    "the older calls are cut off": (BOTH, SHOWN[1:], WAITS),
    "the younger calls are cut off": (BOTH, SHOWN[:1], WAITS),
    "none was accepted since": (replace(BOTH, after=None), SHOWN, AskAgain(alone=True)),
    "one beside it is cut off": (replace(BOTH, beside=YOUNG.beside), SHOWN, WAITS),
    "the older of those beside it is cut off": (
        replace(BOTH, beside=YOUNG.beside),
        (*SHOWN, SHOWN_BESIDE[1]),
        AskAgain(),
    ),
    "only those beside it are known": (YOUNG, SHOWN_BESIDE, AskAgain(alone=True)),
    "and the older is cut off": (YOUNG, SHOWN_BESIDE[1:], WAITS),
    "and the younger is cut off": (YOUNG, SHOWN_BESIDE[:1], WAITS),
    "one accepted right before it was asked for": (
        KnownCalls(None, (ours(-MINUTE, BESIDE),), ours(HOUR, AFTER)),
        (listed(-MINUTE, BESIDE), SHOWN[1]),
        AskAgain(),
    ),
    "beside it, and one after": (
        replace(YOUNG, after=BOTH.after),
        (*SHOWN, *SHOWN_BESIDE),
        AskAgain(alone=True),
    ),
    "numbers are written otherwise": (
        BOTH,
        tuple(replace(call, to=call.to.replace("+1", "+")) for call in SHOWN),
        WAITS,
    ),
    "ids are of two kinds": (
        BOTH,
        (listed(-HOUR + MINUTE, BEFORE, id="x"), listed(HOUR - MINUTE, AFTER, id="y")),
        AskAgain(),
    ),
    "of two kinds, and another time": (
        BOTH,
        (listed(-HOUR - 3 * MINUTE, BEFORE, id="x"), listed(HOUR, AFTER, id="y")),
        WAITS,
    ),
    "of two kinds, and no time": (
        BOTH,
        (listed(-HOUR, BEFORE, id="x", created_at=None), SHOWN[1]),
        WAITS,
    ),
    "one that was recognised, and was made after it was asked for": (
        replace(BOTH, before=replace(ours(-HOUR, BEFORE), is_told=False)),
        (listed(MINUTE, BEFORE), SHOWN[1]),
        WAITS,
    ),
}


@pytest.mark.parametrize("case", ABSENCE)
def test_absence_counts_where_the_list_shows_the_calls_of_ours_that_it_must(case: str) -> None:
    known, shown, verdict = ABSENCE[case]
    assert judge(DOUBT, a_look(*shown, known=known)) == verdict
    offset = timedelta(hours=1)
    moved = (
        call if call.created_at is None else replace(call, created_at=call.created_at + offset)
        for call in shown
    )
    assert judge(DOUBT, a_look(*moved, known=known, offset=3600)) == verdict


@pytest.mark.parametrize(("known", "why"), [(KnownCalls(), NOTHING_KNOWN), (BOTH, NOT_SHOWN)])
def test_after_an_hour_a_person_is_told_what_to_check_and_what_to_type(
    known: KnownCalls, why: str
) -> None:
    verdict = judge(
        replace(DOUBT, row_id=17, unanswered=2 * HOUR),
        replace(
            a_look(),
            known={17: known},
            campaign=replace(a_look().campaign, calls=(), total_calls=0),
        ),
    )
    assert isinstance(verdict, ForAPerson)
    assert verdict.why.startswith(
        f"{why}; check +1212…0100 at the vendor, then type: sftp-sync resolve 17 resend"
    )


@pytest.mark.parametrize("case", CASES)
def test_what_the_vendor_shows_decides(case: str) -> None:
    doubt, look, verdict = CASES[case]
    assert isinstance(judge(doubt, look), verdict)


def test_of_several_calls_the_oldest_in_the_window_is_the_rows_own() -> None:
    calls = (a_call(MINUTE, "late"), a_call(SECOND, "first"), a_call(-HOUR, "before"))
    assert judge(DOUBT, a_look(*calls)) == Found(calls[1])
    assert judge(DOUBT, a_look(*calls, held=("first",))) == Found(calls[0])


def test_looks_grow_rare() -> None:
    pauses = []
    for looks in range(7):
        verdict = judge(replace(DOUBT, looks=looks), a_look(known=KnownCalls()))
        assert isinstance(verdict, LookAgain)
        pauses.append(verdict.after.total_seconds())
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


@pytest.mark.parametrize(
    ("answer", "held", "offset", "expected"),
    [
        (AlreadyQueued("c1", "queued", NOW), (), None, True),
        (AlreadyQueued("c1", "queued", NOW), ("c1",), None, False),
        (AlreadyQueued("c1", "queued", NOW - HOUR), (), None, False),
        (AlreadyQueued("c1", "queued", NOW - HOUR), (), -3600.0, True),
        (AlreadyQueued("c1", "queued", None), (), None, False),
    ],
)
def test_a_conflict_after_doubt_is_judged_by_the_same_window(
    answer: AlreadyQueued, held: tuple[str, ...], offset: float | None, *, expected: bool
) -> None:
    assert is_ours(answer, DOUBT, a_look(held=held, offset=offset)) is expected


@pytest.mark.parametrize(("ids_agree", "expected"), [(True, True), (False, False)])
def test_a_conflict_over_a_number_that_another_row_has_called_needs_ids_that_agree(
    *, ids_agree: bool, expected: bool
) -> None:
    doubt = replace(DOUBT, called_elsewhere=True)
    look = a_look(ids_agree=ids_agree)
    assert is_ours(AlreadyQueued("c1", "queued", NOW), doubt, look) is expected


made = st.integers(min_value=-200_000, max_value=10_000).map(lambda second: second * SECOND)
calls = st.lists(
    st.builds(
        lambda when, number, to: a_call(when, f"c{number}", to=to),
        made,
        st.integers(0, 9),
        st.sampled_from([PHONE, OTHER]),
    ),
    max_size=6,
)
looks = st.builds(
    lambda listed, more, held, agree, offset: a_look(
        *listed, total=len(listed) + more, held=tuple(held), ids_agree=agree, offset=offset
    ),
    calls,
    st.integers(-1, 2),
    st.lists(st.sampled_from([f"c{number}" for number in range(10)])),
    st.booleans(),
    st.none() | st.floats(-7200, 7200),
)


@given(look=looks, called_elsewhere=st.booleans())
def test_nothing_is_asked_again_beside_a_call_that_may_be_its_own(
    look: Look, *, called_elsewhere: bool
) -> None:
    doubt = replace(DOUBT, called_elsewhere=called_elsewhere)
    verdict = judge(doubt, look)
    opens_at = window_opens_at(doubt, look.campaign.clock_offset)
    unheld = [call for call in look.campaign.calls if call.to == PHONE and call.id not in look.held]
    if isinstance(verdict, AskAgain):
        assert look.is_complete
        assert all(call.created_at is not None and call.created_at < opens_at for call in unheld)
    if isinstance(verdict, Found):
        assert verdict.call in unheld
        assert verdict.call.created_at is not None
        assert verdict.call.created_at >= opens_at

"""What stops an account or a campaign, for how long, and what makes it go on."""

from __future__ import annotations

import pytest

from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.model import Accepted, Blocked, NotNow, Outcome, Refused, Uncertain
from sftp_sync.sending.standing import Rest, Standing

NO_ROUTE = NotNow("no route to host", is_unreachable=True)
BAD_FIELD = Refused("422: the name is required", counts_against_campaign=True)


def told(*outcomes: Outcome, every: float = 0.0, campaign: str = "renewals") -> Standing:
    standing = Standing()
    for number, outcome in enumerate(outcomes):
        standing.learn(campaign, outcome, number * every)
    return standing


def test_what_blocks_an_account_rests_every_campaign() -> None:
    standing = told(Blocked("account", "401: the token is not accepted"))
    assert standing.is_resting("renewals", 1)
    assert standing.is_resting("another", 1)
    assert not standing.is_resting("another", 60)
    assert isinstance(standing.account.problem, VendorRefused)
    assert standing.account.problem.scope == "account"
    assert "sftp-sync test-connection renewals" in standing.account.problem.fix


def test_what_blocks_a_campaign_rests_only_that_one() -> None:
    standing = told(Blocked("campaign", "400: Campaign is not active"))
    assert standing.is_resting("renewals", 1)
    problem = standing.rest_of("renewals").problem
    assert problem is not None
    assert "sftp-sync test-connection renewals" in problem.fix
    assert not standing.is_resting("another", 1)


def test_rests_grow_to_a_quarter_of_an_hour() -> None:
    rest, now, lengths = Rest(), 0.0, []
    for _ in range(6):
        rest.begin(now, VendorRefused("no"))
        lengths.append(rest.until - now)
        now = rest.until
    assert lengths == [60, 120, 240, 480, 900, 900]
    rest.end()
    rest.begin(now, VendorRefused("no"))
    assert rest.until - now == 60


def test_answers_to_requests_of_before_do_not_lengthen_a_rest() -> None:
    rest = Rest()
    for moment in (0.0, 0.1, 0.2):
        rest.begin(moment, VendorRefused("no"))
    assert rest.until == 60


@pytest.mark.parametrize(
    ("outcomes", "every", "is_resting"),
    [
        ([NO_ROUTE] * 8, 5.0, True),
        ([NO_ROUTE] * 8, 1.0, False),
        ([NO_ROUTE] * 4, 20.0, False),
        ([NO_ROUTE] * 4 + [Accepted("c1")] + [NO_ROUTE] * 4, 10.0, False),
        ([NotNow("429")] * 9, 10.0, False),
    ],
)
def test_a_vendor_that_cannot_be_reached_for_half_a_minute_rests_the_account(
    outcomes: list[Outcome], every: float, *, is_resting: bool
) -> None:
    standing = told(*outcomes, every=every)
    assert isinstance(standing.account.problem, VendorUnavailable) is is_resting


@pytest.mark.parametrize(
    ("outcomes", "is_blocked"),
    [
        ([BAD_FIELD] * 5, True),
        ([BAD_FIELD] * 4, False),
        ([BAD_FIELD] * 4 + [Accepted("c1"), BAD_FIELD], False),
        ([BAD_FIELD] * 4 + [Refused("422: to")] + [BAD_FIELD], False),
        ([BAD_FIELD] * 2 + [NotNow("429"), Uncertain("502")] + [BAD_FIELD] * 3, True),
    ],
)
def test_five_refusals_in_a_row_block_a_campaign(
    outcomes: list[Outcome], *, is_blocked: bool
) -> None:
    standing = told(*outcomes)
    problem = standing.rest_of("renewals").problem
    assert (problem is not None) is is_blocked
    assert standing.rest_of("another").problem is None
    assert problem is None or "sftp-sync retry" in problem.fix


def test_refusals_of_two_campaigns_are_counted_apart() -> None:
    standing = Standing()
    for campaign in ("renewals", "reminders") * 4:
        standing.learn(campaign, BAD_FIELD, 0)
    assert not standing.is_resting("renewals", 0)


def test_the_breaker_says_why_it_is_open() -> None:
    standing = told(*[Uncertain("503: come back later")] * 3)
    assert "503: come back later" in str(standing.breaker_problem)
    standing.probed(None, 10)
    assert standing.breaker_problem is None


def test_a_probe_that_is_told_to_wait_is_no_failure() -> None:
    standing = told(*[Uncertain("503")] * 3)
    standing.probed(VendorUnavailable("429", wait_seconds=30), 10)
    assert (standing.breaker.open_until, standing.breaker.pauses) == (40, 1)
    standing.probed(VendorUnavailable("502"), 40)
    assert (standing.breaker.open_until, standing.breaker.pauses) == (50, 2)

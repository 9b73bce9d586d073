"""Every body the vendors document, and those that middle boxes make of them: what each means."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.errors import SyncError, VendorRefused, VendorUnavailable
from sftp_sync.model import (
    Accepted,
    AlreadyQueued,
    Blocked,
    NotNow,
    Outcome,
    Refused,
    Uncertain,
)
from sftp_sync.providers import kathan
from sftp_sync.providers.http import (
    FALSIFIABLE,
    Words,
    document_or_error,
    outcome_of,
    with_wait,
)
from sftp_sync.providers.shapes import Problem, problem_of
from sftp_sync.providers.talkover import WORDS, of_campaign
from sftp_sync.providers.wire import Broken, Reply
from sftp_sync.providers.wording import sentence

NUMBER = "+12125550100"
TOKEN = "talq_4f8e2a9c"
CREATED = {
    "campaign_call": {
        "id": "call-uuid-1",
        "campaign_id": "campaign-uuid-1",
        "to": "+1234567890",
        "status": "queued",
        "scheduled_at": "2024-01-15T10:30:00Z",
        "created_at": "2024-01-15T10:30:00Z",
    },
    "campaign": {"id": "campaign-uuid-1", "name": "Q1 Outreach", "status": "active"},
}
EXISTING = {
    "success": False,
    "message": "A call to this number already exists in this campaign",
    "existing_call": {
        "id": "call-uuid-9",
        "campaign_id": "campaign-uuid-1",
        "to": "+1234567890",
        "status": "queued",
        "created_at": "2024-01-15T10:30:00.250000Z",
    },
}
PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
)


def no(message: str, **more: object) -> dict[str, object]:
    return {"success": False, "message": message, **more}


def outcome(status: int, body: object, words: Words = WORDS) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcome_of(Reply(status, {}, raw), words, (TOKEN,))


def stops(reason: str) -> Uncertain:
    return Uncertain(reason, stops_campaign=True)


def altered(status: int, said: str = "") -> Uncertain:
    return stops(f"{status}, not in the vendor's words{f': {said}' if said else ''}")


REDIRECTS = "the address redirects elsewhere; base_url must be the final one"
# What gateways say in JSON of their own.
GATEWAYS: list[tuple[object, str]] = [
    ({"message": "Unauthorized"}, "Unauthorized"),
    ({"message": "no Route matched with those values"}, "no Route matched with those values"),
    ({"statusCode": 403, "message": "Access denied"}, "Access denied"),
    ({"error": "forbidden"}, "forbidden"),
    ({"error": "Forbidden", "message": "Nope", "statusCode": 403}, "Nope"),
    ({"error": {"code": 403, "message": "Denied", "status": "PERMISSION_DENIED"}}, "Denied"),
    ({"error": {"code": "AuthenticationFailed", "message": "Failed"}}, "Failed"),
    ({"success": False, "errors": [{"code": 10000, "message": "Error"}], "messages": []}, ""),
    ({"success": True, "message": "Hello"}, "Hello"),
    ({}, ""),
    ([], "[]"),
]
QUEUED = Accepted("call-uuid-1", "queued", "2024-01-15T10:30:00Z")
INVALID = "The given data was invalid."
NOT_JSON = Uncertain("201 with a body that is no answer of the vendor's")
NO_ID = Uncertain("201 without the id of a call")

# status, body, what it means
TABLE: list[tuple[int, object, Outcome]] = [
    # Taken.
    (201, CREATED, QUEUED),
    (200, CREATED, QUEUED),
    (201, {"campaign_call": {"id": "c1", "status": "scheduled"}}, Accepted("c1", "scheduled")),
    (201, {"campaign_call": {"id": 4711}}, Accepted("4711")),
    (
        201,
        {
            "success": True,
            "message": "Call initiated successfully",
            "data": {"call_id": "call_789012", "call_sid": "CA1", "status": "initiated"},
        },
        Accepted("call_789012", "initiated"),
    ),
    # A success that proves nothing.
    (201, b"", NOT_JSON),
    (201, json.dumps(CREATED).encode()[:60], NOT_JSON),
    (201, PAGE, NOT_JSON),
    (201, b"[]", NOT_JSON),
    (201, b'"queued"', NOT_JSON),
    (201, b"\xff\xfe\x00", NOT_JSON),
    (201, {}, NO_ID),
    (201, {"campaign_call": {}}, NO_ID),
    (201, {"campaign_call": {"id": None}}, NO_ID),
    (201, {"campaign_call": {"id": ""}}, NO_ID),
    (201, {"campaign_call": {"id": True}}, NO_ID),
    (201, {"campaign_call": "call-uuid-1"}, NO_ID),
    (201, {**CREATED, "success": False}, NO_ID),
    (204, b"", Uncertain("204 with a body that is no answer of the vendor's")),
    # There already.
    (
        409,
        EXISTING,
        AlreadyQueued(
            "call-uuid-9",
            "queued",
            datetime(2024, 1, 15, 10, 30, 0, 250_000, UTC),
            "campaign-uuid-1",
        ),
    ),
    (409, no("…", existing_call={"id": "c9"}), AlreadyQueued("c9")),
    (409, no("…", existing_call={"id": "c9", "created_at": "soon"}), AlreadyQueued("c9")),
    (
        409,
        no("A call to this number already exists"),
        Uncertain("409: A call to this number already exists"),
    ),
    (409, no("…", existing_call={}), Uncertain("409: …")),
    (409, PAGE, Uncertain("409: 502 Bad Gateway")),
    # The row is refused.
    (
        422,
        no(INVALID, errors={"to": ["The to field is required."]}),
        Refused(f"422: {INVALID} The to field is required."),
    ),
    (
        422,
        no(INVALID, errors={"to": ["The to must be a valid phone number."]}),
        Refused(f"422: {INVALID} The to must be a valid phone number."),
    ),
    (
        422,
        {"message": INVALID, "errors": {"to": "The to must be a valid phone number."}},
        Refused(f"422: {INVALID} The to must be a valid phone number."),
    ),
    (413, no("Payload too large"), Refused("413: Payload too large")),
    # The row is refused, and perhaps the campaign is wrong.
    (
        422,
        no(INVALID, errors={"payload": ["The payload must be an array."]}),
        Refused(f"422: {INVALID} The payload must be an array.", counts_against_campaign=True),
    ),
    (422, no(INVALID), Refused(f"422: {INVALID}", counts_against_campaign=True)),
    (422, PAGE, Uncertain("422: 502 Bad Gateway")),
    # The account stops: all five documented shapes.
    (401, no("Unauthorized"), Blocked("account", "401: the token is not accepted. Unauthorized")),
    (
        401,
        {"error": {"code": "INVALID_TOKEN", "message": "Unauthorized", "details": {}}},
        Blocked("account", "401: the token is not accepted. Unauthorized"),
    ),
    (
        401,
        {"success": False, "error": {"code": "INVALID_TOKEN", "message": "Bad", "details": {}}},
        Blocked("account", "401: the token is not accepted. Bad"),
    ),
    (
        401,
        {"error": "TOKEN_EXPIRED", "message": "Token expired", "status_code": 401},
        Blocked("account", "401: the token is not accepted. Token expired"),
    ),
    (
        401,
        {"message": "Missing Bearer Token"},
        Blocked("account", "401: the token is not accepted. Missing Bearer Token"),
    ),
    (
        402,
        {"error": {"code": "INSUFFICIENT_CREDITS", "message": ""}},
        Blocked("account", "402: the account has no credit left. INSUFFICIENT_CREDITS"),
    ),
    # The campaign stops.
    (400, no("Campaign is not active"), Blocked("campaign", "400: Campaign is not active")),
    (
        400,
        no("Nein", code="CAMPAIGN_NOT_ACTIVE"),
        Blocked("campaign", "400: Nein"),
    ),
    (
        403,
        no("Cannot make calls for this campaign"),
        Blocked("campaign", "403: the token may not do this. Cannot make calls for this campaign"),
    ),
    (
        404,
        no("Campaign not found"),
        Blocked("campaign", "404: there is no such campaign. Campaign not found"),
    ),
    # Doubt, and the campaign stops: whatever stands between us may have said it after the call was
    # queued.
    (301, b"", stops(f"301: {REDIRECTS}")),
    (303, b"", stops(f"303: {REDIRECTS}")),
    (307, CREATED, stops(f"307: {REDIRECTS}")),
    (308, no("Moved"), stops(f"308: {REDIRECTS}. Moved")),
    (304, PAGE, stops(f"304: {REDIRECTS}. 502 Bad Gateway")),
    *((status, b"", altered(status)) for status in FALSIFIABLE),
    *((status, PAGE, altered(status, "502 Bad Gateway")) for status in FALSIFIABLE),
    *((status, {"message": "Forbidden"}, altered(status, "Forbidden")) for status in FALSIFIABLE),
    *((status, body, altered(status, said)) for status in FALSIFIABLE for body, said in GATEWAYS),
    (413, b"<title>Too Large</title>", altered(413, "Too Large")),
    (400, b"campaign is not active", altered(400, "campaign is not active")),
    (403, {"message": "Missing Bearer Token"}, altered(403, "Missing Bearer Token")),
    (
        404,
        {"error": "TOKEN_EXPIRED", "message": "Token expired", "status_code": 401},
        altered(404, "Token expired"),
    ),
    (404, {"detail": "Not Found"}, altered(404, "Not Found")),
    # Not now.
    (429, no("Rate limit exceeded"), NotNow("429: Rate limit exceeded")),
    (429, {"detail": "Rate limit exceeded"}, NotNow("429: Rate limit exceeded")),
    (429, PAGE, NotNow("429: 502 Bad Gateway")),
    (429, b"", NotNow("429 without a word")),
    # Doubt.
    (500, no("Internal server error."), Uncertain("500: Internal server error.")),
    (502, PAGE, Uncertain("502: 502 Bad Gateway")),
    (503, b"", Uncertain("503 without a word")),
    (504, b"upstream timed out", Uncertain("504: upstream timed out")),
    (408, b"", Uncertain("408 without a word")),
    (400, no("Bad request"), Uncertain("400: Bad request")),
    (405, b"", Uncertain("405 without a word")),
    (418, no("I am a teapot"), Uncertain("418: I am a teapot")),
    (101, b"", Uncertain("101 without a word")),
]


@pytest.mark.parametrize(("status", "body", "meaning"), TABLE)
def test_each_answer_has_its_one_meaning(status: int, body: object, meaning: Outcome) -> None:
    assert outcome(status, body) == meaning


KATHAN = Words(lambda _: None, kathan.is_refusal)
OF_KATHAN: list[tuple[int, object, Outcome]] = [
    (
        422,
        {"detail": [{"loc": ["body", "to_number"], "msg": "not a number", "type": "value_error"}]},
        Refused("422: not a number"),
    ),
    (
        401,
        {"detail": "Invalid authentication credentials"},
        Blocked("account", "401: the token is not accepted. Invalid authentication credentials"),
    ),
    (
        404,
        {"detail": "Not Found"},
        Blocked("campaign", "404: there is no such campaign. Not Found"),
    ),
    (404, {"detail": ""}, altered(404)),
    (404, {"detail": []}, altered(404)),
    (403, {"detail": ["no"]}, altered(403)),
    (403, no("Forbidden"), altered(403, "Forbidden")),
    (401, PAGE, altered(401, "502 Bad Gateway")),
    (303, {"detail": "See Other"}, stops(f"303: {REDIRECTS}. See Other")),
    (422, no("Invalid"), Uncertain("422: Invalid")),
]


@pytest.mark.parametrize(("status", "body", "meaning"), OF_KATHAN)
def test_each_vendor_is_known_by_its_own_words(status: int, body: object, meaning: Outcome) -> None:
    assert outcome(status, body, KATHAN) == meaning


CAMPAIGN = "550e8400-E29B-41d4-a716-446655440000"


@pytest.mark.parametrize(
    ("named", "is_taken"),
    [
        (CAMPAIGN, True),
        (CAMPAIGN.lower(), True),
        (f" {CAMPAIGN.upper()} ", True),
        ("", True),
        ("660e8400-e29b-41d4-a716-446655440000", False),
        ("spring", False),
    ],
)
def test_a_conflict_with_another_campaigns_call_is_doubt(named: str, *, is_taken: bool) -> None:
    met = of_campaign(AlreadyQueued("c1", campaign_id=named), CAMPAIGN)
    assert isinstance(met, AlreadyQueued if is_taken else Uncertain)
    assert of_campaign(Accepted("c1"), CAMPAIGN) == Accepted("c1")


def test_ids_that_are_none_of_that_shape_are_compared_letter_by_letter() -> None:
    assert isinstance(of_campaign(AlreadyQueued("c1", campaign_id="A"), "a"), Uncertain)


def test_what_broke_after_the_body_had_left_is_doubt() -> None:
    assert outcome_of(Broken(sent=True, reason="reset"), WORDS) == Uncertain("reset")


def test_what_broke_before_is_due_again() -> None:
    assert outcome_of(Broken(sent=False, reason="refused"), WORDS) == NotNow(
        "refused", is_unreachable=True
    )


@given(st.integers(100, 599), st.binary(max_size=300))
def test_no_body_whatsoever_breaks_the_table_or_passes_for_a_call(status: int, body: bytes) -> None:
    met = outcome(status, body)
    assert not isinstance(met, Accepted | AlreadyQueued)


KEYS = [
    "success",
    "data",
    "message",
    "error",
    "errors",
    "code",
    "details",
    "detail",
    "existing_call",
    "campaign_call",
    "id",
    "call_id",
    "to",
    "status",
    "loc",
    "msg",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([200, 201, 400, 401, 404, 409, 422, 429, 500]), JSON)
def test_no_json_whatsoever_breaks_the_table(status: int, body: object) -> None:
    met = outcome(status, body)
    if isinstance(met, Accepted):
        assert status < 300
        assert met.call_id
    if isinstance(met, AlreadyQueued):
        assert status == 409
        assert met.call_id


@given(st.integers(400, 599), JSON)
def test_reading_ends_as_an_error_of_ours_whatever_the_body(status: int, body: object) -> None:
    with pytest.raises(SyncError):
        document_or_error(Reply(status, {}, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("status", "kind", "scope"),
    [
        (401, VendorRefused, "account"),
        (402, VendorRefused, "account"),
        (403, VendorRefused, "campaign"),
        (404, VendorRefused, "campaign"),
        (422, VendorRefused, "campaign"),
        (302, VendorRefused, "campaign"),
        (408, VendorUnavailable, None),
        (429, VendorUnavailable, None),
        (500, VendorUnavailable, None),
        (503, VendorUnavailable, None),
        (200, VendorUnavailable, None),
    ],
)
def test_reading_tells_what_to_try_later_from_what_a_person_must_mend(
    status: int, kind: type[SyncError], scope: str | None
) -> None:
    with pytest.raises(kind) as raised:
        document_or_error(Reply(status, {}, PAGE))
    assert getattr(raised.value, "scope", None) == scope


def test_reading_from_nobody_is_tried_later() -> None:
    with pytest.raises(VendorUnavailable, match=r"^Refused\.$"):
        document_or_error(Broken(sent=False, reason="refused"))


def test_a_wait_is_told_with_a_not_now_and_with_nothing_else() -> None:
    assert with_wait(NotNow("429"), 7) == NotNow("429", 7)
    assert with_wait(NotNow("429", 3), 7) == NotNow("429", 3)
    assert with_wait(NotNow("429"), 0) == NotNow("429")
    assert with_wait(Uncertain("500"), 7) == Uncertain("500")


def test_neither_the_number_nor_the_token_is_ever_repeated() -> None:
    for spelling in (NUMBER, "12125550100", "+1 (212) 555-0100", "%2B12125550100"):
        said = f"no route to {spelling} for Bearer {TOKEN} of {TOKEN}"
        met = outcome(500, no(said))
        assert isinstance(met, Uncertain)
        assert TOKEN not in met.reason
        assert "555" not in met.reason
        assert "0100" in met.reason


def test_short_figures_ids_and_dates_stay_readable() -> None:
    said = "Row 12 of 2024-01-15, id 550e8400-e29b-41d4-a716-446655440000, 3 of 100"
    assert sentence(said) == said


def test_a_vendor_that_talks_a_lot_is_cut() -> None:
    met = outcome(500, no("word " * 500))
    assert isinstance(met, Uncertain)
    assert len(met.reason) <= 210
    assert met.reason.endswith("…")


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert sentence("a\x1b[31mb\r\nc\u202ed") == "a [31mb c d"


@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ({"retry_after": 60}, 60),
        ({"retry_after": "60"}, 60),
        ({"retry_after": -1}, None),
        ([], None),
    ],
)
def test_the_wait_that_a_body_asks_for_is_read(details: object, seconds: float | None) -> None:
    body = {"error": {"code": "RATE_LIMIT_EXCEEDED", "message": "…", "details": details}}
    assert problem_of(json.dumps(body).encode()).retry_after == seconds


def test_a_body_of_nothing_says_nothing() -> None:
    assert problem_of(b"") == Problem()

"""The quick way to a number never says anything else than the careful one."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from sftp_sync.phones import PhoneFound, parse
from sftp_sync.phones.numbers import parse_carefully
from sftp_sync.phones.plain import plain_number
from tests.support.examples import examples

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = sorted(set(PhoneNumberType.values()) - {PhoneNumberType.UNKNOWN})
LAYOUTS = (
    "+{code}{number}", "{prefix}{number}", "{number}", "{code}{number}", "00{code}{number}",
    "+{code} (0){number}", "0{number}", "+{code}{prefix}{number}", "1{number}",
    "({prefix}) {number}", "011{code}{number}", "({code}){number}", "+0{code}{number}",
)  # fmt: skip


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str | None]:
    """An example of some country, perhaps with wrong digits, in some layout; and a region."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from(KINDS))
    known = phonenumbers.example_number_for_type(region, kind)
    known = known or phonenumbers.example_number(region)
    assert known is not None
    digits = list(phonenumbers.national_significant_number(known))
    for _ in range(draw(st.integers(0, 4))):
        digits[draw(st.integers(0, len(digits) - 1))] = draw(st.sampled_from("0123456789"))
    digits += draw(st.sampled_from(["", "", "", "0", "7"]))
    if draw(st.integers(0, 9)) == 0:
        del digits[draw(st.integers(0, len(digits) - 1))]
    text = draw(st.sampled_from(LAYOUTS)).format(
        code=known.country_code,
        number="".join(digits),
        prefix=phonenumbers.ndd_prefix_for_region(region, True) or "",
    )
    place = draw(st.integers(0, len(text)))
    text = text[:place] + draw(st.sampled_from(["", " ", "-", ") "])) + text[place:]
    return text, draw(st.one_of(st.just(region), st.none(), st.sampled_from(REGIONS)))


@settings(max_examples=examples(3_000), deadline=None)
@given(written_numbers())
@example(("12125550100", "US"))
@example(("4915112345678", "DE"))
@example(("+0049301234567", "DE"))
@example(("+049301234567", "DE"))
@example(("+0 12125550123", None))
def test_a_quick_answer_is_the_careful_one(written: tuple[str, str | None]) -> None:
    text, region = written
    quick = plain_number(text, region)
    if quick is not None:
        assert parse_carefully(text, region) == PhoneFound(quick)


@settings(max_examples=examples(500), deadline=None)
@given(st.text("+0123456789 ()-", max_size=20), st.sampled_from(["national", "international"]))
def test_both_ways_give_one_answer(text: str, bare_numbers: str) -> None:
    if bare_numbers == "national":
        assert parse(text, "DE") == parse_carefully(text, "DE")
    else:
        assert parse(text, "DE", "international") == parse_carefully(text, "DE", "international")


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+12125550100", None), ("212-555-0100", "US"), ("(212) 555-0100", "US"),
        ("12125550100", "US"), ("030 1234567", "DE"), ("+49 151 12345678", None),
        ("+39 06 1234 5678", None), ("06 1234 5678", "IT"), ("020 7946 0000", "GB"),
    ],
)  # fmt: skip
def test_common_numbers_take_the_quick_way(text: str, region: str | None) -> None:
    assert plain_number(text, region) is not None

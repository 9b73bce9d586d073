"""A phone number is read as people mean it, or refused with the reason; never guessed."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sftp_sync.model import Code
from sftp_sync.phones import PhoneFound, PhoneRefused, parse
from tests.support.examples import examples

GOOD = [
    # text, region, number
    ("+49 30 1234567", None, "+49301234567"),
    ("030 1234567", "DE", "+49301234567"),
    ("030/1234567", "DE", "+49301234567"),
    ("4930 1234567", "DE", "+49301234567"),
    ("12125550100", "US", "+12125550100"),
    ("(212) 555-0100", "US", "+12125550100"),
    ("212.555.0100", "US", "+12125550100"),
    ("+1 (212) 555\u20110100", None, "+12125550100"),
    ("00 49 30 1234567", None, "+49301234567"),
    ("00 49 30 1234567", "FR", "+49301234567"),
    ("011 44 20 7946 0000", "US", "+442079460000"),
    ("+44 (0)20 7946 0000", None, "+442079460000"),
    ("0044 (0)20 7946 0000", "DE", "+442079460000"),
    ("(+49) 30 1234567", None, "+49301234567"),
    ("+ 49 30 1234567", None, "+49301234567"),
    ("+39 06 1234 5678", None, "+390612345678"),
    ("+54 9 11 2345 6789", None, "+5491123456789"),
    ("+55 11 98765-4321", None, "+5511987654321"),
    ("\uff0b\uff14\uff19\uff083\uff10\uff091234567", None, "+49301234567"),
    ("\u0660\u0663\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "DE", "+49301234567"),
    ("\u202a+49 30 1234567\u202c", None, "+49301234567"),
    ("\u00a0+49\u00a030\u00a01234567 ", None, "+49301234567"),
    ("tel:+49-30-1234567", None, "+49301234567"),
    ("TEL:030-1234567;phone-context=+49", None, "+49301234567"),
    ("tel:1234567;phone-context=+4930", None, "+49301234567"),
]  # fmt: skip

REPAIRED = [
    ("4915112345678.0", "Excel"),
    ("4915112345678,00", "Excel"),
    ("4.915112345678E+12", "Excel"),
    ("4,915112345678e12", "Excel"),
    ("'+4915112345678", "quotation mark"),
    ("\u2019+4915112345678", "quotation mark"),
    ('="+4915112345678"', "formula"),
    ('="4915112345678"', "formula"),
    ("+49 151 12345678 ext. 12", "extension"),
    ("+49 151 12345678 x12", "extension"),
    ("+49 151 12345678 #12", "extension"),
    ("+49 151 12345678,,12", "extension"),
    ("+49 151 12345678 Durchwahl 12", "extension"),
    ("tel:+4915112345678;ext=12", "extension"),
]

REFUSED = [
    ("", "US", Code.EMPTY_PHONE),
    (" \u00a0\t", "US", Code.EMPTY_PHONE),
    ("''", "US", Code.EMPTY_PHONE),
    ("030 1234567", None, Code.NO_COUNTRY),
    ("011 44 20 7946 0000", None, Code.NO_COUNTRY),
    ("4915112345678", "DE", Code.NO_COUNTRY),
    ("n/a", "US", Code.NOT_A_NUMBER),
    ("-", "US", Code.NOT_A_NUMBER),
    ("1-800-FLOWERS", "US", Code.NOT_A_NUMBER),
    ("212-555-0100 (work)", "US", Code.NOT_A_NUMBER),
    ("jo@example.com 2125550100", "US", Code.NOT_A_NUMBER),
    ("+49 30 1234567 / +49 171 1234567", None, Code.NOT_A_NUMBER),
    ("030 1234567; 0171 2345678", "DE", Code.NOT_A_NUMBER),
    ("030 1234567\n0171 2345678", "DE", Code.NOT_A_NUMBER),
    ("1,212,555,0100", "US", Code.NOT_A_NUMBER),
    ("212555010.5", "US", Code.NOT_A_NUMBER),
    ("*31#2125550100", "US", Code.NOT_A_NUMBER),
    ("+1 212 555 0100=1", "US", Code.NOT_A_NUMBER),
    ("+999 123456", None, Code.INVALID_NUMBER),
    ("+1 212 555", None, Code.INVALID_NUMBER),
    ("+1 212 555 0100 0100", None, Code.INVALID_NUMBER),
    ("+1 212 155 0100", None, Code.INVALID_NUMBER),
    ("+0049 30 1234567", None, Code.INVALID_NUMBER),
    ("555-0100", "US", Code.INVALID_NUMBER),
    ("0049 30 1234567", "US", Code.INVALID_NUMBER),
    ("911", "US", Code.INVALID_NUMBER),
    ("3.50E+11", "US", Code.EXCEL_DAMAGED),
    ("3,50E+11", "US", Code.EXCEL_DAMAGED),
    ("5E+11", "US", Code.EXCEL_DAMAGED),
    ("4.91511E+12", "DE", Code.EXCEL_DAMAGED),
    ("1.212555012E+10", "US", Code.EXCEL_DAMAGED),
]


@pytest.mark.parametrize(("text", "region", "number"), GOOD)
def test_a_number_is_read(text: str, region: str | None, number: str) -> None:
    assert parse(text, region) == PhoneFound(number)


@pytest.mark.parametrize(("text", "said"), REPAIRED)
def test_what_lost_nothing_is_repaired_and_said(text: str, said: str) -> None:
    found = parse(text, None, "international")
    assert isinstance(found, PhoneFound)
    assert found.e164 == "+4915112345678"
    assert said in (found.note or "")


@pytest.mark.parametrize(("text", "region", "code"), REFUSED)
def test_a_number_is_refused_with_a_reason(text: str, region: str | None, code: Code) -> None:
    refused = parse(text, region)
    assert isinstance(refused, PhoneRefused)
    assert refused.code is code
    assert refused.reason.endswith(".")
    digits = "".join(char for char in text if char.isdigit())
    assert len(digits) < 5 or digits not in refused.reason


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("4915112345678", None, "+4915112345678"),
        ("4915112345678", "US", "+4915112345678"),
        ("004915112345678", "US", "+4915112345678"),
        ("+4915112345678", None, "+4915112345678"),
        # No country code starts with 0, so this one can only be national.
        ("030 1234567", "DE", "+49301234567"),
    ],
)
def test_bare_digits_can_carry_their_country_code(
    text: str, region: str | None, number: str
) -> None:
    assert parse(text, region, "international") == PhoneFound(number)


def test_a_bare_number_that_starts_with_zero_has_no_country_without_a_region() -> None:
    refused = parse("030 1234567", None, "international")
    assert isinstance(refused, PhoneRefused)
    assert refused.code is Code.NO_COUNTRY


@settings(max_examples=examples(500))
@given(
    digits=st.text("0123456789", min_size=1, max_size=16),
    region=st.sampled_from(["US", "DE", "GB", "IT", "FR", "BR", "MX", "IN", "JP", "AR"]),
    plus=st.sampled_from(["", "+"]),
)
def test_plain_digits_agree_with_phonenumbers(digits: str, region: str, plus: str) -> None:
    text = plus + digits
    found = parse(text, region)
    try:
        expected = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        assert isinstance(found, PhoneRefused)
        return
    if not phonenumbers.is_valid_number(expected):
        assert isinstance(found, PhoneRefused)
    elif isinstance(found, PhoneFound):
        assert found.e164 == phonenumbers.format_number(expected, 0)
    else:
        # Only where the digits are a valid number with and without the country code in front.
        assert found.code is Code.NO_COUNTRY
        assert phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}", None))


@settings(max_examples=examples(200))
@given(
    region=st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    layout=st.sampled_from([0, 1, 3]),
)
def test_the_example_of_every_country_is_read_in_every_layout(region: str, layout: int) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    text = phonenumbers.format_number(example, layout)
    found = parse(text, None)
    assert isinstance(found, PhoneFound)
    assert found.e164 == phonenumbers.format_number(example, 0)


@settings(max_examples=examples(500))
@given(st.text(max_size=40), st.sampled_from([None, "US", "DE"]))
def test_any_text_is_judged_and_never_an_error(text: str, region: str | None) -> None:
    found = parse(text, region)
    if isinstance(found, PhoneFound):
        assert phonenumbers.is_valid_number(phonenumbers.parse(found.e164, None))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("++49 30 901820", "This begins with more than one +: write one."),
        ("+ +49 30 901820", "This begins with more than one +: write one."),
        ("+++49 30 901820", "This begins with more than one +: write one."),
        ("++49 30 901820 +49 30 901821", "more than one phone number"),
        ("++49 30 901820 / 030 901821", "more than one phone number"),
        ("+49 30 901820 + 49 30 901821", "more than one phone number"),
        ("49 30 901820 +49 +30", "more than one phone number"),
        ("++", "no digits"),
    ],
)
def test_a_doubled_plus_is_one_number_mistyped(text: str, words: str) -> None:
    refused = parse(text, "DE")
    assert isinstance(refused, PhoneRefused)
    assert refused.code is Code.NOT_A_NUMBER
    assert words in refused.reason

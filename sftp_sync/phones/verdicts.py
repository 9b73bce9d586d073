"""What a text came to as a phone number, and the sentences of refusal that are always the same."""

from __future__ import annotations

from dataclasses import dataclass

from sftp_sync.model import Code


@dataclass(frozen=True, slots=True)
class PhoneFound:
    """A number that can be called. `note` says what was repaired or dropped."""

    e164: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PhoneRefused:
    """Why there is none, as a code and as a sentence for the partner."""

    code: Code
    reason: str


EMPTY = PhoneRefused(Code.EMPTY_PHONE, "There is no phone number.")
ROUNDED = PhoneRefused(
    Code.EXCEL_DAMAGED,
    "Excel has rounded this number (to a form like 4.9E+11): its last digits are lost. Format the"
    " column as text and enter the number again.",
)
LETTERS = PhoneRefused(
    Code.NOT_A_NUMBER, "This has letters or signs that no phone number has: write digits."
)
SEVERAL = PhoneRefused(
    Code.NOT_A_NUMBER, "This holds more than one phone number: write one in each column."
)
DOUBLED_PLUS = PhoneRefused(Code.NOT_A_NUMBER, "This begins with more than one +: write one.")
TOO_LONG = PhoneRefused(
    Code.NOT_A_NUMBER, "This is longer than any phone number: write one number, and nothing else."
)
NO_DIGITS = PhoneRefused(Code.NOT_A_NUMBER, "This has no digits that make a phone number.")
NO_COUNTRY = PhoneRefused(
    Code.NO_COUNTRY,
    "This has no country code, and no region is set for the list: write + and the country code.",
)
TWO_READINGS = PhoneRefused(
    Code.NO_COUNTRY,
    "This can be read with and without a country code: write + before it, or the leading zero"
    " (or set contacts.bare_numbers for the list).",
)
DECIMAL = PhoneRefused(
    Code.NOT_A_NUMBER, "This is a number with decimals: a phone number has none."
)

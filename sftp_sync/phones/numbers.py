"""Text from a list into a number that can be called, or the reason why not.

Google's rules (phonenumbers) decide what is valid: valid, not merely possible. What they would
skip over is refused here first: letters, several numbers in one cell, what Excel has rounded.
A country is never guessed. `00` is read as + where no region is set (that is the international
prefix nearly everywhere, and no country code starts with 0); `011` is not, because it is an area
code elsewhere. With a region, its own international prefix counts. Digits that make a number both
with and without the region's country code in front are refused. Reasons never hold the number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from sftp_sync.model import Code
from sftp_sync.phones.plain import plain_number
from sftp_sync.phones.repairs import readable, repaired
from sftp_sync.phones.verdicts import (
    DOUBLED_PLUS,
    EMPTY,
    LETTERS,
    NO_COUNTRY,
    NO_DIGITS,
    SEVERAL,
    TOO_LONG,
    TWO_READINGS,
    PhoneFound,
    PhoneRefused,
)

BareNumbers = Literal["national", "international"]


_FIRST_OF_A_CODE = frozenset("123456789")
_EXTENSION = re.compile(
    # From where blanks begin, or a thousand of them would be tried from each of them on.
    r"(?:(?<![\s,;])[\s,;]+)?(?:;ext=|,,|(?<![^\W\d_])(?:ext(?:ension|n)?|extn|xtn|x|доб|anexo|int(?:erno)?|ramal"
    r"|durchwahl|dw|poste|wew|toestel|ankn|dahili|内線|内线|分机|轉|转)\.?|#)\s*(?:[:.=]\s*)?[0-9]{1,7}\s*#?$",
    re.IGNORECASE,
)
_DOUBLED_PLUS = re.compile(r"\+(?:\s*\+)+")
_BETWEEN_NUMBERS = re.compile(r"[/;,|\n\r&]+")
_ALLOWED = re.compile(r"\+?[0-9 ()\[\]./~\-]*")
_FULL_NUMBER_DIGITS = 7
# As phonenumbers has it. Patterns and Unicode's tables may take the square of a text's length.
_LONGEST_TEXT = 250


def parse(
    text: str, region: str | None, bare_numbers: BareNumbers = "national"
) -> PhoneFound | PhoneRefused:
    """The number as E.164. `region` is ISO alpha-2, for numbers without a country code."""
    quick = text
    if bare_numbers == "international" and text[:1] != "+":
        quick = f"+{text}" if text[:1] in _FIRST_OF_A_CODE else ""
    if number := plain_number(quick, region):
        return PhoneFound(number)
    return parse_carefully(text, region, bare_numbers)


def parse_carefully(
    text: str, region: str | None, bare_numbers: BareNumbers = "national"
) -> PhoneFound | PhoneRefused:
    """The same for any text, whatever it holds."""
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        return TOO_LONG
    found = repaired(readable(text))
    if isinstance(found, PhoneRefused):
        return found
    candidate, note = found
    if candidate[:4].casefold() == "tel:":
        return _from_uri(candidate, region, bare_numbers)
    without_extension = _EXTENSION.sub("", candidate)
    if without_extension != candidate:
        note = "The extension was dropped."
    refusal = _shape_problem(without_extension)
    return refusal or _judged(without_extension, region, bare_numbers, note)


def _from_uri(uri: str, region: str | None, bare_numbers: BareNumbers) -> PhoneFound | PhoneRefused:
    """`tel:+49-30-1234;ext=5` and `tel:1234;phone-context=+4930`."""
    number, *parameters = uri[4:].split(";")
    note = None
    for parameter in parameters:
        key, _, setting = parameter.partition("=")
        if key.strip().casefold() == "ext":
            note = "The extension was dropped."
        if key.strip().casefold() == "phone-context" and setting.startswith("+"):
            number = setting + number.strip().removeprefix("0")
    refusal = _shape_problem(number.strip())
    return refusal or _judged(number.strip(), region, bare_numbers, note)


def _shape_problem(text: str) -> PhoneRefused | None:
    """What the library would skip over or cut off, and call a number nobody meant."""
    digits = sum(char.isdigit() for char in text)
    if any(char.isalpha() for char in text):
        return LETTERS
    if not digits:
        return NO_DIGITS if text else EMPTY
    full = [
        part
        for part in _BETWEEN_NUMBERS.split(text)
        if sum(char.isdigit() for char in part) >= _FULL_NUMBER_DIGITS
    ]
    doubled = _DOUBLED_PLUS.match(text)
    if len(full) > 1 or text.count("+", doubled.end() if doubled else text.find("+") + 1):
        return SEVERAL
    if doubled:
        return DOUBLED_PLUS
    if not _ALLOWED.fullmatch(text.replace("(+", "+(", 1)):
        return LETTERS
    return None


def _judged(
    text: str, region: str | None, bare_numbers: BareNumbers, note: str | None
) -> PhoneFound | PhoneRefused:
    number = _international(text, region, bare_numbers)
    has_country = "+" in number
    if region is None and not has_country:
        return NO_COUNTRY
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as error:
        return _unparsed(error, has_country=has_country)
    if not phonenumbers.is_valid_number(parsed):
        return _invalid(parsed, region, has_country=has_country)
    if not has_country and _reads_both_ways(text, parsed):
        return TWO_READINGS
    return PhoneFound(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), note)


def _reads_both_ways(text: str, national: phonenumbers.PhoneNumber) -> bool:
    """4915112345678 in Germany is a valid number with its country code, and another without."""
    digits = "".join(char for char in text if char.isdigit())
    if not digits.startswith(str(national.country_code)):
        return False
    try:
        other = phonenumbers.parse(f"+{digits}", None)
    except NumberParseException:
        return False
    return other != national and phonenumbers.is_valid_number(other)


def _international(text: str, region: str | None, bare_numbers: BareNumbers) -> str:
    """The text with its country code behind a +, where it carries one for certain."""
    if "+" in text:
        return text
    digits = "".join(char for char in text if char.isdigit())
    if digits.startswith("00") and (region is None or bare_numbers == "international"):
        return f"+{digits[2:]}"
    # No country code starts with 0: a single one is a trunk zero, so the number is national.
    if bare_numbers == "international" and not digits.startswith("0"):
        return f"+{digits}"
    return text


def _unparsed(error: NumberParseException, *, has_country: bool) -> PhoneRefused:
    kind = error.error_type
    if kind == NumberParseException.INVALID_COUNTRY_CODE:
        if not has_country:
            return NO_COUNTRY
        return _refused_as_invalid("It starts with a country code that does not exist.")
    if kind == NumberParseException.NOT_A_NUMBER:
        return NO_DIGITS
    if kind == NumberParseException.TOO_LONG:
        return _refused_as_invalid("It has too many digits for a phone number.")
    return _refused_as_invalid("It has too few digits for a phone number.")


def _invalid(
    parsed: phonenumbers.PhoneNumber, region: str | None, *, has_country: bool
) -> PhoneRefused:
    where = f"in +{parsed.country_code}" if has_country else f"in {region}"
    match phonenumbers.is_possible_number_with_reason(parsed):
        case ValidationResult.TOO_SHORT:
            what = f"It is too short for a number {where}."
        case ValidationResult.TOO_LONG:
            what = f"It is too long for a number {where}."
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            what = f"It lacks the area code {where}."
        case _:
            what = f"There are no such numbers {where}."
    if not has_country:
        what += " If it is of another country, write + and the country code."
    return _refused_as_invalid(what)


@lru_cache(maxsize=4_096)
def _refused_as_invalid(reason: str) -> PhoneRefused:
    """One value for each sentence: there are as many as countries, not as rows."""
    return PhoneRefused(Code.INVALID_NUMBER, reason)

"""The numbers that most lists hold, ten times faster: digits with spaces, hyphens and parentheses.

The patterns come from phonenumbers' own metadata. Only a number that is valid and cannot be read
in another way is answered here; about all others nothing is said, and phonenumbers is asked.
A property test holds both to the same answers, over every region.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    PhoneNumberDesc,
)

_SHAPE = re.compile(r"[+(0-9][0-9 ()-]{4,30}")
_NOT_DIGITS = re.compile(r"[ ()-]+")
_NEVER = re.compile(r"(?!)")
_LONGEST_CALLING_CODE = 3
_NORTH_AMERICA = "1"
_TYPES = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail", "fixed_line", "mobile",
)  # fmt: skip


@dataclass(frozen=True)
class _Region:
    """The numbers of one region: how they begin where another region has the same code, and which
    are valid.
    """

    starts: re.Pattern[str] | None
    valid: re.Pattern[str]


@dataclass(frozen=True)
class _Dialling:
    """How numbers are dialled within a region."""

    calling_code: int
    abroad: re.Pattern[str]
    prefix: re.Pattern[str]
    prefix_is_rewritten: bool


def plain_number(text: str, region: str | None) -> str | None:
    """The number as E.164 if it is plain, valid and clear; else None."""
    if not _SHAPE.fullmatch(text):
        return None
    digits = _NOT_DIGITS.sub("", text)
    if digits[:1] == "+":
        return _international(digits)
    if region is None or region not in SUPPORTED_REGIONS:
        return None
    return _national(digits, _dialling(region))


def _international(digits: str) -> str | None:
    if digits[1:2] == "0":
        return None
    for length in range(1, _LONGEST_CALLING_CODE + 1):
        calling_code = int(digits[1 : 1 + length] or 0)
        if calling_code in COUNTRY_CODE_TO_REGION_CODE:
            national = digits[1 + length :]
            main = COUNTRY_CODE_TO_REGION_CODE[calling_code][0]
            if main not in SUPPORTED_REGIONS or _dialling(main).prefix.match(national):
                return None
            return digits if _is_valid(calling_code, national) else None
    return None


def _national(digits: str, dialling: _Dialling) -> str | None:
    code = str(dialling.calling_code)
    prefix = dialling.prefix.match(digits)
    # In North America the prefix is the code: taken off as either, the number is the same.
    may_carry_code = digits.startswith(code) and not (prefix and code == _NORTH_AMERICA)
    if may_carry_code or dialling.abroad.match(digits):
        return None
    if prefix and dialling.prefix_is_rewritten and any(prefix.groups()):
        return None
    national = digits[prefix.end() :] if prefix else digits
    return f"+{code}{national}" if _is_valid(dialling.calling_code, national) else None


def _is_valid(calling_code: int, national: str) -> bool:
    """As phonenumbers decides: the first region that takes the number says whether it is valid."""
    for region in _regions(calling_code):
        if region.valid.fullmatch(national):
            return True
        if region.starts is not None and region.starts.match(national):
            return False
    return False


@cache
def _regions(calling_code: int) -> tuple[_Region, ...]:
    return tuple(
        _Region(
            starts=re.compile(metadata.leading_digits) if metadata.leading_digits else None,
            valid=_valid_numbers(metadata),
        )
        for metadata in map(_metadata, COUNTRY_CODE_TO_REGION_CODE[calling_code])
    )


def _metadata(region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        raise LookupError(f"phonenumbers has no numbers for {region}")
    return metadata


def _valid_numbers(metadata: PhoneMetadata) -> re.Pattern[str]:
    """Every kind of number of a region as one pattern, lengths included."""
    kinds = list(_kinds(metadata))
    general = _pattern(metadata.general_desc)
    if general is None or not kinds:
        return _NEVER
    return re.compile(f"(?={general}$)(?:{'|'.join(kinds)})")


def _kinds(metadata: PhoneMetadata) -> Iterator[str]:
    for kind in _TYPES:
        pattern = _pattern(getattr(metadata, kind))
        if pattern is not None:
            yield pattern


def _pattern(numbers: PhoneNumberDesc | None) -> str | None:
    if numbers is None or not numbers.national_number_pattern:
        return None
    lengths = "|".join(f".{{{length}}}" for length in numbers.possible_length)
    bounded = f"(?=(?:{lengths})$)" if lengths else ""
    return f"{bounded}(?:{numbers.national_number_pattern})"


@cache
def _dialling(region: str) -> _Dialling:
    metadata = _metadata(region)
    prefix = metadata.national_prefix_for_parsing
    return _Dialling(
        calling_code=metadata.country_code or 0,
        abroad=re.compile(metadata.international_prefix or _NEVER),
        prefix=re.compile(prefix) if prefix else _NEVER,
        prefix_is_rewritten=bool(metadata.national_prefix_transform_rule),
    )

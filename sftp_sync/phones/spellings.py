"""A number, found again however somebody has written it."""

from __future__ import annotations

import re
from collections.abc import Callable

import phonenumbers

BETWEEN = r"[\s().\-/\u2010-\u2015\u00a0]*"


def finder(number: str) -> Callable[[str], bool]:
    """Whether a text holds this E.164 number: with its country code or without, with any signs
    between the digits, and as no part of a longer one.
    """
    parsed = phonenumbers.parse(number, None)
    code, national = str(parsed.country_code), phonenumbers.national_significant_number(parsed)
    written = BETWEEN.join(national)
    before = rf"(?:(?:\+|00|011)?{BETWEEN}{BETWEEN.join(code)}{BETWEEN}(?:\(0\))?{BETWEEN}|0)?"
    pattern = re.compile(rf"(?<!\d){before}{written}(?:\.0)?(?!\d)")
    digits = re.compile(BETWEEN.join(national[-4:]))

    def is_in(text: str) -> bool:
        # The end of the number is the cheaper question, and almost always answered by no.
        return digits.search(text) is not None and pattern.search(text) is not None

    return is_in

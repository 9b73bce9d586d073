"""What spreadsheets and copying do to a phone number, undone where nothing is lost."""

from __future__ import annotations

import re
import unicodedata

from sftp_sync.phones.verdicts import DECIMAL, EMPTY, ROUNDED, PhoneRefused

_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_EXPONENT = re.compile(r"(\+?[0-9])(?:[.,]([0-9]+))?[eE]\+?([0-9]{1,2})")
_DECIMAL_ZERO = re.compile(r"(\+?[0-9]{5,})[.,]0+")
_FRACTION = re.compile(r"\+?[0-9]{7,}[.,][0-9]{1,2}")
_TO_PLAIN = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\u00ad"}
_TO_PLAIN |= {ord(blank): " " for blank in "\t\u00a0\u2009\u202f\u2007"}


def readable(text: str) -> str:
    """The text with full-width forms as plain ones, and without what cannot be seen."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_TO_PLAIN)
        text = "".join(
            str(unicodedata.decimal(char, char))
            for char in text
            if unicodedata.category(char) != "Cf"
        )
    return text.strip()


def repaired(text: str) -> tuple[str, str | None] | PhoneRefused:
    """What Excel and others make of a number, undone where nothing is lost."""
    note = None
    if match := _TEXT_FORMULA.fullmatch(text):
        text, note = match.group(1).strip(), "Read from a text formula of Excel."
    unquoted = text.strip("'\"\u2018\u2019`").strip()
    if unquoted != text:
        text, note = unquoted, "The quotation mark around it was dropped."
    if not text:
        return EMPTY
    if match := _DECIMAL_ZERO.fullmatch(text):
        return match.group(1), "The decimal zeros of Excel were dropped."
    if _FRACTION.fullmatch(text):
        return DECIMAL
    if match := _EXPONENT.fullmatch(text):
        first, fraction, exponent = match.group(1), match.group(2) or "", int(match.group(3))
        if not 0 < exponent <= len(fraction) or fraction[exponent:].strip("0"):
            return ROUNDED
        return first + fraction[:exponent], "The exponent form of Excel was written out."
    return text, note

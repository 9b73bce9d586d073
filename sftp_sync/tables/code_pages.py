"""Which code page of before Unicode a text is in, by the letters that come out."""

from __future__ import annotations

import re

from sftp_sync.tables.alphabets import (
    AFTER_NO_WORD,
    BEFORE_NO_WORD,
    CODE_PAGES,
    IN_NO_WORD,
    NEUTRAL,
    WRITTEN,
)

# Below this no page with an alphabet fits: then it is one of East Asia, or anything.
_FITS = 0.8
_EAST_ASIAN = ("cp932", "gb18030", "big5", "cp949", "euc_jp")
_FALLBACK = "cp1252"
_END_OF_LATIN = "\u0250"
_LATIN = frozenset(page for page, (first, *_) in CODE_PAGES if first < _END_OF_LATIN) | {"latin-1"}
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_WORD_BY_NO_CHANCE = 3
_A_HANDFUL = 8
_LAST_OF_ASCII = 0x7F
_NOT_LATIN = re.compile(r"[^\W\d_A-Za-z]")
_BESIDE_LATIN = re.compile(r"(?<=[A-Za-z])[^\W\d_A-Za-z]|[^\W\d_A-Za-z](?=[A-Za-z])")


def found_code_page(sample: bytes) -> str:
    """The page whose letters make up one language; where nothing fits, what reads every byte."""
    scores = {page: _fit(sample, page, alphabets) for page, alphabets in CODE_PAGES}
    best = max(scores, key=lambda page: scores[page])
    if scores[best] >= _FITS:
        return best
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only the rarest lists need it

    guess = from_bytes(sample, cp_isolation=list(_EAST_ASIAN)).best()
    if guess is not None and _is_east_asian(sample, guess.encoding):
        return guess.encoding
    if scores[best] > 0:
        return best
    return _FALLBACK if _reads(sample, _FALLBACK) else "latin-1"


def holds_utf8_words(sample: bytes, page: str) -> bool:
    """Whether letters of UTF-8 stand in a text of another page: `MÃ¼ller` is nobody's name.

    Pages without Latin letters need the more of them: there two bytes are easily a word by chance.
    """
    least = 1 if page in _LATIN else _WORD_BY_NO_CHANCE
    for run in _HIGH_BYTES.findall(sample):
        try:
            letters = run.decode("utf-8").lower()
        except UnicodeDecodeError:
            continue
        if len(letters) >= least and WRITTEN.issuperset(letters):
            return True
    return False


def _is_east_asian(sample: bytes, page: str) -> bool:
    """Whether a text on this page is more than a few letters with accents, which any two of these
    pages read as something: then it stands alone, not inside words of other letters.
    """
    if not _reads(sample, page) or sum(byte > _LAST_OF_ASCII for byte in sample) < _A_HANDFUL:
        return False
    text = sample.decode(page)
    return 2 * len(_BESIDE_LATIN.findall(text)) <= len(_NOT_LATIN.findall(text))


def _reads(sample: bytes, page: str) -> bool:
    try:
        sample.decode(page)
    except UnicodeDecodeError:
        return False
    return True


def _fit(sample: bytes, page: str, alphabets: tuple[str, ...]) -> float:
    """The share of letters beyond ASCII that the best language of the page has."""
    try:
        text = sample.decode(page)
    except UnicodeDecodeError:
        return 0.0
    letters = [
        char.lower() if _stands_well(text, place) else "\0"
        for place, char in enumerate(text)
        if char > "\x7f" and not _is_sign(text, place)
    ]
    if not letters:
        return 1.0
    return max(sum(letter in alphabet for letter in letters) for alphabet in alphabets) / len(
        letters
    )


def _is_sign(text: str, place: int) -> bool:
    """Whether this is a sign that any language uses, and not the wrong page's idea of a letter."""
    if text[place] not in NEUTRAL:
        return False
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    return not (
        (before.isalpha() and after.isalpha() and text[place] in IN_NO_WORD)
        or (before.isalpha() and text[place] in AFTER_NO_WORD)
        or (after.islower() and text[place] in BEFORE_NO_WORD)
    )


def _stands_well(text: str, place: int) -> bool:
    """A capital after a small letter, or two scripts in one word, is a sign of the wrong page."""
    before = text[place - 1 : place]
    if text[place].isupper() and before.islower():
        return False
    if text[place] < _END_OF_LATIN:
        return True
    after = text[place + 1 : place + 2]
    return not any(char.isascii() and char.isalpha() for char in (before, after))

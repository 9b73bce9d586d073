"""Which code page of before Unicode a text is in, by the letters that come out."""

from __future__ import annotations

from sftp_sync.tables.alphabets import CODE_PAGES, NEUTRAL

# Below this no page with an alphabet fits: then it is one of East Asia, or anything.
_FITS = 0.8
_EAST_ASIAN = ("cp932", "gb18030", "big5", "cp949", "euc_jp")
_FALLBACK = "cp1252"
_END_OF_LATIN = "\u0250"


def found_code_page(sample: bytes) -> str:
    """The page whose letters make up one language; where nothing fits, what reads every byte."""
    scores = {page: _fit(sample, page, alphabets) for page, alphabets in CODE_PAGES}
    best = max(scores, key=lambda page: scores[page])
    if scores[best] >= _FITS:
        return best
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only the rarest lists need it

    guess = from_bytes(sample, cp_isolation=list(_EAST_ASIAN)).best()
    if guess is not None and _reads(sample, guess.encoding):
        return guess.encoding
    if scores[best] > 0:
        return best
    return _FALLBACK if _reads(sample, _FALLBACK) else "latin-1"


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
        if char > "\x7f" and char not in NEUTRAL
    ]
    if not letters:
        return 1.0
    return max(sum(letter in alphabet for letter in letters) for alphabet in alphabets) / len(
        letters
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

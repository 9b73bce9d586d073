"""A vendor's sentences, fit to be shown and kept: one line, short, without secrets or numbers."""

from __future__ import annotations

import re

LONGEST = 200
SHORTEST_NUMBER = 7  # digits; anything shorter calls nobody

_NUMBER = re.compile(
    r"(?<![\w-])(?!(?:19|20)\d\d-[01]\d-[0-3]\d(?![\d-]))(?:\+|%2[bB])?\d(?:[\s().-]{0,3}\d)+(?!\w)"
)
_BEARER = re.compile(r"(?i)\b(bearer\s+)(?=\S*[\d_|])\S{6,}")
_TOKEN = re.compile(r"\b(?:talq|sk_live|sk_test|sk)_[\w-]{4,}")
_TAG = re.compile(r"<[^>]*>")
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")


def sentence(text: str, secrets: tuple[str, ...] = ()) -> str:
    """What was said, on one line, cut and redacted."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    text = _BEARER.sub(r"\1***", text)
    text = _TOKEN.sub("***", text)
    text = _NUMBER.sub(_shortened, text)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def page_title(body: str) -> str:
    """What an HTML page says of itself, or the beginning of its text."""
    title = _TITLE.search(body)
    return " ".join((title.group(1) if title else _TAG.sub(" ", body)).split())


def _shortened(match: re.Match[str]) -> str:
    """A phone number with its middle left out; short figures stay."""
    found = match.group()
    digits = re.sub(r"\D", "", found.replace("%2B", "").replace("%2b", ""))
    if len(digits) < SHORTEST_NUMBER:
        return found
    plus = "" if found[0].isdigit() else "+"
    return f"{plus}{digits[:4]}…{digits[-4:]}"

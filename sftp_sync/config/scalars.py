"""Single words of YAML as plain values. What YAML would damage stays as it was written: `0640`,
`06:30` and a date are text, and a number remembers its spelling for the keys that want text.
"""

from __future__ import annotations

import re
from typing import Self

from ruamel.yaml.nodes import ScalarNode

from sftp_sync.config.nodes import IN_QUOTES, TAG

STANDARD_TAG = "tag:yaml.org,2002:"
KINDS = ("null", "bool", "int", "float", "str", "timestamp", "merge", "value")
HALF = re.compile("[\ud800-\udfff]")


class Number(float):
    """A number with a point or an exponent, as it was written."""

    written: str

    def __new__(cls, written: str) -> Self:
        """Keep the spelling."""
        number = super().__new__(cls, written.replace("_", ""))
        number.written = written
        return number


def scalar(node: ScalarNode) -> object:
    """What a word says; `ValueError` where it says nothing here."""
    text, tag = str(node.value), str(node.tag)
    kind = tag.removeprefix(STANDARD_TAG)
    if not tag.startswith(STANDARD_TAG) or kind not in KINDS:
        raise ValueError(TAG)
    if node.anchor is not None and not text and node.style is None:
        raise ValueError(IN_QUOTES.format("&"))
    require_whole_characters(text)
    return _typed(text, kind if node.style is None else "str")


def require_whole_characters(text: str) -> None:
    r"""YAML takes "\ud800", which no file and no network takes."""
    if HALF.search(text):
        raise ValueError(r"holds half of a character (\ud800 to \udfff).")


def _typed(text: str, kind: str) -> object:
    """A tag may promise what the text does not hold: then it is text."""
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if kind == "int" and str(number := whole(text)) == text and number is not None:
        return number
    if kind == "float" and text.lstrip("+-")[:1].isdigit():
        try:
            return Number(text)
        except ValueError:
            return text
    return text


def whole(text: str) -> int | None:
    """A whole number; None for anything else."""
    try:
        return int(text)
    except ValueError:
        return None

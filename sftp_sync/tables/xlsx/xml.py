"""XML without the parts of it that can hurt: no document types, no entities of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import IO
from xml.parsers import expat

_CHUNK_BYTES = 262_144
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_SURROGATES = range(0xD800, 0xE000)
_ESCAPED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]


@lru_cache(maxsize=1_024)
def local(name: str) -> str:
    """An element's or attribute's name without its namespace."""
    return name.rpartition(" ")[2]


def new_parser(start: Start, end: End | None = None) -> expat.XMLParserType:
    """A parser that calls with names as `local` understands them, and refuses document types."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _no_document_type
    return parser


def parse_stream(parser: expat.XMLParserType, stream: IO[bytes]) -> None:
    """The whole of a part."""
    while chunk := stream.read(_CHUNK_BYTES):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _no_document_type(*_: object) -> None:
    raise ValueError("it declares a document type, which no spreadsheet writes")


def unescaped(text: str) -> str:
    """`&amp;` and its kind as characters."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    named, decimal, hexadecimal = match.groups()
    if named:
        return _NAMED[named]
    if decimal or hexadecimal:
        number = int(decimal) if decimal else int(hexadecimal, 16)
        if number and number not in _SURROGATES:
            return chr(number)
    raise ValueError("an entity that no spreadsheet writes")


def plain_text(text: str) -> str:
    """A text as the spreadsheet shows it: `_x000D_` stands for a carriage return."""
    if "_x" not in text:
        return text
    shown = _ESCAPED_CHARACTER.sub(lambda match: chr(int(match.group(1), 16)), text)
    # Beyond 16 bits they come in pairs; what is no pair is no character. Nor is NUL.
    whole = shown.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "")

"""Where a number format puts the digits of a number, and what it writes around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# `[$+44-809]` shows what stands before its last part; colours and languages show nothing.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|(?P<space>_.)|(?P<fill>\*.)'
    r"|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<condition>\[[<>=][^\]]*\])|(?P<hidden>\[[^\]]*\])"
    r"|(?P<place>General|[0#?])|(?P<odd>E[+-]|[,.%/@])|(?P<end>;)|(?P<bare>.)",
    re.IGNORECASE | re.DOTALL,
)
_LITERALS = frozenset({"quoted", "escaped", "currency", "bare"})


@dataclass(frozen=True)
class _Piece:
    text: str
    is_place: bool = False

    @property
    def adds(self) -> bool:
        """Whether it writes something that a telephone number may consist of."""
        return not self.is_place and any(
            char.isdecimal() or char in "+\uff0b" for char in self.text
        )


@dataclass(frozen=True)
class Layout:
    """A number format: its pieces for numbers above zero, and what it holds beside them.

    `adds`: it shows a plus or digits that are not in the number. `adds_to_text`: to texts too.
    """

    pieces: tuple[_Piece, ...]
    adds: bool
    adds_to_text: bool
    is_told: bool

    @property
    def zeros(self) -> int:
        """How many digits are shown at least."""
        places = [piece.text for piece in self.pieces if piece.is_place]
        return len(places) - places.index("0") if self.is_told and "0" in places else 0

    def text(self, number: int) -> str | None:
        """The number with what the format writes around it, None where that cannot be told."""
        if not self.is_told or number <= 0:
            return None
        digits = str(number)
        missing = sum(piece.is_place for piece in self.pieces) - len(digits)
        shown, has_begun = [], False
        for piece in self.pieces:
            if not piece.is_place:
                shown.append(piece.text)
            elif missing > 0:
                missing -= 1
                has_begun = has_begun or piece.text == "0"
                shown.append("0" if has_begun else " " if piece.text == "?" else "")
            else:
                # The first place takes what is too much for all.
                shown.append(digits[: 1 - missing])
                digits, missing = digits[1 - missing :], 0
        return "".join(shown)


@lru_cache(maxsize=1_024)
def layout_of(code: str) -> Layout:
    """What a format does to a number."""
    sections: list[list[_Piece]] = [[]]
    kinds: list[set[str]] = [set()]
    for token in _TOKEN.finditer(code):
        kind = token.lastgroup or "hidden"
        if kind == "end":
            sections.append([])
            kinds.append(set())
            continue
        kinds[-1].add("text" if token.group() == "@" else kind)
        if kind == "place":
            sections[-1].append(_Piece(token.group()[:1].replace("G", "0"), is_place=True))
        elif kind in _LITERALS:
            sections[-1].append(_Piece(token.group(kind)))
    adding = [any(piece.adds for piece in pieces) for pieces in sections]
    return Layout(
        pieces=tuple(sections[0]),
        adds=any(adding),
        adds_to_text=any(adds and "text" in seen for adds, seen in zip(adding, kinds, strict=True)),
        is_told=_is_told(sections[0], kinds),
    )


def _is_told(pieces: list[_Piece], kinds: list[set[str]]) -> bool:
    """Whether nothing is computed (per cent, thousands), and what is added stands before the
    number: between its digits or after them it may be anything.
    """
    places = [at for at, piece in enumerate(pieces) if piece.is_place]
    if not places or kinds[0] & {"odd", "text"} or any("condition" in seen for seen in kinds):
        return False
    return not any(piece.adds for piece in pieces[places[0] :])

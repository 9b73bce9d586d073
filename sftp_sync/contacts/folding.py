"""Names as people mean them: without case, accents, spacing and punctuation."""

from __future__ import annotations

import re
import unicodedata

_CAMEL_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_DECOMPOSITION = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "°": "o"}
)

# Nobody calls a column or a country by more. Unicode's rules may take the square of its length.
LONGEST_NAME = 255


def folded(name: str) -> str:
    """`Téléphone_Portable` and `telephone portable` are one name."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_NO_DECOMPOSITION)
    plain = unicodedata.normalize("NFKD", plain)
    return "".join(char for char in plain if char.isalnum())


def words(name: str) -> list[str]:
    """The folded words of a name: `customerPhone_1` is customer, phone, 1."""
    spaced = _CAMEL_BORDER.sub(" ", name)
    parts = re.split(r"[\W_]+", unicodedata.normalize("NFC", spaced))
    found = []
    for part in parts:
        found += [folded(word) for word in re.findall(r"\d+|\D+", part)]
    return [word for word in found if word]

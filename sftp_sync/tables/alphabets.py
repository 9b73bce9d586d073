# ruff: noqa: RUF001 - letters that look alike in two alphabets are what this is about
"""Which letters beyond ASCII a language writes, to tell one code page from another.

The same byte is ñ in one code page and ń in the next; a page fits where the letters it gives
belong to one language.
"""

from __future__ import annotations

_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_GREEK = "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ"
_HEBREW = "אבגדהוזחטיךכלםמןנסעףפץצקרשת"
_ARABIC = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ"

_WESTERN = (
    "äöüß",  # German
    "àâçéèêëîïôùûüÿœæ",  # French
    "áéíóúñü¿¡ºª",  # Spanish
    "áâãàçéêíóôõúºª",  # Portuguese
    "àèéìíòóù",  # Italian
    "àçéèíïòóúü·",  # Catalan
    "ëéèïöüáó",  # Dutch
    "æøåéèö",  # Danish, Norwegian
    "åäöéü",  # Swedish, Finnish
    "áðéíóúýþæö",  # Icelandic
)
_CENTRAL = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovenian
)

# Best first: where two pages fit alike, the more common one is meant.
CODE_PAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cp1252", _WESTERN),
    ("iso8859_15", _WESTERN),
    ("cp1250", _CENTRAL),
    ("iso8859_2", _CENTRAL),
    # Before Cyrillic: Hebrew has no capitals, and Russian without any is rare.
    ("cp1255", (_HEBREW,)),
    ("cp1251", (_CYRILLIC, "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "ђјљњћџ" + _CYRILLIC)),
    ("cp1253", (_GREEK,)),
    ("cp1254", ("çğıiöşüâîû",)),
    ("cp1256", (_ARABIC,)),
    ("cp1257", ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")),
    ("koi8_r", (_CYRILLIC,)),
    ("cp850", _WESTERN),
    ("cp852", _CENTRAL),
    ("cp866", (_CYRILLIC,)),
    ("mac_roman", _WESTERN),
)

# Signs that any language uses: they neither speak for a page nor against it …
NEUTRAL = frozenset("\u00a0–—‘’‚“”„…•€£§©®°«»×´™№¼½¾")
# … unless these stand where only a letter can: in a word, before one, after one.
IN_NO_WORD = frozenset("€£§©®°«»×™№¼½¾")
BEFORE_NO_WORD = IN_NO_WORD - frozenset("«»")
AFTER_NO_WORD = frozenset("¼½¾")

# All that is written here, to tell words of UTF-8 from bytes that look like it.
WRITTEN = NEUTRAL.union(*(alphabet for _, alphabets in CODE_PAGES for alphabet in alphabets))

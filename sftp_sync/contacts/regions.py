"""What a country column says, as the region that phone numbers are read in."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from sftp_sync.contacts.alpha3 import ALPHA_2
from sftp_sync.contacts.folding import LONGEST_NAME, folded
from sftp_sync.phones import country_names, is_region, region_of_calling_code

_CALLING_CODE = re.compile(r"\(?(?:\+|00)?\s*([1-9][0-9]{0,2})\)?")
_EVERYDAY = {"uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US",
             "america": "US", "el": "GR", "holland": "NL", "uae": "AE", "korea": "KR",
             "czechrepublic": "CZ", "macedonia": "MK", "brd": "DE",
             "greatbritain": "GB", "britain": "GB", "grossbritannien": "GB",
             "grandebretagne": "GB", "granbretana": "GB", "northernireland": "GB", "us": "US",
             "unitedstatesofamerica": "US", "vereinigtestaaten": "US",
             "vereinigtestaatenvonamerika": "US", "estadosunidos": "US",
             "estadosunidosdeamerica": "US", "eeuu": "US", "oesterreich": "AT",
             "vereinigteskoenigreich": "GB", "tschechien": "CZ",
             "federalrepublicofgermany": "DE", "bundesrepublikdeutschland": "DE"}  # fmt: skip


def region_of(text: str) -> str | None:
    """ISO alpha-2 for a code, a calling code or a country's name in any language; else None."""
    return _region_of(text) if len(text) <= LONGEST_NAME else None


@lru_cache(maxsize=4_096)
def _region_of(text: str) -> str | None:
    cleaned = text.strip()
    code = cleaned.upper()
    if is_region(code):
        return code
    if is_region(ALPHA_2.get(code, "")):
        return ALPHA_2[code]
    if match := _CALLING_CODE.fullmatch(cleaned):
        return region_of_calling_code(int(match.group(1)))
    name = folded(cleaned)
    return _EVERYDAY.get(name) or (_names().get(name) if name else None)


@cache
def _names() -> dict[str, str]:
    """Folded names → region, without those that two countries share in different languages."""
    meant: dict[str, set[str]] = {}
    for region, name in country_names():
        # Two countries are called Congo, in every language.
        if region == "CG" and "brazzaville" not in folded(name):
            continue
        meant.setdefault(folded(name), set()).add(region)
    return {name: regions.pop() for name, regions in meant.items() if len(regions) == 1}

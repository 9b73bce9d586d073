"""What a country column says, as the region that phone numbers are read in."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

from sftp_sync.contacts.alpha3 import ALPHA_2
from sftp_sync.contacts.folding import folded

_CALLING_CODE = re.compile(r"\(?(?:\+|00)?\s*([1-9][0-9]{0,2})\)?")
_EVERYDAY = {"uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US",
             "america": "US", "el": "GR", "holland": "NL", "uae": "AE", "korea": "KR",
             "czechrepublic": "CZ", "macedonia": "MK", "brd": "DE"}  # fmt: skip


@lru_cache(maxsize=4_096)
def region_of(text: str) -> str | None:
    """ISO alpha-2 for a code, a calling code or a country's name in any language; else None."""
    cleaned = text.strip()
    code = cleaned.upper()
    if code in SUPPORTED_REGIONS:
        return code
    if ALPHA_2.get(code) in SUPPORTED_REGIONS:
        return ALPHA_2[code]
    if match := _CALLING_CODE.fullmatch(cleaned):
        return _of_calling_code(int(match.group(1)))
    name = folded(cleaned)
    return _EVERYDAY.get(name) or (_names().get(name) if name else None)


def _of_calling_code(code: int) -> str | None:
    if code not in COUNTRY_CODE_TO_REGION_CODE:
        return None
    region = phonenumbers.region_code_for_country_code(code)
    return region if region in SUPPORTED_REGIONS else None


@cache
def _names() -> dict[str, str]:
    """Folded names → region, without those that two countries share in different languages."""
    # Read only where a list needs it: half a megabyte of names.
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415

    meant: dict[str, set[str]] = {}
    for region, by_language in LOCALE_DATA.items():
        if region in SUPPORTED_REGIONS:
            for name in by_language.values():
                if not name.startswith("*"):
                    meant.setdefault(folded(name), set()).add(region)
    return {name: regions.pop() for name, regions in meant.items() if len(regions) == 1}

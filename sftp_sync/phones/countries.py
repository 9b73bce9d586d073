"""What phonenumbers knows of countries: their codes, their calling codes, their names."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS


def is_region(code: str) -> bool:
    """Whether it is an ISO alpha-2 code that has phone numbers."""
    return code in SUPPORTED_REGIONS


def region_of_calling_code(code: int) -> str | None:
    """The country of a calling code, the main one where several share it."""
    if code not in COUNTRY_CODE_TO_REGION_CODE:
        return None
    region = phonenumbers.region_code_for_country_code(code)
    return region if is_region(region) else None


def country_names() -> Iterator[tuple[str, str]]:
    """Every country with its names in some two hundred languages."""
    # Read only where a list needs it: half a megabyte of names.
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415

    for region, by_language in LOCALE_DATA.items():
        if is_region(region):
            for name in by_language.values():
                # A star refers to another language that has the same name.
                if not name.startswith("*"):
                    yield region, name

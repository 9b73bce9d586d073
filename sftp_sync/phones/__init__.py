"""Phone numbers and the countries they are read in; the only door to phonenumbers."""

from typing import TYPE_CHECKING

from sftp_sync.faces import on_demand

if TYPE_CHECKING:
    from sftp_sync.phones.countries import country_names, is_region, region_of_calling_code
    from sftp_sync.phones.numbers import BareNumbers, parse
    from sftp_sync.phones.spellings import finder
    from sftp_sync.phones.verdicts import PhoneFound, PhoneRefused

__all__ = [
    "BareNumbers",
    "PhoneFound",
    "PhoneRefused",
    "country_names",
    "finder",
    "is_region",
    "parse",
    "region_of_calling_code",
]

if not TYPE_CHECKING:
    __getattr__ = on_demand(
        __name__,
        {
            "countries": "country_names is_region region_of_calling_code",
            "numbers": "BareNumbers parse",
            "spellings": "finder",
            "verdicts": "PhoneFound PhoneRefused",
        },
    )

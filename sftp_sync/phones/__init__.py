"""Phone numbers and the countries they are read in; the only door to phonenumbers."""

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

"""A number as a person types it."""

from __future__ import annotations

from sftp_sync.errors import UsageError
from sftp_sync.phones import PhoneFound, is_region, parse


def typed_number(text: str, region: str | None) -> str:
    """The number as E.164; without a country code it needs a region."""
    if region is not None and not is_region(region.upper()):
        raise UsageError(f"{region} is no country code.", fix="Write two letters such as US or DE.")
    found = parse(text, None if region is None else region.upper())
    if isinstance(found, PhoneFound):
        return found.e164
    fix = "Type it with its country code, such as +12125550123"
    raise UsageError(
        f"{text} is no number to call: {found.reason}",
        fix=f"{fix}." if region else f"{fix}, or say its country: --region US",
    )

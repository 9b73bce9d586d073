"""Whether a campaign could run now, and why not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sftp_sync.attention import Concern
from sftp_sync.model import CampaignRecord

# While one of these stands, lists do not come in or rows do not go out.
BLOCKING = frozenset(
    {
        *("connection_untested", "host_key_changed", "sign_in_refused", "configuration_wrong"),
        *("account_refused", "campaign_refused", "disk_full"),
    }
)


def reasons_against(
    known: CampaignRecord, concerns: Sequence[Concern], now: datetime
) -> Iterator[str]:
    """Why a campaign could not run now; nothing where it could."""
    blocking = [one for one in concerns if one.cause in BLOCKING]
    yield from (one.line for one in blocking)
    if not blocking and known.not_before is not None and now < known.not_before:
        yield (
            f"The partner refused us {known.refused_sign_ins} times; the next try is at"
            f" {known.not_before:%Y-%m-%d %H:%M} UTC."
        )

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
        *("collect_failed", "suppression_failed"),
    }
)
# A partner's server is down for a moment now and then. Where nobody counts, once is enough.
OFTEN = 3


def reasons_against(
    known: CampaignRecord, concerns: Sequence[Concern], failures: int | None, now: datetime
) -> Iterator[str]:
    """Why a campaign could not run now; nothing where it could. `failures`: how often in a row its
    lists could not be fetched, None where nobody counts.
    """
    is_away = failures is None or failures >= OFTEN
    blocking = [one for one in concerns if one.cause in BLOCKING or (is_away and _is_away(one))]
    yield from (one.line for one in blocking)
    if not blocking and known.not_before is not None and now < known.not_before:
        yield (
            f"The partner refused us {known.refused_sign_ins} times; the next try is at"
            f" {known.not_before:%Y-%m-%d %H:%M} UTC."
        )


def _is_away(concern: Concern) -> bool:
    return (concern.cause, concern.subject) == ("partner_unreachable", "collect")

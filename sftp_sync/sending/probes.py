"""The one request that must succeed before anything is claimed again."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from sftp_sync.errors import SyncError, VendorRefused, VendorUnavailable
from sftp_sync.providers.base import Vendor

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Probed:
    """What came of it: nothing to complain of, or why not."""

    problem: SyncError | None = None


def probe(provider: Vendor) -> Probed:
    """Ask the vendor for something that changes nothing and needs the token."""
    try:
        provider.check_account()
    except (VendorRefused, VendorUnavailable) as error:
        log.warning("vendor_not_well", reason=error.message)
        return Probed(error)
    return Probed()

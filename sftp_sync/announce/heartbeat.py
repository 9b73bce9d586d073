"""An address that is asked while all is well: somebody notices when nobody asks any more."""

from __future__ import annotations

from collections.abc import Callable

from sftp_sync.announce.webhook import is_safe, refused
from sftp_sync.errors import NeedsOperator

TAKEN = range(200, 300)

Get = Callable[[str], int]
"""Asks within a total time: the status of the answer, or `TryLater` where none came."""


def beat(get: Get, url: str) -> None:
    """Ask once; one of `sftp_sync.errors` where nobody has heard it. The address is a secret, and
    is in no message.
    """
    if not is_safe(url):
        raise NeedsOperator("The heartbeat is no https address.", fix="Write https://HOST/…")
    status = get(url)
    if status not in TAKEN:
        raise refused("heartbeat", status)

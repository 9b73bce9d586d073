"""A letter as a JSON document, posted to an address; the `text` in it is what chats show."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

from sftp_sync.announce.letter import Letter
from sftp_sync.errors import NeedsOperator, TryLater

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TAKEN = range(200, 300)
WORTH_ANOTHER_TRY = {408, 425, 429}
SERVER_ERRORS = 500

Post = Callable[[str, bytes], int]
"""Posts JSON to an address within a total time and follows no redirect: what a hook is told must
not go elsewhere. The status of the answer, or `TryLater` where none came.
"""


def call_webhook(post: Post, url: str, letter: Letter) -> None:
    """Post a letter; one of `sftp_sync.errors` where it was not taken. The address is a secret, and
    is in no message.
    """
    if not is_safe(url):
        raise NeedsOperator("The webhook is no https address.", fix="Write https://HOST/…")
    status = post(url, json.dumps(letter.document).encode())
    if status not in TAKEN:
        raise refused("webhook", status)


def is_safe(url: str) -> bool:
    """The address holds the key to the hook, and the letter names campaigns and files: in clear
    text only within this machine.
    """
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


def refused(what: str, status: int) -> TryLater | NeedsOperator:
    """What follows from an answer that takes nothing."""
    said = f"The {what} answered {status}."
    if status >= SERVER_ERRORS or status in WORTH_ANOTHER_TRY:
        return TryLater(said)
    return NeedsOperator(said, fix="Look whether its address in `notify` is still right.")

"""A letter as a JSON document, posted to an address; the `text` in it is what chats show."""

from __future__ import annotations

import json
import urllib.request
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from sftp_sync.announce.letter import Letter
from sftp_sync.errors import NeedsOperator, TryLater

TIMEOUT_SECONDS = 10
ANSWER_BYTES = 4096
WORTH_ANOTHER_TRY = {408, 425, 429}
SERVER_ERRORS = 500


def call_webhook(url: str, letter: Letter) -> None:
    """Post a letter; one of `sftp_sync.errors` where it was not taken. The address is a secret, and
    is in no message.
    """
    if not _is_address(url):
        raise NeedsOperator("The webhook is no address.", fix="Write https://HOST/…")
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        url,
        data=json.dumps(letter.document).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "sftp-sync"},
        method="POST",
    )
    try:
        with _opener().open(request, timeout=TIMEOUT_SECONDS) as answer:
            answer.read(ANSWER_BYTES)
    except HTTPError as error:
        with error:
            raise _refused(error.code) from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise TryLater(f"The webhook cannot be reached: {reason}.") from None


def _is_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _opener() -> urllib.request.OpenerDirector:
    """As usual, but for redirects: what a hook is told must not go elsewhere."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _refused(status: int) -> TryLater | NeedsOperator:
    said = f"The webhook answered {status}."
    if status >= SERVER_ERRORS or status in WORTH_ANOTHER_TRY:
        return TryLater(said)
    return NeedsOperator(said, fix="Look whether its address in `notify` is still right.")

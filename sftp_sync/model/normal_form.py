"""One spelling for each vendor campaign: two spellings would be two campaigns, and people called
for both. Pure.

Only what every server must take for the same is made the same (RFC 3986, section 6.2): capitals in
the scheme and the host, a default port, an escaped letter, a slash at the end. Where a name leads
to is no question of spelling: `localhost` and `127.0.0.1` may be two servers, as any two names may,
so they stay two addresses until a person says otherwise (`sftp-sync adopt`).
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit

DEFAULT_PORTS = {"https": 443, "http": 80}
SEPARATOR = "#"
ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
AS_IT_STANDS = "%/:@!$&'()*+,;=~"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def normal_address(url: str) -> str:
    """The address of an account, without a slash at its end."""
    parts = urlsplit(url.strip())
    if not parts.hostname:
        return url
    port = "" if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{_host(parts)}{port}{_path(parts.path)}"


def normal_campaign_id(campaign_id: str) -> str:
    """A vendor's id. A UUID is the same in capitals; any other is opaque, letter by letter."""
    written = campaign_id.strip()
    return written.lower() if UUID.fullmatch(written) else written


def normal_identity(identity: str) -> str:
    """The identity of a vendor campaign, as earlier versions have written it too."""
    address, separator, campaign = identity.partition(SEPARATOR)
    return f"{normal_address(address)}{separator}{normal_campaign_id(campaign)}"


def in_words(identity: str) -> str:
    """A vendor campaign as a person is told of it."""
    address, _, campaign = identity.partition(SEPARATOR)
    return f"{campaign} at {address}" if campaign else identity


def _host(parts: SplitResult) -> str:
    name = (parts.hostname or "").removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return ".".join(_label(label) for label in name.split("."))
    return f"[{address}]" if ":" in str(address) else str(address)


def _label(label: str) -> str:
    """Not by Python's own codec: it takes faß.example for fass.example, which is another server."""
    if label.isascii():
        return label
    letters = unicodedata.normalize("NFC", label)
    return f"xn--{letters.encode('punycode').decode('ascii')}"


def _path(path: str) -> str:
    kept: list[str] = []
    for step in quote(ESCAPED.sub(_unescaped, path), safe=AS_IT_STANDS).split("/")[1:]:
        if step == "..":
            kept = kept[:-1]
        elif step != ".":
            kept.append(step)
    return "".join(f"/{step}" for step in kept).rstrip("/")


def _unescaped(match: re.Match[str]) -> str:
    letter = chr(int(match[1], 16))
    return letter if UNRESERVED.fullmatch(letter) else match[0].upper()

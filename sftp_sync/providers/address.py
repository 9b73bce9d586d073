"""Which addresses a token may be sent to, and by which proxy."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sftp_sync.errors import ConfigError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def require_safe(base_url: str) -> None:
    """A token travels in every request: in clear text only within this machine."""
    parts = urlsplit(base_url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return
    raise ConfigError(
        f"{base_url} is not an https:// address.",
        fix="Write https://…; http:// is taken for this machine only.",
    )


def proxy_for(base_url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy that the environment names for this address; never one for this machine."""
    host = urlsplit(base_url).hostname or ""
    settings = {name.lower(): value for name, value in environment.items() if value}
    if host in LOOPBACK or _spared(host, settings.get("no_proxy", "")):
        return None
    proxy = settings.get(f"{urlsplit(base_url).scheme}_proxy") or settings.get("all_proxy")
    if proxy is None or "://" in proxy:
        return proxy
    return f"http://{proxy}"


def _spared(host: str, no_proxy: str) -> bool:
    """Does NO_PROXY name this host, a domain above it, or everything?"""
    names = [name.strip().lower().lstrip("*").lstrip(".") for name in no_proxy.split(",")]
    everything = "*" in (name.strip() for name in no_proxy.split(","))
    return everything or any(name and (host == name or host.endswith(f".{name}")) for name in names)

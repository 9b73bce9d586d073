"""Who is let in, and what every answer carries. Nobody signs in here: that is why only this machine
is listened to by default, and why a page elsewhere must not be able to ask through a browser.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

ALWAYS_WELCOME = ("localhost", "127.0.0.1", "::1")
METHODS = ("GET", "HEAD")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
        " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door:
    """Stands before the application."""

    def __init__(self, application: Application, listen_host: str) -> None:
        self._application = application
        self._welcome = {*ALWAYS_WELCOME, listen_host.casefold().strip("[]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or say why not."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, said in HEADERS.items():
                    headers.setdefault(name, said)
            await send(message)

        await (refusal or self._application)(scope, receive, answered)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if scope["method"] not in METHODS:
            said = "This page is only to look at.\n"
            return PlainTextResponse(said, 405, headers={"Allow": ", ".join(METHODS)})
        named = [said for name, said in scope["headers"] if name == b"host"]
        if len(named) != 1 or not self._is_welcome(host_in(named[0]), scope):
            return PlainTextResponse(
                "This name is not ours. Use the address in `web.listen`, or localhost.\n", 421
            )
        return None

    def _is_welcome(self, host: str | None, scope: Scope) -> bool:
        if host is None:
            return False
        if host in self._welcome:
            return True
        # The very address that was connected to: names can be made to point here, addresses not.
        server = scope.get("server")
        return server is not None and _address(host) is not None and host == str(server[0])


def host_in(header: bytes) -> str | None:
    """The host of a `Host` header without its port; None where it is none."""
    try:
        text = header.decode("ascii").casefold()
    except UnicodeDecodeError:
        return None
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        is_port = not port or (port[0] == ":" and port[1:].isdigit())
        return host if bracket and is_port else None
    host, colon, port = text.partition(":")
    return host if host and (not colon or port.isdigit()) else None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None

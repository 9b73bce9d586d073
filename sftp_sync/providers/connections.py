"""One request on the wire: within a total deadline, never repeated, never redirected, and with
the certainty of what has left. The only importer of httpx.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpcore
import httpx

from sftp_sync.errors import ConfigError
from sftp_sync.providers.deadline import Deadline, DeadlineBackend
from sftp_sync.providers.wire import Access, Broken, Exchange, Reply

# Servers commonly close idle connections after five seconds or more. We let go first: a request
# that crosses the server's close on the wire is a doubtful one.
KEEP_ALIVE_SECONDS = 4.0
BEFORE_SENDING = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
    httpcore.LocalProtocolError,
    httpcore.UnsupportedProtocol,
)
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
SPARE_CONNECTIONS = 2  # for reading beside the senders


class Connections:
    """The connections of one account, for any number of threads."""

    def __init__(self, access: Access, monotonic: Callable[[], float]) -> None:
        self._timeout_seconds = access.timeout_seconds
        self._peer = access.peer
        self._base_url = access.base_url.rstrip("/")
        self._deadline = Deadline(monotonic)
        self._client = httpx.Client(
            transport=_Transport(_pool(access, DeadlineBackend(self._deadline))),
            timeout=access.timeout_seconds,
            headers={"Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
        )

    def exchange(self, exchange: Exchange) -> Reply | Broken:
        """Send once and read the answer; whatever breaks is told, never raised."""
        passage = _Passage(exchange.may_send, is_head_all=not exchange.body)
        try:
            with self._deadline.within(self._timeout_seconds):
                return self._answered(exchange, passage)
        except _Withheld:
            return Broken(sent=False, withheld=True, reason="the lease was lost before sending")
        except Exception as error:  # noqa: BLE001 - whatever breaks, only what has left decides
            sent = passage.may_have_left(error)
            return Broken(sent, self._told(error, sent=sent))

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _answered(self, exchange: Exchange, passage: _Passage) -> Reply | Broken:
        request = self._client.build_request(
            exchange.method,
            self._base_url + exchange.path,
            params=exchange.query or None,
            headers=exchange.headers,
            content=exchange.body,
            extensions={"trace": passage.observe},
        )
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            # As they come, and not as httpx unpacks them: a few kilobytes unpack to gigabytes.
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > exchange.max_answer_bytes:
                    return _too_long(exchange)
        finally:
            response.close()
        return self._whole(exchange, response, body)

    def _whole(
        self, exchange: Exchange, response: httpx.Response, body: bytearray
    ) -> Reply | Broken:
        """An answer that came packed though we asked for it plain is unpacked once, and no further
        than it may be long.
        """
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        if not body or packed in ("", "identity"):
            return Reply(response.status_code, dict(response.headers), bytes(body))
        if packed in ("gzip", "x-gzip", "deflate"):
            unpacking = zlib.decompressobj(GZIP_OR_ZLIB)
            body = bytearray(unpacking.decompress(bytes(body), exchange.max_answer_bytes + 1))
            if len(body) > exchange.max_answer_bytes:
                return _too_long(exchange)
            if not unpacking.eof:
                return Broken(sent=True, reason="the answer is packed, and cut off")
            return Reply(response.status_code, dict(response.headers), bytes(body))
        return Broken(sent=True, reason=f"the answer is packed as {packed:.40}, unasked")

    def _told(self, error: Exception, *, sent: bool) -> str:
        """What broke, in one sentence."""
        if not sent:
            return f"{self._peer} cannot be reached: {_said(error)}"
        if isinstance(error, httpcore.TimeoutException):
            return f"no whole answer within {self._timeout_seconds:g} s"
        return f"the connection broke before the answer was whole: {_said(error)}"


def _too_long(exchange: Exchange) -> Broken:
    return Broken(sent=True, reason=f"the answer exceeds {exchange.max_answer_bytes} bytes")


class _Withheld(Exception):
    """`may_send` said no: nothing has left."""


class _Passage:
    """Watches one request pass through the library: what has left by now?"""

    def __init__(self, may_send: Callable[[], bool] | None, *, is_head_all: bool = False) -> None:
        self._may_send = may_send
        self._is_head_all = is_head_all
        self._is_watched = False
        self._body_began = False

    def may_have_left(self, error: Exception) -> bool:
        """Two witnesses: what was seen to leave, and errors that come before anything can.

        Were the library to name its stages otherwise, nothing would be seen: that is doubt.
        """
        return self._body_began or not (self._is_watched or isinstance(error, BEFORE_SENDING))

    def observe(self, event: str, details: Mapping[str, Any]) -> None:
        """Told of each stage. A proxy's CONNECT passes the same stages and carries nothing."""
        if event not in ("http11.send_request_headers.started", "http11.send_request_body.started"):
            return
        self._is_watched = True
        if details["request"].method == b"CONNECT":
            return
        if self._may_send is not None and not self._may_send():
            raise _Withheld
        # The number to be called is in the body: a head alone cannot cause a call, unless it is
        # all there is to say.
        self._body_began = self._is_head_all or event == "http11.send_request_body.started"


class _Transport(httpx.BaseTransport):
    """httpx over a pool of ours, which httpx itself cannot be given a deadline for."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reply = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=reply.status, headers=reply.headers, stream=_Body(reply.stream)
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """A pool's answer, as httpx reads it."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - httpcore types it as sync or async
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()


def _pool(access: Access, backend: httpcore.NetworkBackend) -> httpcore.ConnectionPool:
    options: dict[str, Any] = {
        "ssl_context": trusted(access.ca_bundle) if access.base_url.startswith("https") else None,
        "max_connections": access.in_flight + SPARE_CONNECTIONS,
        "keepalive_expiry": KEEP_ALIVE_SECONDS,
        "retries": 0,
        "network_backend": backend,
    }
    if access.proxy is None:
        return httpcore.ConnectionPool(**options)
    proxy = httpx.URL(access.proxy)
    if proxy.scheme not in ("http", "https"):
        raise ConfigError(
            f"The proxy {proxy.scheme}://{proxy.host} is of a kind that is not supported.",
            fix="Use an http:// or https:// proxy.",
        )
    credentials = (proxy.username, proxy.password) if proxy.username else None
    address = f"{proxy.scheme}://{proxy.netloc.decode('ascii')}"
    return httpcore.HTTPProxy(address, proxy_auth=credentials, **options)


def trusted(ca_bundle: str | None) -> ssl.SSLContext:
    """Certificates are always verified: against the usual authorities, or those of a bundle."""
    try:
        if ca_bundle is None:
            return httpx.create_ssl_context()
        return ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:
        raise ConfigError(
            f"The CA bundle {ca_bundle} cannot be used: {error}.",
            fix="ca_bundle must be a readable PEM file of certificates.",
        ) from error


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__

"""What has left, and what has not, whatever happens on the wire: against raw sockets."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sftp_sync.errors import ConfigError
from sftp_sync.providers.address import proxy_for, require_safe
from sftp_sync.providers.wire import Access, Broken, Exchange, Reply, Wire
from tests.support import api_servers as servers
from tests.support.api_servers import Behaviour, RawServer
from tests.support.certificates import certificate
from tests.support.hand_clock import HandClock

OK = servers.answer(201, b'{"campaign_call":{"id":"c1"}}')
BODY = b'{"to":"+12125550100"}'


def post(may_send: Callable[[], bool] | None = None) -> Exchange:
    return Exchange("POST", "/call", body=BODY, may_send=may_send)


WireTo = Callable[..., Wire]


@pytest.fixture
def wire_to() -> Iterator[WireTo]:
    """Opens wires with little patience, and closes them."""
    with contextlib.ExitStack() as stack:

        def opened(url: str, ca_bundle: str | None = None, proxy: str | None = None) -> Wire:
            access = Access(url, timeout_seconds=0.6, ca_bundle=ca_bundle, proxy=proxy)
            wire = Wire(access, time.monotonic)
            stack.callback(wire.close)
            return wire

        yield opened


def broken(reply: Reply | Broken) -> Broken:
    assert isinstance(reply, Broken), reply
    return reply


def test_a_whole_answer_comes_back_with_its_status_headers_and_body(wire_to: WireTo) -> None:
    with RawServer(servers.answering(OK)) as server:
        reply = wire_to(server.url).exchange(post())
    assert reply == Reply(
        201,
        {"content-type": "application/json", "content-length": "29"},
        b'{"campaign_call":{"id":"c1"}}',
    )
    assert BODY in server.received


def packed(body: bytes, coding: str = "gzip") -> bytes:
    return servers.answer(
        201, body, f"content-type: application/json\r\ncontent-encoding: {coding}"
    )


def test_an_answer_that_is_packed_unasked_is_unpacked_once(wire_to: WireTo) -> None:
    body = b'{"campaign_call":{"id":"c1"}}'
    for coding, raw in (("gzip", gzip.compress(body)), ("Deflate", zlib.compress(body))):
        with RawServer(servers.answering(packed(raw, coding))) as server:
            reply = wire_to(server.url).exchange(post())
        assert isinstance(reply, Reply)
        assert reply.body == body
        assert b"accept-encoding: identity\r\n" in server.received.lower()


@pytest.mark.parametrize(
    ("raw", "coding", "says"),
    [
        # Packed where it is used: what gzip writes depends on the second, and tests have names.
        (lambda: gzip.compress(bytes(1_048_577)), "gzip", "exceeds 1048576 bytes"),
        (lambda: gzip.compress(b"x" * 100)[:-9], "gzip", "packed, and cut off"),
        (
            lambda: gzip.compress(gzip.compress(bytes(10**8))),
            "gzip, gzip",
            "packed as gzip, gzip",
        ),
        (lambda: b"x", "br", "packed as br"),
        (lambda: b"no gzip", "gzip", "the connection broke"),
    ],
)
def test_an_answer_that_unpacks_to_too_much_or_strangely_is_doubt(
    raw: Callable[[], bytes], coding: str, says: str, wire_to: WireTo
) -> None:
    with RawServer(servers.answering(packed(raw(), coding))) as server:
        reply = broken(wire_to(server.url).exchange(post()))
    assert reply.sent
    assert says in reply.reason


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (servers.reset_after_reading, "the connection broke"),
        (servers.close_after_reading, "the connection broke"),
        (servers.close_mid_headers, "the connection broke"),
        (servers.close_mid_body, "the connection broke"),
        (servers.no_http_at_all, "the connection broke"),
        (servers.silent, "no whole answer within 0.6 s"),
        (servers.drip_headers, "no whole answer within 0.6 s"),
        (servers.drip_body, "no whole answer within 0.6 s"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_once_the_body_has_left_everything_that_breaks_is_doubt(
    behaviour: Behaviour, says: str, wire_to: WireTo
) -> None:
    with RawServer(behaviour) as server:
        began = time.monotonic()
        reply = broken(wire_to(server.url).exchange(post()))
        assert time.monotonic() - began < 2
    assert reply.sent
    assert says in reply.reason


def test_a_reset_on_arrival_is_never_taken_for_an_answer(wire_to: WireTo) -> None:
    with RawServer(servers.reset_before_reading) as server:
        reply = wire_to(server.url).exchange(post())
    assert isinstance(reply, Broken)
    assert not reply.withheld


def test_a_refused_connection_has_sent_nothing(wire_to: WireTo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reply = broken(wire_to(f"http://127.0.0.1:{port}").exchange(post()))
    assert not reply.sent
    assert "cannot be reached" in reply.reason


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".invalid"])
def test_a_name_without_an_address_has_sent_nothing(host: str, wire_to: WireTo) -> None:
    reply = broken(wire_to(f"https://{host}").exchange(post()))
    assert not reply.sent


def test_a_certificate_that_nobody_vouches_for_has_sent_nothing(
    tmp_path: Path, wire_to: WireTo
) -> None:
    context, _ = certificate(tmp_path)
    with RawServer(servers.answering(OK), context) as server:
        reply = broken(wire_to(server.url).exchange(post()))
    assert not reply.sent
    assert "certificate verify failed" in reply.reason.lower()
    assert BODY not in server.received


def test_a_ca_bundle_makes_its_certificates_trusted(tmp_path: Path, wire_to: WireTo) -> None:
    context, bundle = certificate(tmp_path)
    with RawServer(servers.answering(OK), context) as server:
        reply = wire_to(server.url, ca_bundle=str(bundle)).exchange(post())
    assert isinstance(reply, Reply)


def test_a_server_that_never_finishes_the_handshake_has_sent_nothing(wire_to: WireTo) -> None:
    with RawServer(servers.deaf) as server:
        url = server.url.replace("http:", "https:")
        reply = broken(wire_to(url).exchange(post()))
    assert not reply.sent


def test_a_ca_bundle_that_is_none_is_refused_before_anything_runs(
    tmp_path: Path, wire_to: WireTo
) -> None:
    with pytest.raises(ConfigError, match="CA bundle"):
        wire_to("https://vendor.example", ca_bundle=str(tmp_path / "missing.pem"))


def test_authorities_of_this_machine_that_cannot_be_read_have_sent_nothing(
    tmp_path: Path, wire_to: WireTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    reply = broken(wire_to("https://vendor.example").exchange(post()))
    assert not reply.sent
    assert reply.reason.startswith("the vendor cannot be reached: ")


def test_every_address_of_a_name_is_tried(wire_to: WireTo) -> None:
    with RawServer(servers.answering(OK)) as server:
        reply = wire_to(server.url.replace("127.0.0.1", "localhost")).exchange(post())
    assert isinstance(reply, Reply)


def test_a_redirect_is_an_answer_and_is_not_followed(wire_to: WireTo) -> None:
    moved = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
    with RawServer(servers.answering(moved)) as server:
        reply = wire_to(server.url).exchange(post())
        assert isinstance(reply, Reply)
        assert reply.status == 302
        assert server.received.count(b"POST ") == 1


def test_a_connection_the_server_closed_while_idle_is_not_used_again(wire_to: WireTo) -> None:
    with RawServer(servers.answer_once_then_close_idle(OK)) as server:
        wire = wire_to(server.url)
        assert isinstance(wire.exchange(post()), Reply)
        _until(lambda: server.visitors[0].connection.fileno() == -1)
        assert isinstance(wire.exchange(post()), Reply)
    assert len(server.visitors) == 2


def test_a_connection_closed_as_the_request_crosses_it_is_doubt_and_not_repeated(
    wire_to: WireTo,
) -> None:
    with RawServer(servers.answer_once_then_vanish(OK)) as server:
        wire = wire_to(server.url)
        assert isinstance(wire.exchange(post()), Reply)
        assert broken(wire.exchange(post())).sent
    assert server.received.count(b"POST ") == 2


def test_connections_are_kept_for_the_next_request(wire_to: WireTo) -> None:
    with RawServer(servers.answering(OK)) as server:
        wire = wire_to(server.url)
        for _ in range(5):
            assert isinstance(wire.exchange(post()), Reply)
        assert len(server.visitors) == 1


def test_an_answer_without_end_is_given_up_and_is_doubt(wire_to: WireTo) -> None:
    with RawServer(servers.answering(servers.answer(201, b" " * 5_000))) as server:
        exchange = Exchange("POST", "/call", body=BODY, max_answer_bytes=4_000)
        reply = broken(wire_to(server.url).exchange(exchange))
    assert reply.sent
    assert "4000 bytes" in reply.reason


def test_what_may_not_be_sent_never_reaches_the_server(wire_to: WireTo) -> None:
    with RawServer(servers.answering(OK)) as server:
        wire = wire_to(server.url)
        reply = broken(wire.exchange(post(lambda: False)))
        assert reply == Broken(
            sent=False, withheld=True, reason="the lease was lost before sending"
        )
        _until(lambda: len(server.visitors) == 1)
    assert server.received == b""


def test_what_may_not_be_sent_on_a_warm_connection_never_reaches_the_server(
    wire_to: WireTo,
) -> None:
    with RawServer(servers.answering(OK)) as server:
        wire = wire_to(server.url)
        wire.exchange(post())
        before = server.received
        assert broken(wire.exchange(post(lambda: False))).withheld
        assert isinstance(wire.exchange(post(lambda: True)), Reply)
    assert server.received == before * 2


def test_permission_is_asked_after_the_connection_stands(wire_to: WireTo) -> None:
    asked_with: list[int] = []
    with RawServer(servers.answering(OK)) as server:
        wire = wire_to(server.url)

        def may_send() -> bool:
            _until(lambda: len(server.visitors) == 1)
            asked_with.append(len(server.visitors))
            return True

        assert isinstance(wire.exchange(post(may_send)), Reply)
    assert set(asked_with) == {1}


def test_permission_lost_between_head_and_body_keeps_the_number_here(wire_to: WireTo) -> None:
    asked = iter([True, False])
    with RawServer(servers.answering(OK)) as server:
        assert broken(wire_to(server.url).exchange(post(lambda: next(asked)))).withheld
    assert b"+12125550100" not in server.received


def test_a_process_that_slept_past_its_time_before_sending_has_sent_nothing() -> None:
    clock = HandClock()
    with RawServer(servers.answering(OK)) as server:
        wire = Wire(Access(server.url, timeout_seconds=5), clock.monotonic)

        def sleep_long() -> bool:
            clock.at += 3600
            return True

        reply = broken(wire.exchange(post(sleep_long)))
        wire.close()
    assert not reply.sent
    assert "the time for the whole request is over" in reply.reason
    assert server.received == b""


def test_a_library_whose_stages_are_not_recognised_leaves_doubt(
    wire_to: WireTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the library behind us change its words, an error must not pass for "nothing sent"."""
    monkeypatch.setattr("httpcore._trace.Trace.trace", lambda *_: None)
    with RawServer(servers.reset_after_reading) as server:
        assert broken(wire_to(server.url).exchange(post())).sent


def test_a_proxy_that_refuses_has_sent_nothing(wire_to: WireTo) -> None:
    refusal = servers.answer(407, b"")
    with RawServer(servers.answering(refusal)) as proxy:
        wire = wire_to("https://vendor.example", proxy=proxy.url)
        reply = broken(wire.exchange(post()))
    assert not reply.sent
    assert "407" in reply.reason
    assert proxy.received.startswith(b"CONNECT vendor.example:443")
    assert BODY not in proxy.received


def test_a_proxy_that_says_nothing_has_sent_nothing(wire_to: WireTo) -> None:
    with RawServer(servers.silent) as proxy:
        reply = broken(wire_to("https://vendor.example", proxy=proxy.url).exchange(post()))
    assert not reply.sent


def test_a_request_goes_through_a_proxy_encrypted(tmp_path: Path, wire_to: WireTo) -> None:
    context, bundle = certificate(tmp_path)
    with (
        RawServer(servers.answering(OK), context) as server,
        RawServer(servers.tunnel_to(server.port)) as proxy,
    ):
        wire = wire_to("https://127.0.0.1:1", proxy=proxy.url, ca_bundle=str(bundle))
        reply = wire.exchange(post(lambda: True))
        assert isinstance(reply, Reply), reply
    assert BODY in server.received
    assert BODY not in proxy.received


def test_many_threads_share_the_connections(wire_to: WireTo) -> None:
    with RawServer(servers.answering(OK)) as server:
        wire = wire_to(server.url)
        replies: list[Reply | Broken] = []
        threads = [
            threading.Thread(target=lambda: replies.append(wire.exchange(post())))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [type(reply) for reply in replies] == [Reply] * 12
        assert len(server.visitors) <= 6


@pytest.mark.parametrize(
    "url", ["http://vendor.example", "ftp://vendor.example", "vendor.example", "https://"]
)
def test_a_token_is_never_sent_in_clear_text_to_another_machine(url: str) -> None:
    with pytest.raises(ConfigError, match="https"):
        require_safe(url)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ({"ALL_PROXY": "http://proxy"}, "http://proxy"),
        ({"HTTP_PROXY": "http://proxy"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "vendor.example"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": ".example, other"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "endor.example"}, "http://proxy"),
        ({"HTTPS_PROXY": ""}, None),
    ],
)
def test_the_proxy_of_the_environment_is_used(
    environment: dict[str, str], proxy: str | None
) -> None:
    assert proxy_for("https://vendor.example/api", environment) == proxy


def test_this_machine_is_never_reached_through_a_proxy() -> None:
    assert proxy_for("http://127.0.0.1:80", {"HTTP_PROXY": "http://proxy"}) is None


def test_a_kind_of_proxy_we_cannot_use_is_named(wire_to: WireTo) -> None:
    with pytest.raises(ConfigError, match="socks5"):
        wire_to("https://vendor.example", proxy="socks5://proxy:1080")


def _until(condition: Callable[[], bool], seconds: float = 3.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)

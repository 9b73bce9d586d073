"""The two ways news go out: to a real web server, and to a real mail server, with TLS."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path

import pytest

from sftp_sync.announce import Letter, call_webhook, send_mail
from sftp_sync.errors import NeedsOperator, TryLater
from sftp_sync.wiring.targets import post_json
from tests.support import api_servers as servers
from tests.support.certificates import certificate
from tests.support.hooks import a_hook
from tests.support.mail_servers import mail_server

LETTER = Letter("[sftp-sync] renewals: ümlaut", "renewals: It is so.\n", {"text": "It is so."})
POST = partial(post_json, environment={})
ADDRESSES = ("sftp-sync@example.com", "ops@example.com")
# An address of this machine that is not the usual one: the way there is taken for a network.
ELSEWHERE = "127.0.0.3"


def a_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port


class TestTheWebhook:
    def test_is_posted_a_json_document(self) -> None:
        with a_hook() as hook:
            call_webhook(POST, hook.url, LETTER)
        assert hook.told == [{"text": "It is so."}]
        assert hook.headers[0]["Content-Type"] == "application/json"

    @pytest.mark.parametrize("status", [408, 429, 500, 503])
    def test_is_tried_again_where_it_is_in_trouble(self, status: int) -> None:
        with a_hook() as hook:
            hook.answers.append(status)
            with pytest.raises(TryLater, match=f"answered {status}"):
                call_webhook(POST, hook.url, LETTER)

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 410])
    def test_that_does_not_take_it_needs_a_person_and_leads_nowhere_else(self, status: int) -> None:
        with a_hook() as hook:
            hook.answers.append(status)
            with pytest.raises(NeedsOperator, match=f"answered {status}") as caught:
                call_webhook(POST, hook.url, LETTER)
        assert hook.told == []
        assert len(hook.headers) == 1
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("behaviour", [servers.drip_headers, servers.drip_body])
    def test_that_drips_has_a_total_time(self, behaviour: servers.Behaviour) -> None:
        impatient = partial(post_json, environment={}, timeout_seconds=0.6)
        with (
            servers.RawServer(behaviour) as server,
            pytest.raises(TryLater, match=r"No whole answer within 0\.6 s"),
        ):
            call_webhook(impatient, server.url, LETTER)

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
    def test_that_cannot_be_reached_is_tried_again_and_its_address_is_not_told(
        self, host: str
    ) -> None:
        url = f"http://{host}:{a_closed_port()}/hook?token=very-secret"
        with pytest.raises(TryLater, match="cannot be reached") as caught:
            call_webhook(POST, url, LETTER)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        "url",
        [
            *("file:///etc/passwd", "ftp://x/y", "hook.example.com", "http://[::1/hook"),
            *("http://hooks.example.com/x", "http://10.0.0.1/x", "https://"),
        ],
    )
    def test_is_an_https_address_or_on_this_machine(self, url: str) -> None:
        with pytest.raises(NeedsOperator, match="no https address"):
            call_webhook(POST, url, LETTER)


class TestMail:
    def test_is_handed_to_this_machine_as_it_is(self) -> None:
        with mail_server() as server:
            send_mail(f"smtp://127.0.0.1:{server.port}", ADDRESSES, LETTER)
        (mail,) = server.mails
        assert mail["Subject"] == LETTER.subject
        assert (mail["From"], mail["To"]) == ADDRESSES
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"].endswith("@example.com>")
        assert mail.get_content() == LETTER.text

    def test_turns_to_tls_before_the_password_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context, bundle = certificate(tmp_path, ELSEWHERE)
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        with mail_server(ELSEWHERE, tls=context, password="p@ss/word") as server:
            url = f"smtp://user%40example.com:p%40ss%2Fword@{ELSEWHERE}:{server.port}"
            send_mail(url, ADDRESSES, LETTER)
        assert len(server.mails) == 1
        assert server.sessions_in_tls == 1
        verbs = [line.partition(" ")[0] for line in server.said]
        assert verbs.index("STARTTLS") < verbs.index("AUTH")

    def test_begins_with_tls_where_that_is_asked_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context, bundle = certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        with mail_server(tls=context, is_tls_from_the_start=True) as server:
            send_mail(f"smtps://127.0.0.1:{server.port}", ADDRESSES, LETTER)
        assert len(server.mails) == 1

    def test_is_not_sent_in_the_clear_over_a_network(self) -> None:
        with (
            mail_server(ELSEWHERE) as server,
            pytest.raises(NeedsOperator, match="offers no TLS"),
        ):
            send_mail(f"smtp://{ELSEWHERE}:{server.port}", ADDRESSES, LETTER)
        assert server.mails == []

    @pytest.mark.parametrize("is_tls_from_the_start", [True, False])
    def test_is_not_sent_to_a_server_that_nobody_vouches_for(
        self, tmp_path: Path, *, is_tls_from_the_start: bool
    ) -> None:
        context, _ = certificate(tmp_path, ELSEWHERE)
        scheme = "smtps" if is_tls_from_the_start else "smtp"
        behaviour = {"tls": context, "is_tls_from_the_start": is_tls_from_the_start}
        with (
            mail_server(ELSEWHERE, **behaviour) as server,
            pytest.raises(TryLater, match="certificate verify failed"),
        ):
            send_mail(f"{scheme}://u:p@{ELSEWHERE}:{server.port}", ADDRESSES, LETTER)
        assert server.mails == []
        assert not any("AUTH" in line for line in server.said)

    def test_is_refused_with_a_wrong_password(self) -> None:
        with (
            mail_server(password="right") as server,
            pytest.raises(NeedsOperator, match="refused the sign-in") as caught,
        ):
            send_mail(f"smtp://me:wrong@127.0.0.1:{server.port}", ADDRESSES, LETTER)
        assert "wrong" not in str(caught.value)

    @pytest.mark.parametrize(
        ("verb", "answer", "error"),
        [
            ("MAIL", "550 not you", NeedsOperator),
            ("RCPT", "550 nobody", NeedsOperator),
            ("RCPT", "450 later", TryLater),
            ("DATA", "554 spam", NeedsOperator),
            ("DATA", "451 later", TryLater),
        ],
    )
    def test_that_is_not_taken_says_so(
        self, verb: str, answer: str, error: type[Exception]
    ) -> None:
        with mail_server(answers={verb: answer}) as server, pytest.raises(error, match=answer[:3]):
            send_mail(f"smtp://127.0.0.1:{server.port}", ADDRESSES, LETTER)

    def test_with_a_password_that_cannot_be_written_needs_a_person(self) -> None:
        with (
            mail_server(password="p\u00e4ss") as server,
            pytest.raises(NeedsOperator, match="plain ASCII") as caught,
        ):
            send_mail(f"smtp://me:p%C3%A4ss@127.0.0.1:{server.port}", ADDRESSES, LETTER)
        assert "\u00e4" not in str(caught.value)
        assert server.mails == []

    def test_to_an_address_of_two_lines_needs_a_person(self) -> None:
        with mail_server() as server, pytest.raises(NeedsOperator, match="plain ASCII"):
            send_mail(f"smtp://127.0.0.1:{server.port}", ("a@example.com", "b\nc"), LETTER)

    def test_is_tried_again_where_nobody_answers(self) -> None:
        with pytest.raises(TryLater, match=r"127\.0\.0\.1 cannot be used"):
            send_mail(f"smtp://127.0.0.1:{a_closed_port()}", ADDRESSES, LETTER)

    @pytest.mark.parametrize("url", ["mail.example.com", "http://x", "smtp://", "smtp://x:port"])
    def test_needs_a_server(self, url: str) -> None:
        with pytest.raises(NeedsOperator, match="no mail server"):
            send_mail(url, ADDRESSES, LETTER)

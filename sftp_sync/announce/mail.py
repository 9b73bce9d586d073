"""A letter as an e-mail, by way of a mail server."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from sftp_sync.announce.letter import Letter
from sftp_sync.errors import NeedsOperator, TryLater

TIMEOUT_SECONDS = 20
HERE = {"localhost", "127.0.0.1", "::1"}
PORTS = {"smtp": 587, "smtps": 465}
PERMANENT = range(500, 600)


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str

    @classmethod
    def of(cls, url: str) -> MailServer:
        """`smtp://USER:PASSWORD@HOST:587` turns to TLS, `smtps://` begins with it."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _NOT_A_SERVER from None
        if parts.scheme not in PORTS or not parts.hostname:
            raise _NOT_A_SERVER
        return cls(
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            is_tls=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


_NOT_A_SERVER = NeedsOperator(
    "smtp in `notify` is no mail server.",
    fix="Write smtp://USER:PASSWORD@mail.example.com:587, or smtps://….",
)
_NOT_WRITABLE = NeedsOperator(
    "Mail cannot be sent with what is in `notify`: a user, a password and addresses in it must be"
    " of plain ASCII.",
    fix="Set another password at the mail server, or write the address without accents.",
)


def send_mail(url: str, addresses: tuple[str, str], letter: Letter) -> None:
    """Send a letter from one address to another; one of `sftp_sync.errors` where it was not taken.
    What would cross a network in the clear is not sent.
    """
    server = MailServer.of(url)
    try:
        message = _written(addresses, letter)
        with _connected(server) as client:
            if server.user:
                client.login(server.user, server.password)
            client.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise NeedsOperator(
            f"The mail server {server.host} refused the sign-in ({error.smtp_code}).",
            fix="Look at the user and the password in `notify`.",
        ) from None
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        raise _refused(server, error) from None
    except (smtplib.SMTPException, OSError) as error:
        raise TryLater(f"The mail server {server.host} cannot be used: {error}.") from None
    except ValueError:
        # Without its words: what cannot be written may be the password.
        raise _NOT_WRITABLE from None


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.is_tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    # What stays on this machine needs no TLS, and mail servers here seldom have a real certificate.
    if server.host in HERE:
        return client
    try:
        _turn_to_tls(client, server, context)
    except BaseException:
        client.close()
        raise
    return client


def _turn_to_tls(client: smtplib.SMTP, server: MailServer, context: ssl.SSLContext) -> None:
    client.ehlo()
    if not client.has_extn("starttls"):
        raise NeedsOperator(
            f"The mail server {server.host} offers no TLS: nothing was sent to it.",
            fix="Use another port or server, or smtps://.",
        )
    client.starttls(context=context)
    client.ehlo()


def _written(addresses: tuple[str, str], letter: Letter) -> EmailMessage:
    sender, to = addresses
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # No answering machine need answer.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _refused(
    server: MailServer, error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
) -> TryLater | NeedsOperator:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = min(code for code, _ in error.recipients.values())
        said = f"The mail server {server.host} does not take mail for this address ({code})."
    else:
        code = error.smtp_code
        said = f"The mail server {server.host} did not take the mail ({code})."
    if code in PERMANENT:
        return NeedsOperator(said, fix="Look at the addresses in `notify`.")
    return TryLater(said)

"""Proving who we are: one attempt per run, so that no account is locked by our zeal."""

from __future__ import annotations

import threading
from collections.abc import Callable

from paramiko import (
    AuthenticationException,
    BadAuthenticationType,
    Message,
    PKey,
    SSHException,
)
from paramiko.auth_handler import AuthHandler

from sftp_sync.errors import RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp.algorithms import NegotiatingTransport
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.private_keys import read_private_key

INTERACTIVE = "keyboard-interactive"
Prompts = list[tuple[str, bool]]


def credentials_of(login: SftpLogin) -> PKey | str:
    """What to sign in with, read before anything is connected; `RemoteRefused` if it is no good."""
    if login.auth_type == "private_key":
        if not login.private_key:
            raise _incomplete("sftp.private_key is not set, but auth_type is private_key.")
        return read_private_key(login.private_key, login.passphrase)
    if login.password is None:
        raise _incomplete("sftp.password is not set, but auth_type is password.")
    return login.password


def sign_in(transport: NegotiatingTransport, login: SftpLogin, credentials: PKey | str) -> None:
    """Sign in, or say why not and who must act."""
    dialogue = Dialogue(login.password or "")
    try:
        wanted = _first_factor(transport, login, credentials, dialogue)
        if wanted:
            wanted = _second_factor(transport, login, wanted, dialogue)
    except BadAuthenticationType as error:
        raise _wrong_kind(login, error.allowed_types) from error
    except AuthenticationException as error:
        raise _refused(transport, login, dialogue, str(error)) from error
    except (SSHException, EOFError, OSError) as error:
        if "info request" in str(error):  # the message that asks for a new password
            raise _expired(login) from error
        raise _lost(transport, login, dialogue, error) from error
    if wanted:
        raise _wrong_kind(login, wanted)


class Dialogue:
    """Answers to a server that asks questions: the password, once, and nothing else."""

    def __init__(self, password: str) -> None:
        self._password = password
        self.questions: list[str] = []

    def __call__(self, title: str, instructions: str, prompts: Prompts) -> list[str]:
        """The answer to each prompt."""
        del title, instructions
        answers = []
        for question, _is_echoed in prompts:
            is_first = not self.questions
            self.questions.append(question.strip())
            answers.append(self._password if is_first else "")
        return answers

    @property
    def asked_for_more(self) -> bool:
        """Whether the password alone did not satisfy the server."""
        return len(self.questions) > 1


class FurtherRequest(AuthHandler):
    """Another attempt on the same connection: paramiko would ask for the sign-in service anew,
    upon which some servers hang up.
    """

    _parse_service_accept: Callable[[Message], None]  # what the stubs leave out

    def _request_auth(self) -> None:
        accepted = Message()
        accepted.add_string("ssh-userauth")
        accepted.rewind()
        self._parse_service_accept(accepted)

    @classmethod
    def by_password(cls, transport: NegotiatingTransport, login: SftpLogin) -> list[str]:
        """Offer the password."""
        further, answered = cls(transport), threading.Event()
        transport.auth_handler = further
        further.auth_password(login.username, login.password or "", answered)
        return further.wait_for_response(answered)

    @classmethod
    def by_dialogue(
        cls, transport: NegotiatingTransport, login: SftpLogin, dialogue: Dialogue
    ) -> list[str]:
        """Answer the server's questions."""
        further, answered = cls(transport), threading.Event()
        transport.auth_handler = further
        further.auth_interactive(login.username, dialogue, answered)
        return further.wait_for_response(answered)


def _first_factor(
    transport: NegotiatingTransport, login: SftpLogin, credentials: PKey | str, dialogue: Dialogue
) -> list[str]:
    if not isinstance(credentials, str):
        return transport.auth_publickey(login.username, credentials)
    try:
        return transport.auth_password(login.username, credentials, fallback=False)
    except BadAuthenticationType as error:
        if INTERACTIVE not in error.allowed_types:
            raise
        return FurtherRequest.by_dialogue(transport, login, dialogue)


def _second_factor(
    transport: NegotiatingTransport, login: SftpLogin, wanted: list[str], dialogue: Dialogue
) -> list[str]:
    """Some servers want the key and then the password as well."""
    if login.auth_type == "password" or login.password is None:
        return wanted
    if "password" in wanted:
        return FurtherRequest.by_password(transport, login)
    if INTERACTIVE in wanted:
        return FurtherRequest.by_dialogue(transport, login, dialogue)
    return wanted


def _refused(
    transport: NegotiatingTransport, login: SftpLogin, dialogue: Dialogue, said: str
) -> RemoteRefused | RemoteUnavailable:
    if "timeout" in said.lower():
        return _lost(transport, login, dialogue, TimeoutError(said))
    if "shut down" in said or "EOF" in said:
        return _lost(transport, login, dialogue, EOFError(said))
    if dialogue.asked_for_more:
        return RemoteRefused(
            f"{login.place} wants more than a password: it asks {dialogue.questions[-1]!r}.",
            fix="Ask the partner for an account that signs in with a key or a password alone.",
            step="sign_in",
        )
    return RemoteRefused(
        f"{login.place} does not let {login.username} in with this {_kind(login)}.",
        fix=_advice(transport, login),
        who="you",
        step="sign_in",
    )


def _advice(transport: NegotiatingTransport, login: SftpLogin) -> str:
    if login.auth_type == "password":
        return (
            "Check sftp.username and sftp.password; if both are right, ask the partner whether the "
            "account is locked or the password has expired."
        )
    advice = "Check sftp.username, and ask the partner whether the public half is installed."
    return advice + _hint_of_age(transport, login)


def _hint_of_age(transport: NegotiatingTransport, login: SftpLogin) -> str:
    """Old servers do not name their signature algorithms, and turn newer ones away unexplained."""
    if "server-sig-algs" in transport.server_extensions or "ssh-rsa" in login.legacy_algorithms:
        return ""
    if login.auth_type == "password" or not _is_rsa(login):
        return ""
    return (
        " Or the server is too old for this RSA key's signatures: then set "
        "`legacy_algorithms: [ssh-rsa]` under sftp, or use an ed25519 key."
    )


def _is_rsa(login: SftpLogin) -> bool:
    return read_private_key(login.private_key or "", login.passphrase).get_name() == "ssh-rsa"


def _wrong_kind(login: SftpLogin, allowed: list[str]) -> RemoteRefused:
    return RemoteRefused(
        f"{login.place} does not take a {_kind(login)} from {login.username}; it takes: "
        f"{', '.join(allowed) or 'nothing'}.",
        fix="Set sftp.auth_type (password or private_key) to what the partner has set up.",
        who="you",
        step="sign_in",
    )


def _lost(
    transport: NegotiatingTransport, login: SftpLogin, dialogue: Dialogue, error: Exception
) -> RemoteUnavailable:
    if isinstance(error, TimeoutError):
        reason = f"was silent for {login.timeout_seconds:g} s"
    elif dialogue.questions:
        reason = f"hung up after asking {dialogue.questions[-1]!r}"
    else:
        reason = "hung up"
    return RemoteUnavailable(
        f"{login.place} {reason} while {login.username} was signing in.",
        fix="It may have shut the account for some minutes after failed attempts; if this goes "
        f"on, ask the partner.{_hint_of_age(transport, login)}",
        step="sign_in",
    )


def _expired(login: SftpLogin) -> RemoteRefused:
    return RemoteRefused(
        f"{login.place} wants a new password for {login.username}: the old one has expired.",
        fix="Ask the partner for a new one, best one that does not expire, and set sftp.password.",
        step="sign_in",
    )


def _kind(login: SftpLogin) -> str:
    return "password" if login.auth_type == "password" else "private key"


def _incomplete(problem: str) -> RemoteRefused:
    return RemoteRefused(problem, fix="Set it in the configuration.", who="you", step="sign_in")

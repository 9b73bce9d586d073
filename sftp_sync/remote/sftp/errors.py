"""What a server's answers mean: the one place where the wire's errors become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sftp_sync.errors import RemoteExists, RemoteMissing, RemoteRefused, RemoteUnavailable
from sftp_sync.model import shown
from sftp_sync.remote.sftp.listing import TooManyEntriesError
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.packets import BrokenConnectionError, Status
from sftp_sync.remote.sftp.session import StatusError
from sftp_sync.remote.sftp.transfer import TruncatedError

NO_SPACE = (Status.NO_SPACE, Status.QUOTA_EXCEEDED)
MISSING = (Status.NO_SUCH_FILE, Status.NO_SUCH_PATH)
GONE = (Status.NO_CONNECTION, Status.CONNECTION_LOST)
SAYS_NOTHING = {"", "failure", "error", "sftp failure", "general failure", "unknown error"}


@dataclass(frozen=True)
class Doing:
    """An operation in words: what is tried (`list`), on which path, for which step."""

    step: str
    what: str
    path: str

    @property
    def words(self) -> str:
        """As it stands in a sentence."""
        return f"{self.what} {shown(self.path)}"


@contextmanager
def translated(login: SftpLogin, doing: Doing) -> Iterator[None]:
    """Turn the session's errors into ours."""
    try:
        yield
    except StatusError as error:
        raise refusal(login, doing, error) from error
    except TruncatedError as error:
        raise RemoteUnavailable(
            f"{login.place}, {doing.words}: {error}.",
            fix="The partner may be replacing the file just now; it is tried again.",
            step=doing.step,
        ) from error
    except TooManyEntriesError as error:
        raise RemoteRefused(
            f"{login.place}, {shown(doing.path)}: {error}, and is not looked through.",
            fix="Ask the partner to move away what is done, or name a folder of its own.",
            step=doing.step,
        ) from error
    except BrokenConnectionError as error:
        raise RemoteUnavailable(
            f"{login.place}: {error}, while trying to {doing.words}.",
            fix="Nothing is lost; it is tried again. If this goes on, ask the partner.",
            step=doing.step,
        ) from error


def refusal(
    login: SftpLogin, doing: Doing, error: StatusError
) -> RemoteRefused | RemoteUnavailable:
    """What a status means for an operation."""
    if error.code in MISSING:
        return RemoteMissing(
            f"{login.place} has no {shown(doing.path)}{_said(error)}: cannot {doing.what} it.",
            fix="Correct the path in the configuration, or ask the partner to create the folder.",
            who="you",
            step=doing.step,
        )
    if error.code == Status.FILE_ALREADY_EXISTS:
        return taken(login, doing)
    if error.code in GONE:
        return RemoteUnavailable(
            f"{login.place} has lost what lies behind it{_said(error)}, while trying to "
            f"{doing.words}.",
            fix="If this goes on, ask the partner.",
            step=doing.step,
        )
    problem, fix = _problem(login, doing, error)
    return RemoteRefused(
        f"{login.place} {problem}: cannot {doing.words}{_said(error)}.", fix=fix, step=doing.step
    )


def taken(login: SftpLogin, doing: Doing) -> RemoteExists:
    """The name is in use."""
    return RemoteExists(
        f"{login.place} already has {shown(doing.path)}; nothing was overwritten.",
        fix="Ask the partner to move it away, or remove it.",
        step=doing.step,
    )


def _problem(login: SftpLogin, doing: Doing, error: StatusError) -> tuple[str, str]:
    if error.code in (Status.PERMISSION_DENIED, Status.WRITE_PROTECT):
        return (
            f"does not permit it to {login.username}",
            f"Ask the partner to allow {login.username} to {doing.words}.",
        )
    if error.code in NO_SPACE or "space" in error.text.lower() or "quota" in error.text.lower():
        return (
            "has no room left",
            f"Ask the partner to make room on the disk or raise the quota of {login.username}.",
        )
    if error.code == Status.UNSUPPORTED:
        return "does not support this", "Ask the partner whether the server can be set up for it."
    if doing.step == "write_export":
        return "failed", "A full disk or a quota is the usual reason: ask the partner."
    return "failed", f"Ask the partner what {login.username} lacks to {doing.words}."


def _said(error: StatusError) -> str:
    """The server's own words, unless they are only the name of the status."""
    plain = {"no such file", "no such file or directory", "permission denied", *SAYS_NOTHING}
    if error.text.lower().rstrip(".") in plain:
        return f" (it says only {error.text!r})" if error.code == Status.FAILURE else ""
    return f" (it says {error.text[:200]!r})"

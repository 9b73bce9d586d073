"""Who may come in: the sandbox's users, by password or by key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from paramiko import PKey, ServerInterface
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.server import InteractiveQuery

from sftp_sync.sandbox.sftp_link import Link
from sftp_sync.sandbox.sftp_tree import Tree


@dataclass(frozen=True)
class SandboxUser:
    """An account: its own directory, and how it signs in."""

    name: str
    root: Path
    password: str | None = field(default=None, repr=False)
    public_keys: tuple[str, ...] = ()


class Door(ServerInterface):
    """Answers one client's attempts to sign in."""

    def __init__(self, users: dict[str, SandboxUser], link: Link) -> None:
        self._users = users
        self._link = link
        self._asked = ""
        self._user: SandboxUser | None = None

    @property
    def tree(self) -> Tree:
        """The files of whoever has signed in."""
        if self._user is None:
            raise PermissionError("nobody has signed in")
        return Tree(self._user.root, self._link.quirks)

    def get_allowed_auths(self, username: str) -> str:
        """What is worth trying."""
        if self._link.quirks.keyboard_interactive_only:
            return "keyboard-interactive"
        user = self._users.get(username)
        allowed = [] if user is None or not user.public_keys else ["publickey"]
        if user is None or user.password is not None:
            allowed.append("password")
        return ",".join(allowed)

    def check_auth_password(self, username: str, password: str) -> int:
        """By password."""
        self._link.fall_silent_at("sign_in")
        if self._link.quirks.keyboard_interactive_only:
            return AUTH_FAILED
        return self._judged(username, self._is_password(username, password))

    def check_auth_publickey(self, username: str, key: PKey) -> int:
        """By key."""
        self._link.fall_silent_at("sign_in")
        user = self._users.get(username)
        known = [] if user is None else [line.split()[1] for line in user.public_keys]
        return self._judged(username, key.get_base64() in known)

    def check_auth_interactive(self, username: str, submethods: str) -> int | InteractiveQuery:
        """By dialogue: the password is the answer."""
        del submethods
        self._asked = username
        return InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        """What was answered."""
        answer = "".join(responses)
        return self._judged(self._asked, self._is_password(self._asked, answer))

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Only a session, for SFTP in it."""
        del chanid
        self._link.fall_silent_at("channel")
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def _is_password(self, username: str, password: str) -> bool:
        user = self._users.get(username)
        if user is None or user.password is None:
            return False
        return hmac.compare_digest(user.password.encode(), password.encode())

    def _judged(self, username: str, is_right: bool) -> int:  # noqa: FBT001 - a verdict
        self._link.journal.write("signed_in" if is_right else "turned_away", username)
        if not is_right:
            return AUTH_FAILED
        self._user = self._users[username]
        self._link.user = username
        return AUTH_SUCCESSFUL

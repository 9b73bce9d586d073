"""What it takes to reach a partner's server and sign in there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class SftpLogin:
    """Plain values: secrets and files are resolved, nothing is looked up in the environment.

    `host_keys` are pins: `SHA256:…` fingerprints, public key texts, or known_hosts lines. With no
    pin and no `known_hosts` no server is trusted. `timeout_seconds` is how long the server may
    stay silent at any point. `legacy_algorithms` names what is off unless asked for.
    """

    host: str
    username: str
    port: int = 22
    auth_type: Literal["password", "private_key"] = "password"
    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    host_keys: tuple[str, ...] = ()
    known_hosts: Path | None = None
    timeout_seconds: float = 30
    file_mode: int | None = None
    legacy_algorithms: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The server as messages name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 22 else f"{host}:{self.port}"  # noqa: PLR2004 - the port of SSH

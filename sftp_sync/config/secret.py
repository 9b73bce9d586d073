"""Secrets: where each lies, and its text only for those who ask at the moment of connecting."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import PlainValidator, ValidationInfo

from sftp_sync.config.problems import ConfigProblems, Problem
from sftp_sync.config.values import as_text, local_path

Source = Literal["string", "env", "file", "credential"]
SOURCES = ("env", "file", "credential")
HINT = "must be text, {env: NAME}, {file: PATH} or {credential: NAME}."
CREDENTIAL_FOLDER = "/etc/sftp-sync/credentials"


@dataclass(frozen=True)
class Place:
    """Where a secret is asked for, so that a missing one can say so."""

    file: Path = Path("config.yaml")
    line: int = 0
    path: str = ""
    credentials: tuple[str, ...] = ()


class Secret:
    """A secret by reference. It prints as `***`; `resolve` reads it anew each time."""

    __slots__ = ("_text", "place", "reference", "source")

    def __init__(self, source: Source, reference: str = "", text: str = "") -> None:
        self.source: Source = source
        self.reference = reference
        self.place = Place()
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine = (self.source, self.reference, self._text)
        return mine == (other.source, other.reference, other._text)

    def __hash__(self) -> int:
        return hash((self.source, self.reference))

    @property
    def origin(self) -> str:
        """Where it comes from, in words that hold nothing secret."""
        return (
            "written in the file" if self.source == "string" else f"{self.source} {self.reference}"
        )

    def resolve(self, environment: Mapping[str, str]) -> str:
        """The secret's text; `ConfigProblems` with what to type where it is not there."""
        text = self._read(environment)
        if not text:
            raise self._missing(f"the secret from {self.origin} is empty.")
        return text

    def _read(self, environment: Mapping[str, str]) -> str:
        match self.source:
            case "string":
                return self._text
            case "env":
                return self._from_environment(environment)
            case "file":
                return self._from_file(Path(self.reference))
            case "credential":
                return self._from_systemd(environment)

    def _from_environment(self, environment: Mapping[str, str]) -> str:
        if self.reference not in environment:
            raise self._missing(
                f"the environment has no {self.reference}. Type `export {self.reference}=…` first, "
                "or set it in the unit with EnvironmentFile=.",
            )
        return environment[self.reference]

    def _from_file(self, path: Path) -> str:
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise self._missing(f"there is no file {path}. Put the secret there.") from None
        except UnicodeDecodeError:
            raise self._missing(f"{path} is not text. Save the secret there as UTF-8.") from None
        except OSError as error:
            raise self._missing(
                f"{path} cannot be read ({error.strerror}). Type `ls -l {path}`: it must belong to "
                "the user that runs sftp-sync.",
            ) from None
        # Editors and `echo` end a file with one newline that is no part of the secret.
        return text.removesuffix("\n").removesuffix("\r")

    def _from_systemd(self, environment: Mapping[str, str]) -> str:
        folder = environment.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise self._missing(
                f"the credential {self.reference} is only there under systemd. Type:\n"
                f"    {self._systemd_run()}",
            )
        path = Path(folder) / self.reference
        if not path.exists():
            raise self._missing(
                f"the unit has no credential {self.reference}. Add to it: LoadCredential="
                f"{self.reference}:{CREDENTIAL_FOLDER}/{self.reference}",
            )
        return self._from_file(path)

    def _systemd_run(self) -> str:
        names = self.place.credentials or (self.reference,)
        loads = [f"-pLoadCredential={name}:{CREDENTIAL_FOLDER}/{name}" for name in names]
        command = ["sftp-sync", "test-connection", "-c", str(self.place.file.absolute())]
        start = ["sudo", "systemd-run", "--pty", "--wait", "--collect", "-pUser=sftp-sync"]
        return shlex.join([*start, *loads, *command])

    def _missing(self, message: str) -> ConfigProblems:
        place = self.place
        return ConfigProblems(place.file, [Problem(place.line, place.path, message)])


def read_secret(written: object, info: ValidationInfo) -> Secret:
    """Text, or where to find it. The text itself never enters a message."""
    if isinstance(written, Mapping):
        return _reference(written, info)
    text = as_text(written)
    if not isinstance(text, str):
        raise ValueError(HINT)
    if not text.strip():
        raise ValueError(f"is empty. It {HINT}")
    return Secret("string", text=text)


def _reference(written: Mapping[object, object], info: ValidationInfo) -> Secret:
    if len(written) != 1:
        raise ValueError(f"names more or less than one place. It {HINT}")
    source, reference = next(iter(written.items()))
    reference = as_text(reference)
    if source not in SOURCES or not isinstance(reference, str) or not reference.strip():
        raise ValueError(HINT)
    if source == "file":
        return Secret("file", str(local_path(reference, info)))
    if source == "credential":
        if "/" in reference:
            raise ValueError("a credential is a name as in LoadCredential=NAME:PATH, not a path.")
        return Secret("credential", reference)
    return Secret("env", reference)


def read_key_secret(written: object, info: ValidationInfo) -> Secret:
    """A private key as a secret, with the usual mix-ups told apart."""
    if isinstance(written, str):
        if written.startswith(("/", "~", "./")):
            raise ValueError("is a path. Write {file: PATH}.")
        if written.startswith(("ssh-", "ecdsa-sha2-")):
            raise ValueError("is a public key. The private one stands in the file without .pub.")
        if written.startswith("PuTTY-User-Key-File"):
            raise ValueError(
                "is a PuTTY key. Convert it: puttygen KEY.ppk -O private-openssh -o KEY"
            )
        if "-----BEGIN" not in written:
            raise ValueError("holds no private key (-----BEGIN …). Or write {file: PATH}.")
    return read_secret(written, info)


SecretField = Annotated[Secret, PlainValidator(read_secret)]
KeyField = Annotated[Secret, PlainValidator(read_key_secret)]

"""Where the ledger is: an address, which may be a secret because it may hold a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import PlainValidator, ValidationInfo

from sftp_sync.config.problems import ConfigProblems, Problem
from sftp_sync.config.secret import Secret, read_secret

HINT = "must be sqlite:////PATH or postgresql://USER@HOST/NAME."


def database_address(written: str) -> str:
    """An address that a ledger can have."""
    if written.startswith("postgres://"):
        raise ValueError("must begin with postgresql://, written out.")
    if re.match(r"postgresql(\+psycopg)?://[^\0]*$", written) and _is_address(written):
        return written
    if not written.startswith("sqlite://") or "\0" in written:
        raise ValueError(HINT)
    if not re.match("sqlite:////[^/]", written):
        raise ValueError("needs a whole path, with four slashes: sqlite:////var/lib/ledger.db.")
    return written


def _is_address(written: str) -> bool:
    try:
        return urlsplit(written).port is None or bool(urlsplit(written).hostname)
    except ValueError:
        return False


def read_database(written: object, info: ValidationInfo) -> Secret:
    """A secret whose text, where it stands in the file, is an address."""
    secret = read_secret(written, info)
    if secret.source == "string":
        database_address(secret.resolve({}))
    return secret


def ledger_address(database: Secret | None, state_dir: Path, environment: Mapping[str, str]) -> str:
    """The address that counts: the one that was named, else a file in state_dir."""
    if database is None:
        return f"sqlite:///{state_dir / 'ledger.db'}"
    address = database.resolve(environment)
    try:
        return database_address(address)
    except ValueError as error:
        place = database.place
        message = f"the text from {database.origin} {error}"
        raise ConfigProblems(place.file, [Problem(place.line, place.path, message)]) from None


def password_in(url: str) -> str | None:
    """The password of an address, if it holds one."""
    return urlsplit(url).password


DatabaseField = Annotated[Secret, PlainValidator(read_database)]

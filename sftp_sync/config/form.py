"""A configuration as it is written, and as the program uses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainValidator, with_config

from sftp_sync.config.accounts import STRICT, Account, is_a_name
from sftp_sync.config.campaigns import CampaignSettings
from sftp_sync.config.database import DatabaseField
from sftp_sync.config.problems import Problem
from sftp_sync.config.secret import Secret, SecretField
from sftp_sync.config.values import CENTURY_DAYS, Duration, Text, Whole, local_path
from sftp_sync.model import Campaign

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def name(written: str) -> str:
    """A name that is safe in commands, logs and paths."""
    if not NAME.fullmatch(written):
        raise ValueError(
            "a name is up to 64 letters, digits, - _ and dots, and begins with a letter."
        )
    return written


def listen_address(written: str) -> str:
    """HOST:PORT."""
    try:
        parts = urlsplit(f"//{written}")
        port = parts.port
    except ValueError:
        port = None
    host = parts.hostname if port else None
    if not host or not is_a_name(host) or parts.path or "@" in written:
        raise ValueError("must be HOST:PORT, as 127.0.0.1:8321.")
    return written


def email_address(written: str) -> str:
    """Somebody at some host."""
    if not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+|[^@\s,;]+@localhost", written):
        raise ValueError("must be one address, as ops@example.com.")
    return written


@with_config(STRICT)
@dataclass(frozen=True)
class Web:
    """The status page, health and metrics."""

    listen: Annotated[Text, AfterValidator(listen_address)] = "127.0.0.1:8321"

    @property
    def host(self) -> str:
        """Where to listen."""
        return urlsplit(f"//{self.listen}").hostname or ""

    @property
    def port(self) -> int:
        """On which port."""
        return urlsplit(f"//{self.listen}").port or 0


@with_config(STRICT)
@dataclass(frozen=True)
class Notify:
    """Whom to tell when a person must act: a webhook, or an address by way of a mail server
    (`smtp://USER:PASSWORD@HOST:587`, `smtps://…`); what is over within `after` is not told. Or an
    address that is asked every minute while all is well (`heartbeat`), and notices when it is not.
    """

    webhook: SecretField | None = None
    heartbeat: SecretField | None = None
    after: Duration = timedelta()
    email: Annotated[Text, AfterValidator(email_address)] | None = None
    smtp: SecretField | None = None
    sender: Annotated[Text, AfterValidator(email_address)] | None = None


AccountName = Annotated[str, AfterValidator(name)]


@with_config(STRICT)
@dataclass(frozen=True)
class Form:
    """The whole file."""

    state_dir: Annotated[
        Path,
        PlainValidator(local_path),
        Field(description="Where do the ledger and the spool live? As /var/lib/sftp-sync."),
    ]
    accounts: Annotated[
        dict[AccountName, Account],
        Field(min_length=1, description="Which vendor's account makes the calls?"),
    ]
    campaigns: Annotated[
        dict[AccountName, CampaignSettings],
        Field(min_length=1, description="Which lists go where?"),
    ]
    database: DatabaseField | None = None
    web: Web | None = field(default_factory=Web)
    notify: tuple[Notify, ...] = ()
    keep_days: Annotated[Whole, Field(gt=0, le=CENTURY_DAYS)] = 90


@dataclass(frozen=True)
class CampaignConfig:
    """A campaign: what the steps use, the vendor's account, and the rest as it is written."""

    model: Campaign
    vendor: Account
    settings: CampaignSettings

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.model.name


@dataclass(frozen=True)
class Config:
    """A configuration that holds together. `warnings` are things to mend that stop nothing;
    `digest` tells whether the file still says the same.
    """

    path: Path
    state_dir: Path
    database: str = field(repr=False)
    accounts: Mapping[str, Account]
    campaigns: Mapping[str, CampaignConfig]
    web: Web | None
    notify: tuple[Notify, ...]
    keep_days: int
    warnings: tuple[Problem, ...] = ()
    secrets: tuple[Secret, ...] = ()
    digest: str = ""

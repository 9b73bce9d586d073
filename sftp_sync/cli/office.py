"""What most commands begin with: the configuration, the owner's rights, the ledger."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sftp_sync import logs
from sftp_sync.cli.owner import act_as_owner
from sftp_sync.config import CampaignConfig, Config, find_config, load
from sftp_sync.errors import UsageError

if TYPE_CHECKING:
    from sftp_sync.ledger import Ledger


@dataclass(frozen=True)
class Office:
    """A configuration and its ledger, opened."""

    config: Config
    ledger: Ledger


def read_config(context: typer.Context, config: Path | None) -> Config:
    """The configuration that was named before or after the command, or the first that is there;
    from here on the command has the rights of the owner of its state directory, and no more.
    """
    named = config if config is not None else context.find_root().obj
    read = load(find_config(named, os.environ), os.environ)
    if read.state_dir.is_dir():
        act_as_owner(read.state_dir)
    return read


@contextmanager
def opened(config: Config, *, may_migrate: bool = False) -> Iterator[Office]:
    """The ledger, as the owner of the state directory."""
    from sftp_sync.wiring.parts import open_ledger

    act_as_owner(config.state_dir)
    with open_ledger(config, may_migrate=may_migrate) as ledger:
        yield Office(config, ledger)


def chosen(config: Config, names: Sequence[str] | None) -> list[CampaignConfig]:
    """The campaigns that were named, or all that are enabled."""
    if not names:
        return [one for one in config.campaigns.values() if one.settings.enabled]
    unknown = [name for name in names if name not in config.campaigns]
    if unknown:
        raise UsageError(
            f"There is no campaign {', '.join(unknown)} in {config.path}.",
            fix=f"There are: {', '.join(config.campaigns)}.",
        )
    return [config.campaigns[name] for name in dict.fromkeys(names)]


def set_up_logs(*, verbose: bool, quiet: bool, is_service: bool = False) -> None:
    """Logs go to stderr: warnings, or everything. A service also tells what it does."""
    usual = 0 if is_service and not quiet else -1
    logs.configure(
        "auto",
        1 if verbose else usual,
        sys.stderr,
        to_journal="JOURNAL_STREAM" in os.environ,
        colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
    )


def print_json(document: object) -> None:
    """One document on stdout, and nothing else there. What would move something on a terminal is
    written as JSON writes control characters; letters of all languages stay.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False)
    typer.echo(
        "".join(
            sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text
        )
    )

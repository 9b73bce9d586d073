"""What most commands begin with: the configuration, the owner's rights, the ledger."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from sftp_sync import logs
from sftp_sync.cli.owner import act_as_owner
from sftp_sync.config import CampaignConfig, Config, find_config, load
from sftp_sync.errors import UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.wiring import open_ledger


@dataclass(frozen=True)
class Office:
    """A configuration and its ledger, opened."""

    config: Config
    ledger: Ledger


def read_config(context: typer.Context, config: Path | None) -> Config:
    """The configuration that was named before or after the command, or the first that is there."""
    named = config if config is not None else context.find_root().obj
    return load(find_config(named, os.environ), os.environ)


@contextmanager
def opened(config: Config, *, may_migrate: bool = False) -> Iterator[Office]:
    """The ledger, as the owner of the state directory."""
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
    """One document on stdout, and nothing else there."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))

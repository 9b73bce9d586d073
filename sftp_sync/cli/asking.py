"""Asking a person before something is changed."""

from __future__ import annotations

import sys

import typer

from sftp_sync.errors import UsageError

DECLINED = 1


def require_consent(question: str, *, yes: bool) -> None:
    """Go on only with somebody's consent: `--yes`, or an answer at a terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{question} Nobody can be asked here, and nothing was changed.",
            fix="Type it again with --yes.",
        )
    if not typer.confirm(question, err=True):
        typer.echo("Nothing was changed.", err=True)
        raise typer.Exit(DECLINED)

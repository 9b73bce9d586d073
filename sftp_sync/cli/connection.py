"""sftp-sync test-connection"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from sftp_sync.cli.options import (
    CampaignsArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from sftp_sync.checkup import Checkup

PEOPLE = {"you": "you", "partner": "the partner", "vendor": "the vendor"}


def connection(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Try every step of the way to partner and vendor. Where one fails: who must do what."""
    from sftp_sync.cli import office
    from sftp_sync.cli.crew import check_everything

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    chosen = office.chosen(read, campaigns)
    with office.opened(read) as opened:
        checkups = check_everything(chosen, opened)
    if json:
        office.print_json({"campaigns": [_document(one) for one in checkups]})
    else:
        for one in checkups:
            _show(one, quiet=quiet)
    if any(one.is_misconfigured for one in checkups):
        raise typer.Exit(2)
    raise typer.Exit(0 if all(one.ok for one in checkups) else 1)


def _document(checkup: Checkup) -> dict[str, object]:
    return {
        "name": checkup.campaign,
        "ok": checkup.ok,
        "checks": [asdict(check) for check in checkup.checks],
    }


def _show(checkup: Checkup, *, quiet: bool) -> None:
    from sftp_sync.cli.screen import console, plain

    screen = console()
    if not quiet or not checkup.ok:
        verdict = "[green]ok[/]" if checkup.ok else "[red]failed[/]"
        screen.print(f"[bold]{plain(checkup.campaign)}[/]  {verdict}")
    for check in checkup.checks:
        if check.ok and not quiet:
            screen.print(f"  [green]ok[/]      {check.name:<14} {plain(check.detail)}")
        elif not check.ok:
            screen.print(f"  [red]failed[/]  {check.name:<14} {plain(check.detail)}")
            if check.fix:
                who = PEOPLE[check.who]
                screen.print(f"          [yellow]{who} must act:[/] {plain(check.fix)}")

"""sftp-sync campaign: the vendor's campaign, shown, changed, turned on and off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli import hosted_sftp
from sftp_sync.cli.options import (
    CampaignArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
    YesOption,
    name_config,
)
from sftp_sync.cli.turning import Status

if TYPE_CHECKING:
    from sftp_sync.wiring.owned import OwnedCampaign

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(hosted_sftp.app, name="hosted-sftp")


@app.callback()
def start(context: typer.Context, config: ConfigOption = None) -> None:
    """The vendor's campaign: settings, status, its own SFTP."""
    name_config(context, config)


@dataclass(frozen=True)
class Manner:
    """How a command was asked to go about it."""

    yes: bool
    json: bool
    quiet: bool


@app.command("show")
def show(
    context: typer.Context,
    campaign: CampaignArgument,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show its settings, its agent, its files and its figures."""
    from sftp_sync.cli import office
    from sftp_sync.cli.campaign_screen import campaign_document, show_campaign

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with _opened(context, config, campaign) as owned:
        found = owned.campaign.show()
    if json:
        office.print_json(campaign_document(campaign, found))
    else:
        show_campaign(campaign, found)


@app.command("update")
def update(
    context: typer.Context,
    campaign: CampaignArgument,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting, such as max_retries=2, days_of_week=mon-fri,"
            " call_time_ranges=09:00-12:00,13:00-17:00 or end_date=null; may be repeated.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.yaml", help="Settings from a file of these keys."),
    ] = None,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Change settings. They are checked here, the difference is shown, and you are asked."""
    from sftp_sync.cli import office
    from sftp_sync.cli.asking import require_consent
    from sftp_sync.cli.campaign_screen import differences, differences_document, show_differences
    from sftp_sync.config.vendor_campaign import changes_from, require_end_after_start

    office.set_up_logs(verbose=verbose, quiet=quiet)
    changes = changes_from(settings or [], file)
    with _opened(context, config, campaign) as owned:
        present = owned.campaign.show().fields
        require_end_after_start(changes, present)
        found = differences(changes, present)
        if not json and not (quiet and yes):
            show_differences(found)
        if found:
            require_consent(f"Change this at {campaign}?", yes=yes)
            owned.campaign.update({one.name: changes[one.name] for one in found})
    if json:
        office.print_json(differences_document(campaign, found))
    elif not quiet:
        typer.echo(f"{campaign}: {'changed' if found else 'nothing to change'}")


@app.command("activate")
def activate(
    context: typer.Context,
    campaign: CampaignArgument,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let the vendor call. A draft or paused campaign becomes active."""
    manner = Manner(yes=True, json=json, quiet=quiet)
    _turn(context, config, campaign, Status.ACTIVE, manner, verbose=verbose)


@app.command("pause")
def pause(
    context: typer.Context,
    campaign: CampaignArgument,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let the vendor start no new calls; those in progress go on."""
    manner = Manner(yes=True, json=json, quiet=quiet)
    _turn(context, config, campaign, Status.PAUSED, manner, verbose=verbose)


@app.command("complete")
def complete(
    context: typer.Context,
    campaign: CampaignArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """End the campaign for good; you are asked first."""
    manner = Manner(yes=yes, json=json, quiet=quiet)
    _turn(context, config, campaign, Status.COMPLETED, manner, verbose=verbose)


@app.command("cancel")
def cancel(
    context: typer.Context,
    campaign: CampaignArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Cancel the campaign for good; you are asked first."""
    manner = Manner(yes=yes, json=json, quiet=quiet)
    _turn(context, config, campaign, Status.CANCELLED, manner, verbose=verbose)


def _turn(
    context: typer.Context,
    config: Path | None,
    campaign: str,
    wanted: Status,
    manner: Manner,
    *,
    verbose: bool,
) -> None:
    from sftp_sync.cli import office
    from sftp_sync.cli.turning import turn

    office.set_up_logs(verbose=verbose, quiet=manner.quiet)
    with _opened(context, config, campaign) as owned:
        before = turn(owned, campaign, wanted, yes=manner.yes)
    if manner.json:
        changed = before != wanted
        office.print_json(
            {"name": campaign, "before": before, "status": wanted, "changed": changed}
        )
    elif not manner.quiet:
        was = "already" if before == wanted else f"now, {before} before"
        typer.echo(f"{campaign} is {wanted} {was}")


@contextmanager
def _opened(context: typer.Context, config: Path | None, campaign: str) -> Iterator[OwnedCampaign]:
    from sftp_sync.cli import office
    from sftp_sync.wiring.owned import owned_campaign

    (one,) = office.chosen(office.read_config(context, config), [campaign])
    with owned_campaign(one, os.environ) as owned:
        yield owned

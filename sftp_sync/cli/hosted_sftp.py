"""sftp-sync campaign hosted-sftp: the vendor's own SFTP integration, from our configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import (
    CampaignArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
    YesOption,
    name_config,
)

if TYPE_CHECKING:
    from sftp_sync.config import CampaignConfig
    from sftp_sync.wiring.owned import OwnedCampaign

NEEDS_A_LOOK = 1
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def start(context: typer.Context, config: ConfigOption = None) -> None:
    """The vendor's own SFTP integration. It does in its place what this program does."""
    name_config(context, config)


@app.command("create")
def create(
    context: typer.Context,
    campaign: CampaignArgument,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Set it up from the campaign's `sftp` block. It is disabled at first."""
    from sftp_sync.cli import office
    from sftp_sync.errors import UsageError
    from sftp_sync.wiring.owned import hosted_settings

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with _opened(context, config, campaign) as (one, owned):
        wanted = hosted_settings(one, os.environ)
        if owned.hosted.show() is not None:
            raise UsageError(
                f"The vendor has an SFTP integration of {campaign} already.",
                fix=f"Type: sftp-sync campaign hosted-sftp update {campaign}",
            )
        owned.hosted.create(wanted.fields, wanted.secrets)
    if json:
        office.print_json({"name": campaign, "created": True, "is_enabled": False})
    elif not quiet:
        typer.echo(f"{campaign}: set up at the vendor, disabled")
        typer.echo(f"To try it, type: sftp-sync campaign hosted-sftp test {campaign}")


@app.command("show")
def show(
    context: typer.Context,
    campaign: CampaignArgument,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """What the vendor has, without secrets, and its latest jobs."""
    from sftp_sync.cli import office
    from sftp_sync.cli.campaign_screen import show_hosted

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with _opened(context, config, campaign) as (_, owned):
        found = owned.hosted.show()
        jobs = () if found is None else owned.hosted.jobs()
    if json:
        hosted = None if found is None else dict(found)
        office.print_json({"name": campaign, "hosted_sftp": hosted, "jobs": list(jobs)})
    else:
        show_hosted(campaign, found, jobs)


@app.command("update")
def update(
    context: typer.Context,
    campaign: CampaignArgument,
    enable: Annotated[
        bool | None,
        typer.Option(
            "--enable/--disable",
            help="Only turn it on or off. Default: send the campaign's `sftp` block anew.",
            show_default=False,
        ),
    ] = None,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Bring it in line with the configuration, or turn it on or off."""
    from sftp_sync.cli import office
    from sftp_sync.wiring.owned import hosted_settings

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with _opened(context, config, campaign) as (one, owned):
        if enable is None:
            wanted = hosted_settings(one, os.environ)
            if _may_be_enabled(owned):
                _require_one_importer(one, wanted.fields, yes=yes)
            owned.hosted.update(wanted.fields, wanted.secrets)
            said = "its settings are those of the configuration now"
        else:
            if enable:
                _require_one_importer(one, owned.hosted.show(), yes=yes)
            owned.hosted.update({"is_enabled": enable})
            said = "enabled" if enable else "disabled"
    if json:
        office.print_json({"name": campaign, "updated": True, "is_enabled": enable})
    elif not quiet:
        typer.echo(f"{campaign}: {said}")


@app.command("test")
def try_connection(
    context: typer.Context,
    campaign: CampaignArgument,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let the vendor try the connection. Without a test that passed it cannot be enabled."""
    from sftp_sync.cli import office
    from sftp_sync.errors import printable

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with _opened(context, config, campaign) as (_, owned):
        tested = owned.hosted.test()
    if json:
        details = dict(tested.details)
        document = {"name": campaign, "ok": tested.ok, "said": tested.said, "details": details}
        office.print_json(document)
    elif not tested.ok or not quiet:
        verdict = "passed" if tested.ok else "failed"
        typer.echo(f"{campaign}: the vendor's test {verdict}: {printable(tested.said)}")
        if not tested.ok:
            typer.echo(f"To see what is set there: sftp-sync campaign hosted-sftp show {campaign}")
    raise typer.Exit(0 if tested.ok else NEEDS_A_LOOK)


@app.command("import")
def start_import(
    context: typer.Context,
    campaign: CampaignArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let the vendor look for new files now. It queues their contacts itself."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with _opened(context, config, campaign) as (one, owned):
        _require_one_importer(one, owned.hosted.show(), yes=yes)
        job = owned.hosted.start_import()
    if json:
        office.print_json({"name": campaign, "job_id": job})
    elif not quiet:
        typer.echo(f"{campaign}: the vendor imports now (job {job})")
        typer.echo(f"How it goes: sftp-sync campaign hosted-sftp show {campaign}")


def _may_be_enabled(owned: OwnedCampaign) -> bool:
    """Whether it imports by itself; where the vendor does not say so, it may."""
    present = owned.hosted.show()
    return present is not None and present.get("is_enabled") is not False


def _require_one_importer(
    one: CampaignConfig, hosted: Mapping[str, object] | None, *, yes: bool
) -> None:
    """Two that import the same folder call its people twice: only with consent. `hosted`: the
    settings that the vendor is to import by.
    """
    from sftp_sync.cli.asking import require_consent
    from sftp_sync.hosted import imports_our_folder

    if one.settings.enabled and imports_our_folder(one.model, hosted):
        require_consent(
            f"{one.name} is enabled here and takes its lists from the same folder: who is on them"
            " would be called twice. Go on?",
            yes=yes,
        )


@contextmanager
def _opened(
    context: typer.Context, config: Path | None, campaign: str
) -> Iterator[tuple[CampaignConfig, OwnedCampaign]]:
    from sftp_sync.cli import office
    from sftp_sync.wiring.owned import owned_campaign

    (one,) = office.chosen(office.read_config(context, config), [campaign])
    with owned_campaign(one, os.environ) as owned:
        yield one, owned

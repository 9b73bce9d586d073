"""sftp-sync suppress: numbers that are not to be called."""

from __future__ import annotations

import os
from collections.abc import Mapping
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
    from sftp_sync.model import SuppressedNumber, SuppressionList

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)
NumbersArgument = Annotated[
    list[str], typer.Argument(metavar="NUMBER…", help="With country code, or with --region.")
]
RegionOption = Annotated[
    str | None,
    typer.Option(help="The country of numbers without a country code, such as US."),
]


@app.callback()
def start(context: typer.Context, config: ConfigOption = None) -> None:
    """Do-not-call numbers: never called, in no campaign."""
    name_config(context, config)


@app.command("add")
def add(
    context: typer.Context,
    numbers: NumbersArgument,
    region: RegionOption = None,
    reason: Annotated[str, typer.Option(help="Why; kept beside the number.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Never call these numbers. Rows that are due already are not sent either."""
    from sftp_sync.cli import office
    from sftp_sync.intake.numbers import typed_number
    from sftp_sync.wiring.parts import now

    office.set_up_logs(verbose=verbose, quiet=quiet)
    phones = [typed_number(number, region) for number in numbers]
    with office.opened(office.read_config(context, config)) as opened:
        for phone in phones:
            opened.ledger.suppressions.add(phone, reason, now())
    _say(phones, "is not called any more", as_json=json, quiet=quiet)


@app.command("remove")
def remove(
    context: typer.Context,
    numbers: NumbersArgument,
    region: RegionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take numbers off; those on a partner's list stay suppressed there."""
    from sftp_sync.cli import office
    from sftp_sync.errors import UsageError
    from sftp_sync.intake.numbers import typed_number

    office.set_up_logs(verbose=verbose, quiet=quiet)
    phones = [typed_number(number, region) for number in numbers]
    with office.opened(office.read_config(context, config)) as opened:
        missing = [phone for phone in phones if not opened.ledger.suppressions.remove(phone)]
    if missing:
        gone = [phone for phone in phones if phone not in missing]
        off = f" Off now: {', '.join(gone)}." if gone else ""
        raise UsageError(
            f"{', '.join(missing)}: not suppressed by hand.{off}",
            fix="Type: sftp-sync suppress list",
        )
    _say(phones, "may be called again", as_json=json, quiet=quiet)


@app.command("list")
def show(
    context: typer.Context,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """The numbers added here, and the partners' lists in force."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        numbers = opened.ledger.suppressions.by_hand()
        lists = opened.ledger.suppressions.lists()
    if json:
        office.print_json(
            {
                "numbers": [_number_document(one) for one in numbers],
                "lists": [_list_document(one) for one in lists],
            }
        )
    else:
        _show(numbers, lists)


@app.command("push")
def push(
    context: typer.Context,
    campaign: CampaignArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Send a campaign's numbers to Talkover's do-not-call list."""
    from sftp_sync.cli import office
    from sftp_sync.cli.asking import require_consent
    from sftp_sync.model import many
    from sftp_sync.wiring.owned import owned_campaign

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    (one,) = office.chosen(read, [campaign])
    with office.opened(read) as opened:
        ours = opened.ledger.suppressions.numbers(one.name)
    with owned_campaign(one, os.environ) as owned:
        fields = owned.campaign.show().fields
        theirs = fields.get("do_not_call_custom_list")
        known = [str(phone) for phone in theirs] if isinstance(theirs, list) else None
        wanted = sorted({*ours, *(known or ())})
        count = many(len(wanted), "number")
        is_new = known is None or set(wanted) != set(known)
        if is_new:
            require_consent(_question(campaign, count, known), yes=yes)
            owned.campaign.update({"do_not_call_custom_list": wanted})
    if json:
        office.print_json({"name": campaign, "numbers": len(wanted), "changed": is_new})
    elif not quiet:
        typer.echo(f"{campaign}: {count} {'sent' if is_new else 'there already'}")
        if more := len(set(known or ()) - set(ours)):
            typer.echo(f"{many(more, 'number')} of these only the vendor has; push removes none.")
    _say_whether_it_counts(campaign, fields)


def _question(campaign: str, count: str, known: list[str] | None) -> str:
    if known is None:
        return (
            f"The vendor does not show the custom list of {campaign}: it is replaced by"
            f" {count} as a whole. Go on?"
        )
    return f"The custom list of {campaign} grows from {len(known):,} to {count}. Go on?"


def _say_whether_it_counts(campaign: str, fields: Mapping[str, object]) -> None:
    """The vendor looks at the custom list only where it is told to."""
    source = fields.get("do_not_call_list_source")
    if source == "custom" and fields.get("do_not_call_enabled") is True:
        return
    typer.echo(
        f"The vendor does not go by that list yet (do_not_call_list_source is {source}). To let it:"
        f" sftp-sync campaign update {campaign} --set do_not_call_enabled=true --set"
        " do_not_call_list_source=custom",
        err=True,
    )


def _say(phones: list[str], what: str, *, as_json: bool, quiet: bool) -> None:
    from sftp_sync.cli.office import print_json

    if as_json:
        print_json({"numbers": phones})
        return
    for phone in () if quiet else phones:
        typer.echo(f"{phone} {what}")


def _number_document(one: SuppressedNumber) -> dict[str, object]:
    from sftp_sync.overview import utc

    return {"phone": one.phone, "reason": one.reason, "since": utc(one.since)}


def _list_document(one: SuppressionList) -> dict[str, object]:
    from sftp_sync.overview import utc

    source = one.source
    return {
        "campaign": one.campaign,
        "name": None if source is None else source.name,
        "sha256": None if source is None else source.sha256,
        "dated_at": None if source is None else utc(source.dated_at),
        "taken_at": utc(one.taken_at),
        "numbers": one.numbers,
        "unreadable": one.unreadable,
        "problem": one.problem,
    }


def _show(numbers: list[SuppressedNumber], lists: list[SuppressionList]) -> None:
    from sftp_sync.cli.screen import console, plain, table

    screen = console()
    shown = table("number", "since", "reason")
    for one in numbers:
        shown.add_row(one.phone, f"{one.since:%Y-%m-%d %H:%M} UTC", plain(one.reason))
    screen.print(shown if numbers else "no numbers were added here")
    listed = table("campaign", "the partner's list", "of", "#numbers", "#not readable")
    for each in lists:
        source = each.source
        listed.add_row(
            plain(each.campaign),
            plain("none" if source is None else source.name),
            "-" if source is None else f"{source.dated_at:%Y-%m-%d %H:%M} UTC",
            f"{each.numbers:,}",
            f"{each.unreadable:,}",
        )
    if lists:
        screen.print(listed)
    for each in lists:
        if each.problem is not None:
            screen.print(f"  [yellow]![/] {plain(each.campaign)}: {plain(each.problem)}")

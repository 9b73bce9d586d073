"""sftp-sync adopt: a person says that a campaign under a new address or id is the same one."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import (
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sftp_sync.adopting import Adopted
    from sftp_sync.attention import Concern
    from sftp_sync.cli.office import Office
    from sftp_sync.config import CampaignConfig

NEEDS_A_LOOK = 1


NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="CAMPAIGN", help="A campaign of the configuration, or the name one had before."
    ),
]
NewOption = Annotated[
    bool, typer.Option("--new", help="It is another campaign than the one whose place it has.")
]


def adopt(
    context: typer.Context,
    campaign: NameArgument,
    new: NewOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say that a moved campaign is the same one.

    It has another campaign_id or base_url now, and rows wait that were recorded for the former one.
    Rows that were never claimed go to the new place. What may have been called goes there too if
    calls of the old place are in the new one's list at the vendor; else put the old one back.

    Where files become campaigns of the vendor's (Kathan), a campaign that was renamed does not run:
    `adopt OLD` says that it is OLD under a new name, `adopt --new CAMPAIGN` that it is not.

    Example: sftp-sync adopt renewals
    """
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    with office.opened(read) as opened:
        if new or campaign not in read.campaigns:
            said = _known_as_new(opened, campaign) if new else _renamed(opened, campaign)
            if json:
                office.print_json(said)
            elif not quiet:
                typer.echo(said["said"])
            return
        (chosen,) = office.chosen(read, [campaign])
        done = _adopted(opened, chosen)
        left = _left(opened, chosen)
    if json:
        office.print_json(_document(chosen, done, left))
    else:
        _say(chosen, done, left, quiet=quiet)
    raise typer.Exit(NEEDS_A_LOOK if left else 0)


def _known_as_new(opened: Office, name: str) -> dict[str, object]:
    from sftp_sync.cli import office

    (chosen,) = office.chosen(opened.config, [name])
    opened.ledger.renames.set_apart(chosen.model)
    return {"campaign": name, "former": None, "said": f"{name} is a campaign of its own"}


def _renamed(opened: Office, former: str) -> dict[str, object]:
    from sftp_sync.adopting import adopt_name
    from sftp_sync.errors import UsageError
    from sftp_sync.model import many
    from sftp_sync.wiring.parts import nobody_watches, surroundings

    models = [one.model for one in opened.config.campaigns.values()]
    suspects = opened.ledger.renames.suspects(models).values()
    found = [one.campaign for one in suspects if one.former == former and one.can_be_it]
    if len(found) != 1:
        raise UsageError(
            f"No campaign of the configuration seems to be {former} under a new name."
            if not found
            else f"{' and '.join(found)} seem to be {former} under a new name.",
            fix="Type: sftp-sync status"
            if not found
            else f"For those that are not, type: sftp-sync adopt --new {found[0]}",
        )
    around = surroundings(opened.config, opened.ledger, nobody_watches, threading.Event())
    files = adopt_name(opened.config.campaigns[found[0]].model, former, around)
    said = f"{found[0]} is {former} under a new name: {many(files, 'file')}"
    return {"campaign": found[0], "former": former, "files": files, "said": said}


def _adopted(opened: Office, chosen: CampaignConfig) -> list[Adopted]:
    from sftp_sync.adopting import adopt as move
    from sftp_sync.wiring.parts import nobody_watches, surroundings
    from sftp_sync.wiring.vendors import vendors_of

    stopping = threading.Event()
    around = surroundings(opened.config, opened.ledger, nobody_watches, stopping)
    with vendors_of([chosen], os.environ, stopping) as vendors:
        return move(chosen.model, partial(vendors.provider_of, chosen), around)


def _left(opened: Office, chosen: CampaignConfig) -> list[Concern]:
    from sftp_sync.overview import standings

    (standing,) = standings([chosen.model], opened.ledger)
    return [one for one in standing.concerns if one.cause == "destination_changed"]


def _document(
    chosen: CampaignConfig, done: Sequence[Adopted], left: Sequence[Concern]
) -> dict[str, object]:
    return {
        "campaign": chosen.name,
        "destination": chosen.model.destination,
        "adopted": [
            {"recorded_for": one.recorded_for, "recognised": one.is_same, "rows": one.rows}
            for one in done
        ],
        "attention": [one.line for one in left],
    }


def _say(
    chosen: CampaignConfig, done: Sequence[Adopted], left: Sequence[Concern], *, quiet: bool
) -> None:
    from sftp_sync.cli.screen import console, plain, show_attention
    from sftp_sync.model import many
    from sftp_sync.model.normal_form import in_words

    for one in () if quiet else done:
        told = "is the same campaign" if one.is_same else "is not known to be the same campaign"
        words = f"{in_words(one.recorded_for)} {told}: {many(one.rows, 'row')} moved"
        console().print(f"{plain(chosen.name)}  {plain(words)}")
    if not done and not quiet:
        console().print(f"{plain(chosen.name)}  every row was recorded for where it calls now")
    show_attention([one.line for one in left])

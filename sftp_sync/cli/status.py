"""sftp-sync status"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

from sftp_sync.cli.options import (
    CampaignsArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rich.table import Table

    from sftp_sync.config import CampaignConfig
    from sftp_sync.ledger.returns import Returned
    from sftp_sync.overview import Service, Standing

LATEST_FILES = 10


def status(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """What is going on, and what a person must do."""
    from sftp_sync.cli import office
    from sftp_sync.overview import left_behind, service, standings
    from sftp_sync.timetable import next_collect
    from sftp_sync.wiring.outlook import concerns_of_this_machine, outlook
    from sftp_sync.wiring.parts import now

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    asked = office.chosen(read, campaigns) if campaigns else list(read.campaigns.values())
    with office.opened(read) as opened:
        found = standings([one.model for one in asked], opened.ledger, outlook(read, now()))
        daemon, runs = service(opened.ledger, read.campaigns), opened.ledger.runs.all()
        leftovers = left_behind(opened.ledger, read.campaigns)
        shown = [file for one in found for file in one.files[0 if json else -LATEST_FILES :]]
        returned = opened.ledger.returns.of_files(shown)
    machine = concerns_of_this_machine(read)
    general = [one.line for one in (*daemon.concerns, *machine, *leftovers)]
    seen = [
        _Seen(one, standing, next_collect(one, runs, now()), returned)
        for one, standing in zip(asked, found, strict=True)
    ]
    if json:
        about = {"daemon": {"running": daemon.is_running}, "attention": general}
        office.print_json(about | {"campaigns": [_document(one) for one in seen]})
        return
    _show_general(daemon, general, quiet=quiet)
    for one in seen:
        _show(one, quiet=quiet)


class _Seen(NamedTuple):
    """A campaign, where it stands, when it runs next, and how far the results of its files are."""

    config: CampaignConfig
    standing: Standing
    next_run: datetime | None
    returned: Mapping[int, Returned]


def _document(seen: _Seen) -> dict[str, object]:
    from sftp_sync.overview import file_document, results_document, utc

    one, standing = seen.config, seen.standing
    known = standing.known
    return {
        "name": one.name,
        "provider": one.vendor.provider,
        "campaign_id": one.settings.campaign_id,
        "enabled": one.settings.enabled,
        "paused": known.paused,
        "connection": {"tested_at": utc(known.tested_at), "ok": known.tested_ok},
        "schedule": str(one.settings.import_schedule),
        "next_run": utc(seen.next_run),
        "attention": list(standing.attention),
        "files": [
            file_document(file) | {"results": results_document(seen.returned[file.id])}
            for file in standing.files
        ],
    }


def _show_general(daemon: Service, attention: Sequence[str], *, quiet: bool) -> None:
    from sftp_sync.cli.screen import console, show_attention

    if not quiet:
        console().print(f"[bold]daemon[/]  {'running' if daemon.is_running else 'not running'}")
    show_attention(attention)


def _show(seen: _Seen, *, quiet: bool) -> None:
    from sftp_sync.cli.screen import console, plain, show_attention

    one, standing = seen.config, seen.standing
    screen = console()
    if not quiet:
        words = [one.vendor.provider, f"schedule {one.settings.import_schedule}"]
        words += [f"next run {seen.next_run:%Y-%m-%d %H:%M} UTC"] if seen.next_run else []
        words += ["disabled"] if not one.settings.enabled else []
        words += ["paused"] if standing.known.paused else []
        screen.print(f"[bold]{plain(one.name)}[/]  {plain(', '.join(words))}")
        screen.print(_table(seen) if standing.files else "  no files yet")
        if len(standing.files) > LATEST_FILES:
            earlier = len(standing.files) - LATEST_FILES
            screen.print(f"  and {earlier:,} earlier ones: sftp-sync files")
    show_attention(standing.attention)


def _table(seen: _Seen) -> Table:
    from sftp_sync.cli.screen import coloured, counted, plain, table
    from sftp_sync.overview import results_words

    shown = table("#id", "file", "state", "received, UTC", "rows", "results")
    for file in seen.standing.files[-LATEST_FILES:]:
        shown.add_row(
            str(file.id),
            plain(file.name),
            coloured(file.state),
            f"{file.received_at:%Y-%m-%d %H:%M}",
            counted(file.rows),
            results_words(seen.returned[file.id]),
        )
    return shown

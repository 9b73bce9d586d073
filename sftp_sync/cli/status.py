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
    from collections.abc import Sequence
    from datetime import datetime

    from sftp_sync.config import CampaignConfig
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
    from sftp_sync.overview import service, standings
    from sftp_sync.timetable import next_collect
    from sftp_sync.wiring import concerns_of_this_machine, now, outlook

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    asked = office.chosen(read, campaigns) if campaigns else list(read.campaigns.values())
    with office.opened(read) as opened:
        found = standings([one.model for one in asked], opened.ledger, outlook(read, now()))
        daemon, runs = service(opened.ledger), opened.ledger.runs.all()
    general = [one.line for one in (*daemon.concerns, *concerns_of_this_machine(read))]
    seen = [
        _Seen(one, standing, next_collect(one, runs, now()))
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
    """A campaign, where it stands, and when it runs next."""

    config: CampaignConfig
    standing: Standing
    next_run: datetime | None


def _document(seen: _Seen) -> dict[str, object]:
    from sftp_sync.overview import file_document, utc

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
        "files": [file_document(file) for file in standing.files],
    }


def _show_general(daemon: Service, attention: Sequence[str], *, quiet: bool) -> None:
    from sftp_sync.cli.screen import console

    if not quiet:
        console().print(f"[bold]daemon[/]  {'running' if daemon.is_running else 'not running'}")
    _show_attention(attention)


def _show(seen: _Seen, *, quiet: bool) -> None:
    from sftp_sync.cli.screen import coloured, console, counted, plain, table

    one, standing = seen.config, seen.standing
    screen = console()
    if not quiet:
        words = [one.vendor.provider, f"schedule {one.settings.import_schedule}"]
        words += [f"next run {seen.next_run:%Y-%m-%d %H:%M} UTC"] if seen.next_run else []
        words += ["disabled"] if not one.settings.enabled else []
        words += ["paused"] if standing.known.paused else []
        screen.print(f"[bold]{plain(one.name)}[/]  {plain(', '.join(words))}")
        shown = table("#id", "file", "state", "received", "rows")
        for file in standing.files[-LATEST_FILES:]:
            received = f"{file.received_at:%Y-%m-%d %H:%M} UTC"
            shown.add_row(
                str(file.id), plain(file.name), coloured(file.state), received, counted(file.rows)
            )
        screen.print(shown if standing.files else "  no files yet")
        if len(standing.files) > LATEST_FILES:
            earlier = len(standing.files) - LATEST_FILES
            screen.print(f"  and {earlier:,} earlier ones: sftp-sync files")
    _show_attention(standing.attention)


def _show_attention(lines: Sequence[str]) -> None:
    from sftp_sync.cli.screen import console, plain

    for line in lines:
        console().print(f"  [yellow]![/] {plain(line)}")

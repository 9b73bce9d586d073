"""sftp-sync sync"""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import (
    CampaignsArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from sftp_sync.cli.crew import Everything, Order
    from sftp_sync.cli.office import Office
    from sftp_sync.config import CampaignConfig, Config
    from sftp_sync.overview import Standing
    from sftp_sync.reports import RunReport, SendReport, WindUp

NEEDS_A_LOOK, USAGE, BUG, BUSY = 1, 2, 3, 75


class OneStep(StrEnum):
    """The steps of a run."""

    COLLECT = "collect"
    DISPATCH = "dispatch"
    FOLLOW = "follow"
    PUBLISH = "publish"


def sync(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Classify every row and change nothing anywhere.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Leave what would need waiting to the next run.")
    ] = False,
    only: Annotated[
        list[OneStep] | None, typer.Option("--only", help="Only this step; may be repeated.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """One run: collect, dispatch, follow, publish."""
    from sftp_sync.cli import office
    from sftp_sync.cli.crew import Order
    from sftp_sync.sending.route import Patience

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    chosen = office.chosen(read, campaigns)
    if dry_run:
        code = _preview(read, chosen, json=json, quiet=quiet)
    else:
        order = Order(Patience(waits=not no_wait), tuple(one.value for one in only or OneStep))
        code = _sync(read, chosen, order, json=json, quiet=quiet)
    raise typer.Exit(code)


def _sync(
    config: Config,
    chosen: list[CampaignConfig],
    order: Order,
    *,
    json: bool,
    quiet: bool,
) -> int:
    from sftp_sync.cli import office
    from sftp_sync.cli.crew import run_everything
    from sftp_sync.cli.reports import show_reports, sync_document
    from sftp_sync.cli.screen import show_attention, watched
    from sftp_sync.overview import left_behind, restored, standings

    with (
        office.opened(config, may_migrate=True) as opened,
        watched(quiet=quiet or json) as watch,
    ):
        done = run_everything(chosen, opened, watch, order)
        _keep_house(opened)
        found = standings([one.model for one in chosen], opened.ledger)
        beside = (*restored(opened.ledger), *left_behind(opened.ledger, config.campaigns))
        left = [one.line for one in beside]
    if json:
        office.print_json(sync_document(done, found) | {"attention": left})
    else:
        show_reports(done, found, quiet=quiet)
        show_attention(left)
    return _code(done, found, left)


def _keep_house(opened: Office) -> None:
    """What a daemon does once a day is done by the first run of a day where there is none."""
    from sftp_sync.housekeeping import keep_house
    from sftp_sync.wiring.house import house_rules
    from sftp_sync.wiring.parts import nobody_watches, surroundings

    never = threading.Event()
    around = surroundings(opened.config, opened.ledger, nobody_watches, never)
    keep_house(house_rules(opened.config), around)


def _code(done: Everything, found: list[Standing], left: list[str]) -> int:
    from sftp_sync.errors import ConfigError

    if any(one.collected.stumbled for one in done.runs):
        return BUG
    ends = [problem for end in done.ends for problem in end.problems]
    problems = [*(one.problem for one in done.runs), *(one.problem for one in done.sends), *ends]
    if any(isinstance(problem, ConfigError) for problem in problems):
        return USAGE
    reports: list[RunReport | SendReport | WindUp] = [*done.runs, *done.sends, *done.ends]
    if left or not all(one.is_fine for one in reports) or any(one.attention for one in found):
        return NEEDS_A_LOOK
    return BUSY if done.is_busy else 0


def _preview(config: Config, chosen: list[CampaignConfig], *, json: bool, quiet: bool) -> int:
    from sftp_sync.cli import office
    from sftp_sync.cli.crew import side_by_side
    from sftp_sync.cli.previews import preview_document, show_previews
    from sftp_sync.cli.screen import watched
    from sftp_sync.run import rehearse

    with office.opened(config) as opened, watched(quiet=quiet or json) as watch:
        previews = side_by_side(rehearse, chosen, opened, watch)
    paces = [one.vendor.requests_per_minute for one in chosen]
    if json:
        pairs = zip(previews, paces, strict=True)
        office.print_json({"campaigns": [preview_document(*pair) for pair in pairs]})
    else:
        show_previews(previews, paces)
    return 0 if all(one.is_fine for one in previews) else NEEDS_A_LOOK

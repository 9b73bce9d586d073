"""sftp-sync daemon"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import typer

from sftp_sync.cli.exits import Exit, code_of
from sftp_sync.cli.options import ConfigOption, QuietOption, VerboseOption

if TYPE_CHECKING:
    from sftp_sync.cli.office import Office
    from sftp_sync.daemon.porter import Porter


def daemon(
    context: typer.Context,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """The same on each campaign's schedule. It sends all the time, until it is told to stop."""
    from sftp_sync.cli import office
    from sftp_sync.daemon.life import World, serve
    from sftp_sync.daemon.signals import Signals
    from sftp_sync.daemon.systemd import Notifier

    office.set_up_logs(verbose=verbose, quiet=quiet, is_service=True)
    read = office.read_config(context, config)
    with (
        office.opened(read, may_migrate=True) as opened,
        Signals() as signals,
        _porter(opened) as porter,
    ):
        world = World(
            read_config=lambda: office.read_config(context, config),
            signals=signals,
            notifier=Notifier(os.environ),
            leave_within=_leave_within,
            equip=porter.equip,
            take_up=porter.take_up,
            all_is_well=porter.hear_that_all_is_well,
        )
        serve(read, opened.ledger, world)


def _porter(opened: Office) -> Porter:
    from sftp_sync.daemon.porter import Porter
    from sftp_sync.wiring.parts import nobody_watches, surroundings

    never = threading.Event()
    return Porter(opened.ledger, surroundings(opened.config, opened.ledger, nobody_watches, never))


def _leave_within(seconds: float, problem: BaseException | None) -> None:
    """End after this time also where something hangs: what is under way is as after a crash. Only
    who was told to stop has done its work: after anything else systemd starts it again.
    """
    code = Exit.DONE if problem is None else code_of(problem)
    last_moment = threading.Timer(seconds, os._exit, [code])
    last_moment.daemon = True
    last_moment.start()

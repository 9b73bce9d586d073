"""sftp-sync check-config"""

from __future__ import annotations

from dataclasses import asdict

import typer

from sftp_sync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption


def check_config(
    context: typer.Context,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read the configuration. Every problem is told at once, or what it understood."""
    from sftp_sync.cli.office import print_json, read_config
    from sftp_sync.cli.understood import show
    from sftp_sync.config import ConfigProblems, describe

    del verbose
    try:
        read = read_config(context, config)
    except ConfigProblems as error:
        if not json:
            raise
        print_json({"ok": False, "problems": [asdict(one) for one in error.problems]})
        raise typer.Exit(2) from error
    if json:
        warnings = [asdict(one) for one in read.warnings]
        understood = describe(read)
        print_json({"ok": True, "problems": [], "warnings": warnings, "understood": understood})
    elif not quiet:
        show(read)

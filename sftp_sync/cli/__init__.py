"""The command line: one file per command, and an app that lists them."""

from sftp_sync.cli.app import main

__all__ = ["main"]

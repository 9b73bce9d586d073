"""A window to look in by, and nothing more: the status page, health, readiness and metrics."""

from sftp_sync.web.meters import Meters
from sftp_sync.web.server import StatusServer
from sftp_sync.web.sources import Sources

__all__ = ["Meters", "Sources", "StatusServer"]

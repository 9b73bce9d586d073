"""The only door to paramiko on the client's side."""

from sftp_sync.remote.sftp.algorithms import LEGACY as LEGACY_ALGORITHMS
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.remote import SftpRemote, connect

__all__ = ["LEGACY_ALGORITHMS", "SftpLogin", "SftpRemote", "connect"]

"""Workbooks, read as a stream of rows: the archive is looked at before anything is unpacked, and
memory holds one piece of the sheet and the shared texts, whatever the references in it claim.
"""

from sftp_sync.tables.xlsx.reader import open_xlsx

__all__ = ["open_xlsx"]

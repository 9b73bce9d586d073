"""A campaign's outcomes as one value, and that value as a document and as a page."""

from sftp_sync.report.compose import compose
from sftp_sync.report.document import document
from sftp_sync.report.fates import Fate, Group
from sftp_sync.report.page import page
from sftp_sync.report.period import Period
from sftp_sync.report.save import save
from sftp_sync.report.tally import Tally
from sftp_sync.report.values import Day, FileLine, Open, Report
from sftp_sync.report.workbook import workbook

__all__ = [
    "Day",
    "Fate",
    "FileLine",
    "Group",
    "Open",
    "Period",
    "Report",
    "Tally",
    "compose",
    "document",
    "page",
    "save",
    "workbook",
]

"""Lists in and out: what a contact file holds, as text, and files that a spreadsheet can open."""

from typing import TYPE_CHECKING

from sftp_sync.faces import on_demand

if TYPE_CHECKING:
    from sftp_sync.tables.own_files import REJECT_COLUMNS, RESULT_COLUMNS, is_reject_column
    from sftp_sync.tables.reading import open_table
    from sftp_sync.tables.spreadsheet_safe import defused, restored
    from sftp_sync.tables.summary_out import summary_workbook
    from sftp_sync.tables.text_writers import Value, write_csv, write_jsonl
    from sftp_sync.tables.workbook_out import write_xlsx

__all__ = [
    "REJECT_COLUMNS",
    "RESULT_COLUMNS",
    "Value",
    "defused",
    "is_reject_column",
    "open_table",
    "restored",
    "summary_workbook",
    "write_csv",
    "write_jsonl",
    "write_xlsx",
]

if not TYPE_CHECKING:
    __getattr__ = on_demand(
        __name__,
        {
            "own_files": "REJECT_COLUMNS RESULT_COLUMNS is_reject_column",
            "reading": "open_table",
            "spreadsheet_safe": "defused restored",
            "summary_out": "summary_workbook",
            "text_writers": "Value write_csv write_jsonl",
            "workbook_out": "write_xlsx",
        },
    )

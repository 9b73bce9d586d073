"""Rows into contacts and rejections: which column is the phone, what each row comes to, and what
the vendor is told about it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sftp_sync.faces import on_demand

if TYPE_CHECKING:
    from sftp_sync.contacts.classifier import Classifier
    from sftp_sync.contacts.columns import Columns, choose_columns
    from sftp_sync.contacts.payload import PayloadRules, context_of, payload_of

__all__ = [
    "Classifier",
    "Columns",
    "PayloadRules",
    "choose_columns",
    "context_of",
    "is_own_result",
    "payload_of",
]

if not TYPE_CHECKING:
    __getattr__ = on_demand(
        __name__,
        {
            "classifier": "Classifier",
            "columns": "Columns choose_columns",
            "payload": "PayloadRules context_of payload_of",
        },
    )

_MARKS_OF_A_RESULT = frozenset({"result_phone", "result_status", "result_line"})


def is_own_result(header: Sequence[str]) -> bool:
    """Whether a list is a result file of ours that came back: it must not be called again."""
    return {name.strip().casefold() for name in header} >= _MARKS_OF_A_RESULT

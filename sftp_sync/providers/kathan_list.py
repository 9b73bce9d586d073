"""A recipient list as Kathan takes it: a CSV in a form."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from uuid import uuid4

from sftp_sync.providers.base import Recipient
from sftp_sync.providers.client import Form

PHONE_COLUMN = "phone_number"


def list_form(name: str, recipients: Sequence[Recipient]) -> Form:
    """The form that makes a list. `use_template` stays out: our columns are not a template's."""
    boundary = uuid4().hex
    parts = [
        _part(boundary, 'name="name"', name.encode()),
        _part(boundary, 'name="use_template"', b"false"),
        _part(
            boundary,
            'name="file"; filename="recipients.csv"\r\nContent-Type: text/csv',
            csv_of(recipients),
        ),
        f"--{boundary}--\r\n".encode(),
    ]
    return Form(f"multipart/form-data; boundary={boundary}", b"".join(parts))


def csv_of(recipients: Sequence[Recipient]) -> bytes:
    """The number, then what the vendor is told about each contact: a column for each key."""
    keys = list(dict.fromkeys(key for one in recipients for key in one.metadata))
    # A column of the partner's with that name must not take the place of the number.
    columns = [f"{key}_" if key.strip().lower() == PHONE_COLUMN else key for key in keys]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([PHONE_COLUMN, *columns])
    for one in recipients:
        writer.writerow([one.phone_number, *(one.metadata.get(key, "") for key in keys)])
    return text.getvalue().encode("utf-8", "replace")


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"

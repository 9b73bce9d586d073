"""What Kathan's endpoints hear and say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from sftp_sync.sandbox.talkover_faults import Kind

START = re.compile(r"/campaign/([^/]+)/start")


@dataclass(frozen=True)
class Asked:
    """A request that was let in."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    content_type: str = ""

    @property
    def kind(self) -> Kind:
        """What it asks for: a start alone makes calls."""
        if self.method == "POST" and START.fullmatch(self.path):
            return "calls"
        if self.method == "POST" and self.path == "/campaign":
            return "drafts"
        if self.method == "PATCH":
            return "changes"
        return "lists" if self.path.startswith("/recipient-lists") else "reads"


@dataclass(frozen=True)
class Said:
    """An answer. `has_effect`: something was made, changed or started."""

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    has_effect: bool = False


FieldErrors = Mapping[tuple[str | int, ...], str]


def refusal(status: int, detail: str) -> Said:
    """The documented shape of a no."""
    return Said(status, {"detail": detail})


def invalid(errors: FieldErrors) -> Said:
    """The shape of its framework for fields that are wrong."""
    detail = [
        {"loc": ["body", *where], "msg": message, "type": "value_error"}
        for where, message in errors.items()
    ]
    return Said(422, {"detail": detail})


def object_of(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a body; None where it is anything else."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def form_of(asked: Asked) -> dict[str, bytes]:
    """The fields of a form; a file is its content."""
    head = f"Content-Type: {asked.content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + asked.body)
    parts: Iterable[Any] = message.iter_parts() if message.is_multipart() else ()
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in parts
    }

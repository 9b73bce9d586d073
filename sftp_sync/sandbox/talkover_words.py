"""What the vendor's endpoints hear and say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.responses import HTMLResponse, JSONResponse, Response

from sftp_sync.sandbox.talkover_state import Call

PREFIX = "/api/v1"
E164 = re.compile(r"\+[1-9]\d{6,14}")
INVALID = "The given data was invalid."
FieldErrors = dict[str, list[str]]


@dataclass(frozen=True)
class Asked:
    """A request that was let in."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes

    @property
    def kind(self) -> Literal["calls", "reads"]:
        """Does it ask for a call, or for anything else?"""
        return "calls" if self.method == "POST" and self.path.endswith("/call") else "reads"


@dataclass(frozen=True)
class Said:
    """An answer, and the call that was accepted with it."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    call: Call | None = None


def refusal(status: int, message: str, **more: object) -> Said:
    """The usual shape of a no."""
    return Said(status, {"success": False, "message": message, **more})


def page_of(status: int, words: str) -> str:
    """What a proxy says in place of the vendor."""
    title = f"{status} {words}"
    return f"<html><head><title>{title}</title></head><body>nginx</body></html>"


def rewritten(
    status: int, body: Literal["page", "json", "empty"], headers: Mapping[str, str]
) -> Response:
    """What a middle box makes of an answer."""
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP's redirects
        headers = {**headers, "Location": "/elsewhere"}
    if body == "json":
        return JSONResponse({"message": "Forbidden"}, status, headers)
    return HTMLResponse(page_of(status, "Rewritten") if body == "page" else "", status, headers)


def object_of(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a body; None where it is anything else."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None

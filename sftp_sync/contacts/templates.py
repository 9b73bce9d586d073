"""Texts with columns in them: `Dear {name}`; `{{` and `}}` are braces."""

from __future__ import annotations

import re
from functools import lru_cache

_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


@lru_cache(maxsize=1_024)
def parts_of(template: str) -> tuple[tuple[str, str | None], ...]:
    """The template as (text, column after it); the last column is None.

    A lone brace is text: a template is written by the operator, and never fails on a row.
    """
    parts: list[tuple[str, str | None]] = []
    text = ""
    end = 0
    for match in _PARTS.finditer(template):
        text += template[end : match.start()]
        end = match.end()
        if match.group(1) is None:
            text += match.group(0)[0]
        else:
            parts.append((text, match.group(1).strip()))
            text = ""
    parts.append((text + template[end:], None))
    return tuple(parts)


def columns_named(template: str) -> list[str]:
    """The columns that a template asks for."""
    return [column for _, column in parts_of(template) if column is not None]

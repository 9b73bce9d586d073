"""Texts with {column} in them: what a vendor is told about a contact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from sftp_sync.config.values import as_text

Templates = Mapping[str, str]
PIECES = re.compile(r"\{\{|\}\}|\{[^{}]*[^{}\s][^{}]*\}|[^{}]+")


def template(written: object) -> str:
    """Text with {column}; a brace that is meant is written twice."""
    text = as_text(written)
    if not isinstance(text, str):
        raise ValueError('must be text, as "{first_name} {last_name}".')
    if "".join(PIECES.findall(text)) != text:
        raise ValueError(
            f'"{text}" has a brace without its partner, or {{}} without a column. '
            "Write {column}; a brace that is meant is written twice: {{ or }}.",
        )
    return text


def templates(written: object) -> Templates:
    """A block of texts."""
    if not isinstance(written, Mapping):
        raise ValueError('must be a block, as {name: "{first_name} {last_name}"}.')
    return {str(key): template(value) for key, value in written.items()}


def context_templates(written: object) -> Templates:
    """What the vendor echoes. Our row key lives under a key of its own there."""
    block = templates({} if written is None else written)
    if "sftp_sync" in block:
        raise ValueError("sftp_sync is where our own row key goes. Choose another key.")
    return block


def payload_rules(written: object) -> Literal["all"] | tuple[str, ...] | Templates:
    """all, a list of columns, or a block of texts."""
    if written == "all":
        return "all"
    if isinstance(written, Mapping):
        return templates(written)
    if isinstance(written, list | tuple):
        columns = [as_text(column) for column in written]
        if all(isinstance(column, str) and column for column in columns):
            return tuple(str(column) for column in columns)
    raise ValueError('must be all, a list of columns, or {key: "text with {column}"}.')

"""Numbers as a person reads them."""

from __future__ import annotations


def many(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

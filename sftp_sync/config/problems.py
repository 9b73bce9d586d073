"""What is wrong with a configuration: every problem at once, each with its line and its path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sftp_sync.errors import ConfigError, printable

LONGEST_KEY, LONGEST_MESSAGE = 100, 1000
Where = tuple[str | int, ...]
"""The way from the top of the file to a value: ("campaigns", "renewals", "files", "pattern", 0)."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend: the line (0: the file as a whole), the path of keys, and a sentence."""

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}  " if self.line else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


class ConfigProblems(ConfigError):
    """A configuration with problems, listed in the order of the file."""

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        heading = f"{file} has {count} problem{'' if count == 1 else 's'}"
        super().__init__("\n  ".join([heading, *map(str, self.problems)]))


def dotted(where: Where) -> str:
    """A path as the operator reads it: campaigns.renewals.files.pattern[0]."""
    parts = (
        f"[{part}]" if isinstance(part, int) else f".{one_line(part, LONGEST_KEY)}"
        for part in where
    )
    return "".join(parts).removeprefix(".")


def one_line(text: str, most: int = LONGEST_MESSAGE) -> str:
    """Text that neither breaks the line nor fills the screen."""
    whole = printable(text[:most])
    return whole if len(text) <= most else f"{whole}…"


def nearest(written: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_lower_case = {word.lower(): word for word in known}
    found = get_close_matches(written.lower(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[found[0]] if found else None


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """The nearest known word as a question with a space before it, or nothing."""
    word = nearest(written, known)
    return f' Did you mean "{word}"?' if word else ""

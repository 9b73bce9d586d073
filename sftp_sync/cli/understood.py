"""What check-config understood, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sftp_sync.cli.screen import console, plain
from sftp_sync.config import Config, describe


def show(config: Config) -> None:
    """The configuration as it was understood, then what should be mended."""
    screen = console()
    for line in _lines(describe(config), 0):
        screen.print(line)
    screen.print(f"\n[green]{plain(config.path)} is good.[/]")
    for warning in config.warnings:
        screen.print(f"[yellow]warning[/]  line {warning.line}  {plain(warning.message)}")


def _lines(value: object, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if _is_nested(inner):
                yield f"{indent}[bold]{plain(key)}[/]"
                yield from _lines(inner, depth + 1)
            else:
                yield f"{indent}{plain(key)}: {plain(_short(inner))}"
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _lines(inner, depth)


def _is_nested(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    if isinstance(value, list | tuple):
        return any(isinstance(one, Mapping) for one in value)
    return False


def _short(value: object) -> object:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value) or "-"
    return "-" if value is None or value == {} else value

"""Every event that is logged stands in the one list of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sftp_sync.events import EVENTS

ROOT = Path(__file__).parents[2] / "sftp_sync"
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged(source: str) -> Iterator[str]:
    """The events of a module; what is no plain word is given as it is written."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=args) if (
                level in LEVELS
            ):
                match args:
                    case [ast.Constant(value=str(event)), *_]:
                        yield event
                    case _:
                        yield ast.unparse(node)


def all_logged() -> set[str]:
    return {event for path in ROOT.rglob("*.py") for event in logged(path.read_text("utf-8"))}


def test_every_event_is_listed() -> None:
    assert all_logged() - EVENTS.keys() == set()


def test_every_listed_event_is_logged() -> None:
    assert EVENTS.keys() - all_logged() == set()


def test_events_are_words_that_stay_and_are_explained() -> None:
    assert all(event == event.lower() and event.isidentifier() for event in EVENTS)
    assert all(meaning.endswith((".", ")")) for meaning in EVENTS.values())


def test_an_event_that_is_composed_is_found() -> None:
    assert list(logged('log.info(f"file_{state}")')) == ["log.info(f'file_{state}')"]

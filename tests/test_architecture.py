"""Who may import whom, which library has which door, and how large a piece may be."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "sftp_sync"
WORDS = ("errors", "model")
PURE = ("phones", "contacts", "tables")
# What a world shows to the story: what it must do, and rules without a wire; never how it does it.
FACADES = (
    *("ledger", "remote.base", "remote.preflight", "providers.base", "providers.breaker"),
    *("reading.nursery", "reading.wire"),
)
STORY = (
    *("run", "steps", "intake", "outbox", "sending", "spool", "around"),
    *("admission", "announce", "attention", "overview", "checkup", "doubt", "hosted", "outcome"),
    *("adopting", "forgetting", "housekeeping"),
    *("report", "reports"),
)
BELOW_WIRING = (*WORDS, *PURE, *STORY, "ledger", "remote", "providers", "config", "logs")
WAYS_IN = (*WORDS, *STORY, "ledger", "config", "logs", "wiring", "timetable")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "model": ("errors",),
    "faces": (),
    "phones": (*WORDS, "faces"),
    "tables": (*WORDS, "faces"),
    "contacts": (*WORDS, "faces", "phones", "tables"),
    **dict.fromkeys(("remote", "providers", "ledger", "config", "logs"), WORDS),
    # Lists are read where nothing of the story is known.
    "reading": (*WORDS, *PURE),
    **dict.fromkeys(STORY, (*WORDS, *PURE, *STORY, *FACADES)),
    "wiring": BELOW_WIRING,
    # The sandbox stands for partners and vendors: it must not share a mistake with us.
    "sandbox": (*WORDS, "config", "logs"),
    "events": (),
    # When something is due: pure, in the terms of the configuration.
    "timetable": (*WORDS, "config"),
    "web": WAYS_IN,
    "daemon": (*WAYS_IN, "web"),
    "cli": (*WAYS_IN, "web", "daemon", "sandbox"),
    "__main__": ("cli",),
}
DOORS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("paramiko", "cryptography"), ("remote.sftp", "sandbox")),
    **dict.fromkeys(("pandas", "openpyxl", "charset_normalizer"), ("tables",)),
    **dict.fromkeys(("sqlalchemy", "alembic", "psycopg"), ("ledger",)),
    **dict.fromkeys(("pydantic", "pydantic_core", "ruamel"), ("config",)),
    **dict.fromkeys(("httpx", "httpcore"), ("providers",)),
    **dict.fromkeys(("typer", "rich"), ("cli",)),
    **dict.fromkeys(("starlette", "uvicorn"), ("web", "sandbox")),
    "jinja2": ("report", "web"),
    "prometheus_client": ("web",),
    "apscheduler": ("daemon", "config.schedule", "timetable"),
    # Numbers, and the names and codes of the countries they are read in.
    "phonenumbers": ("phones", "contacts.regions"),
    "structlog": ("",),
    "_typeshed": ("",),
}
OUTSIDE_WORLD = ("cli", "daemon", "wiring", "sandbox", "__main__", "reading.program")
FORBIDDEN_ELSEWHERE = (
    *("os.environ", "os.getenv", "os._exit", "sys.exit", "time.sleep"),
    *("print", "input", "exit", "quit"),
)
# A migration is written once, as one list of tables, and never changed.
HISTORY = ("ledger.migrations.versions",)
MODULE_LINES, FUNCTION_LINES, PARAMETERS = 500, 35, 5
Function = ast.FunctionDef | ast.AsyncFunctionDef


def within(module: str, owners: tuple[str, ...]) -> bool:
    """Whether a module is one of the owners or lies below one; "" owns all."""
    return any(not owner or f"{module}.".startswith(f"{owner}.") for owner in owners)


def imports(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Every import as (module, name in it), also inside functions and for types only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


def import_faults(name: str, tree: ast.AST) -> Iterator[str]:
    own = name.partition(".")[0]
    if own not in MAY_IMPORT:
        yield f"{name} has no layer: give it one in MAY_IMPORT"
        return
    for module, member in imports(tree):
        library, _, inside = module.partition(".")
        if library == PACKAGE:
            wanted = inside or str(member)
            if not within(wanted, (own, *MAY_IMPORT[own])) and wanted != "__version__":
                yield f"{name} imports {wanted}"
        elif library not in DOORS and library not in sys.stdlib_module_names:
            yield f"{name} imports {library}, which has no door: give it one in DOORS"
        elif library in DOORS and not within(name, DOORS[library]):
            yield f"{name} imports {library}, whose door is {', '.join(DOORS[library])}"


def size_faults(name: str, source: str, tree: ast.AST) -> Iterator[str]:
    if within(name, HISTORY):
        return
    if (lines := len(source.splitlines())) > MODULE_LINES:
        yield f"{name} has {lines} lines: it holds two ideas"
    for node in ast.walk(tree):
        if not isinstance(node, Function):
            continue
        known = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = sum(argument.arg not in {"self", "cls"} for argument in known)
        # A command's options are its parameters: only what it does is measured.
        is_command = within(name, ("cli",)) and bool(node.decorator_list or count > PARAMETERS)
        first = node.body[0].lineno if is_command else node.lineno
        if (lines := (node.end_lineno or 0) - first + 1) > FUNCTION_LINES:
            yield f"{name}.{node.name} has {lines} lines: it holds two ideas"
        if count > PARAMETERS and not is_command:
            yield f"{name}.{node.name} has {count} parameters: some of them are one value"


def outside_faults(name: str, tree: ast.AST) -> Iterator[str]:
    """Environment, sleep, print and exit belong to the ways in, and are passed down."""
    if within(name, OUTSIDE_WORLD):
        return
    used = [f"{module}.{member}" for module, member in imports(tree)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.append(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            used.append(node.func.id)
    yield from (f"{name} uses {one}" for one in used if one in FORBIDDEN_ELSEWHERE)


def cycle_faults(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    """Modules that cannot be imported without each other. Imports inside functions do not count."""
    graph: dict[str, set[str]] = {}
    for name, tree in trees.items():
        top = ast.Module([node for node in tree.body if not isinstance(node, Function)], [])
        found = graph[name] = set()
        for module, member in imports(top):
            inside = module.removeprefix(PACKAGE).removeprefix(".")
            if module.partition(".")[0] == PACKAGE:
                longer = f"{inside}.{member}".removeprefix(".")
                found.add(longer if longer in trees else inside)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"a cycle: {' → '.join(error.args[1])}"


def faults(sources: Mapping[str, str]) -> list[str]:
    """Everything in these modules (by their names in the package) that breaks a rule."""
    trees = {name: ast.parse(source) for name, source in sources.items()}
    found = [*cycle_faults(trees)]
    for name, tree in trees.items():
        found += [*import_faults(name, tree), *outside_faults(name, tree)] if name else []
        found += size_faults(name, sources[name], tree)
    return sorted(set(found))


def our_modules() -> dict[str, str]:
    paths = {
        ".".join(path.relative_to(ROOT / PACKAGE).with_suffix("").parts): path
        for path in (ROOT / PACKAGE).rglob("*.py")
    }
    return {
        name.removesuffix("__init__").removesuffix("."): path.read_text("utf-8")
        for name, path in paths.items()
    }


def test_every_module_keeps_the_rules() -> None:
    modules = our_modules()
    assert "model.campaign" in modules
    assert faults(modules) == []


LONG_FUNCTION = "def f() -> None:\n" + "    x = 1\n" * 35
OUTER_FUNCTION = "def g():\n def f():\n" + "  x = 1\n" * 35
BROKEN = [
    ("errors", "from sftp_sync.model import Campaign", "errors imports model"),
    ("model.rows", "import sftp_sync.ledger", "model.rows imports ledger"),
    ("phones", "from sftp_sync.config import load", "phones imports config"),
    ("remote.sftp", "from sftp_sync.ledger import Ledger", "remote.sftp imports ledger"),
    ("remote.folder", "from sftp_sync import config", "remote.folder imports config"),
    ("ledger.rows", "def f():\n    import sftp_sync.config", "ledger.rows imports config"),
    ("steps.collect", "from sftp_sync.remote.sftp import connect", "imports remote.sftp"),
    ("steps.collect", "from sftp_sync.remote import sftp", "steps.collect imports remote"),
    ("config.load", "from sftp_sync.phones import parse", "config.load imports phones"),
    ("logs", "import sftp_sync.config", "logs imports config"),
    ("run", "from sftp_sync.wiring import build", "run imports wiring"),
    ("wiring", "from sftp_sync.cli import main", "wiring imports cli"),
    ("sandbox.api", "import sftp_sync.providers.http", "sandbox.api imports providers.http"),
    ("cli.sync", "from sftp_sync.remote.sftp import connect", "cli.sync imports remote.sftp"),
    ("newcomer", "", "newcomer has no layer"),
    ("remote.folder", "import paramiko", "whose door is remote.sftp, sandbox"),
    ("steps.collect", "import pandas as pd", "whose door is tables"),
    ("wiring", "from sqlalchemy import text", "whose door is ledger"),
    ("contacts", "import phonenumbers", "whose door is phones"),
    ("cli.status", "import pydantic", "whose door is config"),
    ("config.form", "import apscheduler", "whose door is daemon, config.schedule, timetable"),
    ("sandbox.api", "def f():\n    import httpx", "whose door is providers"),
    ("tables.csv", "import requests", "imports requests, which has no door"),
    ("steps.collect", "import os\nx = os.environ['A']", "uses os.environ"),
    ("config.load", "from os import environ", "uses os.environ"),
    ("providers.pace", "import time\ntime.sleep(1)", "uses time.sleep"),
    ("providers.pace", "from time import sleep", "uses time.sleep"),
    ("ledger.rows", "print('x')", "uses print"),
    ("run", "import sys\nsys.exit(1)", "uses sys.exit"),
    ("model", "x = 1\n" * 501, "model has 501 lines"),
    ("model", LONG_FUNCTION, "model.f has 36 lines"),
    ("model", OUTER_FUNCTION, "model.g has 37 lines"),
    ("cli.sync", LONG_FUNCTION, "cli.sync.f has 36 lines"),
    ("model", "def f(a, b, c, *, d, e, f): pass", "model.f has 6 parameters"),
]
ALLOWED = [
    ("model", "def f(self, a, b, c, d, e): pass"),
    ("cli.sync", "def f(a, b, c, d, e, f): print(a)"),
    ("steps.collect", "from sftp_sync.remote.base import Remote\nimport structlog"),
    ("ledger.migrations.versions.v1", LONG_FUNCTION),
    ("daemon", "import os, apscheduler\nos.environ"),
    ("wiring", "from sftp_sync.remote.sftp import connect"),
]


@pytest.mark.parametrize(("name", "source", "fault"), BROKEN)
def test_a_broken_rule_is_found(name: str, source: str, fault: str) -> None:
    assert any(fault in found for found in faults({name: source}))


@pytest.mark.parametrize(("name", "source"), ALLOWED)
def test_what_is_allowed_is_no_fault(name: str, source: str) -> None:
    assert faults({name: source}) == []


def test_a_cycle_is_found_and_a_late_import_is_none() -> None:
    first = {"model.a": "from sftp_sync.model.b import x"}
    assert "a cycle" in faults({**first, "model.b": "from sftp_sync.model import a"})[0]
    late = "def f():\n    from sftp_sync.model import a"
    assert faults({**first, "model.b": late}) == []


def test_every_file_that_is_no_code_travels_with_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"][PACKAGE]
    others = [
        path.relative_to(ROOT / PACKAGE).as_posix()
        for path in (ROOT / PACKAGE).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]
    assert "py.typed" in others
    left = [
        other
        for other in others
        if not any(fnmatch(f"/{other}", pattern.replace("**/", "*/")) for pattern in patterns)
        and other not in patterns
    ]
    assert left == []

"""Which tests run a line: recorded once, and again only for the test files that have changed."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from coverage.numbits import numbits_to_nums

ROOT = Path(__file__).parents[2]
STORE = ROOT / ".mutants" / "map.pickle"
# What was recorded before a run was broken off stays recorded.
FILES_AT_ONCE = 12
AT_START = Path("tests/mutation/at_start")
RC = "[run]\nparallel = true\nsource = sftp_sync\nrelative_files = true\nsigterm = true\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def copy_of_the_tree(folder: Path) -> Path:
    """What git knows of this checkout, as it is now, in a folder where it may be broken."""
    # PostgreSQL runs as somebody else if we are root, and must reach its folder in here.
    folder.parent.chmod(0o755)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def environment(tree: Path, **more: str) -> dict[str, str]:
    """Every Python below imports the copy, and no other."""
    path = os.pathsep.join((str(tree), str(tree / AT_START)))
    kept = {name: text for name, text in os.environ.items() if name != "CI"}
    return {**kept, "PYTHONPATH": path, "TMPDIR": str(tree.parent), **more}


@dataclass(frozen=True)
class Recorded:
    """What one test ran: lines as coverage.py's numbits, by file and digest of its text."""

    seconds: float
    lines: dict[tuple[str, str], bytes]


@dataclass
class CoverageMap:
    tests: dict[str, Recorded] = field(default_factory=dict)
    test_files: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def record(self, names: Sequence[str], workers: int) -> None:
        """Run these test files and remember what each test ran."""
        with tempfile.TemporaryDirectory(prefix="mutants-") as home:
            tree = copy_of_the_tree(Path(home, "tree"))
            told = _run_measured(tree, names, workers)
            for test in [test for test in self.tests if test.partition("::")[0] in names]:
                del self.tests[test]
            lines = self._lines(tree)
            for test, seconds in told["passed"].items():
                self.tests[test] = Recorded(seconds, lines.get(test, {}))
            self.test_files |= {name: digest((tree / name).read_text("utf-8")) for name in names}
        print(
            f"{len(told['passed'])} tests recorded, {len(told['failed'])} left out:",
            *told["failed"],
        )

    def keep_only(self, names: Collection[str]) -> None:
        """Forget test files that are not there any more."""
        for gone in self.test_files.keys() - names:
            del self.test_files[gone]
        for test in [test for test in self.tests if test.partition("::")[0] not in names]:
            del self.tests[test]

    def _lines(self, tree: Path) -> dict[str, dict[tuple[str, str], bytes]]:
        """By test; several processes may have run lines of the same file for it."""
        found: dict[str, dict[tuple[str, str], bytes]] = {}
        versions: dict[str, tuple[str, str]] = {}
        for data in tree.glob(".coverage.*"):
            for test, path, bits in _rows(data):
                if test not in found:
                    found[test] = {}
                if path not in versions:
                    text = (tree / path).read_text("utf-8")
                    versions[path] = (path, digest(text))
                    self.texts[digest(text)] = text
                before = found[test].get(versions[path], b"")
                found[test][versions[path]] = _union(before, bits)
        return found


def _rows(data: Path) -> Iterator[tuple[str, str, bytes]]:
    """Lines that ran for a test; what runs for none was run at an import."""
    asked = (
        "SELECT context, path, numbits FROM line_bits"
        " JOIN context ON context.id = context_id JOIN file ON file.id = file_id"
        " WHERE context != ''"
    )
    with sqlite3.connect(data) as connection:
        try:
            yield from connection.execute(asked)
        except sqlite3.DatabaseError:
            return  # whoever wrote this was killed


def _union(one: bytes, other: bytes) -> bytes:
    length = max(len(one), len(other))
    pairs = zip(one.ljust(length, b"\0"), other.ljust(length, b"\0"), strict=True)
    return bytes(a | b for a, b in pairs)


def _run_measured(tree: Path, names: Sequence[str], workers: int) -> dict[str, dict[str, float]]:
    settings, told = tree.parent / "coveragerc", tree.parent / "told.json"
    settings.write_text(RC, "utf-8")
    words = [
        "-q",
        "-m",
        "not slow",
        "-n",
        str(workers),
        "--dist=loadgroup",
        "-p",
        "no:cacheprovider",
    ]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *words,
            "-p",
            "tests.mutation.recorder",
            "--timeout=900",
            *names,
        ],
        cwd=tree,
        env=environment(tree, COVERAGE_PROCESS_START=str(settings), MUTANTS_TESTS_TO=str(told)),
        check=False,
        stdout=sys.stderr,
    )
    return dict(json.loads(told.read_text("utf-8")))


class LineIndex:
    """The map turned round: which tests run a line of a file as it reads now."""

    def __init__(self, known: CoverageMap) -> None:
        self._known = known

    @cached_property
    def _versions(self) -> dict[str, dict[str, list[tuple[str, bytes]]]]:
        found: dict[str, dict[str, list[tuple[str, bytes]]]] = {}
        for test, recorded in self._known.tests.items():
            for (path, version), bits in recorded.lines.items():
                found.setdefault(path, {}).setdefault(version, []).append((test, bits))
        return found

    def of_file(self, path: str) -> dict[int, set[str]]:
        """By line. A line that has changed since counts as the one that was in its place."""
        found: dict[int, set[str]] = {}
        text = (ROOT / path).read_text("utf-8")
        for version, tests in self._versions.get(path, {}).items():
            now = _moved(self._known.texts[version], text)
            for test, bits in tests:
                for line in numbits_to_nums(bits):
                    for here in now.get(line, ()):
                        found.setdefault(here, set()).add(test)
        return found


def _moved(before: str, after: str) -> dict[int, range]:
    """Where each line of a text has gone."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return {line: range(line, line + 1) for line in range(1, len(old) + 1)}
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found: dict[int, range] = {}
    for kind, first, last, start, end in matcher.get_opcodes():
        for offset, line in enumerate(range(first, last)):
            same = range(start + offset + 1, start + offset + 2)
            found[line + 1] = same if kind == "equal" else range(start + 1, end + 1)
    return found


def load(workers: int, record: str, pattern: str = "*") -> CoverageMap:
    """The map as it is kept, with what has changed recorded anew (or all, or nothing), of the test
    files that the pattern names.
    """
    known = CoverageMap()
    if STORE.exists() and record != "all":
        known = pickle.loads(STORE.read_bytes())  # noqa: S301 - we wrote it
    if record == "nothing":
        return known
    there = {
        path.relative_to(ROOT).as_posix(): digest(path.read_text("utf-8"))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path.name not in {"test_architecture.py", "test_docs.py"}
    }
    known.keep_only(there)
    changed = [
        name
        for name, version in there.items()
        if known.test_files.get(name) != version and fnmatch(name, pattern)
    ]
    # Quickest first: one who breaks it off has most of it.
    changed.sort(key=lambda name: ("system/" in name, "contract/" in name))
    for first in range(0, len(changed), FILES_AT_ONCE):
        known.record(changed[first : first + FILES_AT_ONCE], workers)
        STORE.parent.mkdir(exist_ok=True)
        STORE.write_bytes(pickle.dumps(known))
    return known

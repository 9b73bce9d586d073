"""`make mutants`: put faults into the code, one at a time, and see which of them no test notices.

python -m tests.mutation --count 200 --seed 7 --area phones --area tables
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from tests.mutation.changes import Variant, variants
from tests.mutation.coverage_map import (
    ROOT,
    CoverageMap,
    LineIndex,
    copy_of_the_tree,
    environment,
    load,
)
from tests.mutation.forked_tests import ForkedTests

AREAS = {
    "ledger": ("ledger",),
    "doubt": ("doubt.py",),
    "sending": ("sending",),
    "vendors": ("providers",),
    "intake": ("intake",),
    "outbox": ("outbox",),
    "steps": ("steps",),
    "phones": ("phones",),
    "tables": ("tables",),
}
# Beside the sample: whether a default can be another one without a test noticing.
MORE_AREAS = {
    "defaults": (
        *("model/campaign.py", "config/campaigns.py", "config/accounts.py", "config/kathan.py"),
        *("config/form.py", "config/schedule.py"),
    ),
}
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
# Tests are run until one fails: first those that are over in a moment.
SECONDS_A_BATCH = (3.0, 20.0, 100.0)


@dataclass(frozen=True)
class Mutant:
    area: str
    path: str
    variant: Variant

    @property
    def key(self) -> str:
        """Reads the same for as long as the place does."""
        return f"{self.path} {self.variant.place} `{self.line}`: {self.variant.said}"

    @property
    def line(self) -> str:
        """As it stands in the file."""
        lines = (ROOT / self.path).read_text("utf-8").splitlines()
        return lines[self.variant.lines.start - 1].strip()

    @property
    def where(self) -> str:
        return f"{self.path}:{self.variant.lines.start}"


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    # Which test noticed; nothing if none did.
    killer: str
    how: str


def sources(area: str) -> list[str]:
    roots = [ROOT / "sftp_sync" / name for name in (AREAS | MORE_AREAS)[area]]
    found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*.py"))]
    assert found, f"{area} is nowhere: say in AREAS where it has gone"
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    return [name for name in names if "/migrations/" not in name]


def sample(area: str, count: int, chance: random.Random) -> list[Mutant]:
    """So many faults, on lines that are drawn evenly: a line that can be wrong in many ways is
    no more often drawn than another.
    """
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for path in sources(area):
        for variant in variants(ast.parse((ROOT / path).read_text("utf-8"))):
            by_line.setdefault((path, variant.lines.start), []).append(Mutant(area, path, variant))
    lines = chance.sample(sorted(by_line), min(count, len(by_line)))
    return [chance.choice(by_line[line]) for line in lines]


class Chooser:
    """Which tests could notice a fault, those that are over soonest first."""

    def __init__(self, known: CoverageMap) -> None:
        self._known = known
        self._index = LineIndex(known)
        self._files: dict[str, dict[int, set[str]]] = {}

    def tests(self, mutant: Mutant) -> list[str]:
        lines, variant = self._lines(mutant.path), mutant.variant
        found = set().union(*(lines.get(line, set()) for line in variant.lines))
        if not variant.is_in_function:
            # What is said once, when the module is imported, is used wherever the module is.
            for path in (mutant.path, *self._importers(mutant.path)):
                found |= set().union(*self._lines(path).values())
        return sorted(found, key=self._haste)

    def _haste(self, test: str) -> tuple[bool, bool, float]:
        return ("/system/" in test, "postgresql" in test, self._known.tests[test].seconds)

    def _lines(self, path: str) -> dict[int, set[str]]:
        if path not in self._files:
            self._files[path] = self._index.of_file(path)
        return self._files[path]

    def _importers(self, path: str) -> Iterator[str]:
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        parent, _, name = module.rpartition(".")
        for other in sorted((ROOT / "sftp_sync").rglob("*.py")):
            text = other.read_text("utf-8")
            if f"from {module} import" in text or f"from {parent} import {name}" in text:
                yield other.relative_to(ROOT).as_posix()


class Bench:
    """A copy of the tree in which one fault at a time is tried."""

    def __init__(self, home: Path, known: CoverageMap) -> None:
        self._tree = copy_of_the_tree(home / "tree")
        self._known = known
        self._told = home / "told.json"
        told = str(self._told)
        self._tests = ForkedTests(self._tree, environment(self._tree, MUTANTS_TESTS_TO=told))
        self._writes = 0
        self._unsteady: set[str] = set()

    def judge(self, mutant: Mutant, faulty: str, tests: Sequence[str], patience: float) -> Verdict:
        """Which of these tests notices a fault."""
        whole = (ROOT / mutant.path).read_text("utf-8")
        waiting = list(_batches(tests, self._known, patience))
        ran = 0
        try:
            while waiting:
                batch = [test for test in waiting.pop(0) if test not in self._unsteady]
                self._write(mutant.path, faulty)
                killer = self._first_failure(batch)
                ran += len(batch)
                if not killer:
                    continue
                self._write(mutant.path, whole)
                if "/system/" not in killer or not self._first_failure([killer]):
                    return Verdict(mutant, killer, "")
                # It fails without the fault as well: it says nothing.
                self._unsteady.add(killer)
                waiting.insert(0, batch)
                ran -= len(batch)
        finally:
            self._write(mutant.path, whole)
        return Verdict(mutant, "", f"{ran} of {len(tests)} tests ran")

    def _write(self, path: str, text: str) -> None:
        """A time of its own: Python keeps what it compiled by size and second."""
        self._writes += 1
        (self._tree / path).write_text(text, "utf-8")
        moment = time.time() - 1_000_000 + self._writes
        os.utime(self._tree / path, (moment, moment))

    def _first_failure(self, tests: Sequence[str]) -> str:
        if not tests:
            return ""
        seconds = [self._known.tests[test].seconds for test in tests]
        listed = self._told.with_name("tests.txt")
        listed.write_text("\n".join(tests), "utf-8")
        self._told.unlink(missing_ok=True)
        words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutation.recorder"]
        limit = f"--timeout={30 + 5 * max(seconds):.0f}"
        if self._tests.run([*words, limit, f"@{listed}"], 120 + 6 * sum(seconds)) == 0:
            return ""
        failed = json.loads(self._told.read_text("utf-8"))["failed"] if self._told.exists() else []
        return str(failed[0]) if failed else tests[0]

    def close(self) -> None:
        """Nothing more will be tried here."""
        self._tests.close()


def _batches(tests: Sequence[str], known: CoverageMap, patience: float) -> Iterator[list[str]]:
    batch: list[str] = []
    spent = of_batch = 0.0
    limits = iter(SECONDS_A_BATCH)
    limit = next(limits)
    for test in tests:
        if spent > patience:
            break
        batch.append(test)
        seconds = known.tests[test].seconds
        spent, of_batch = spent + seconds, of_batch + seconds
        if of_batch > limit:
            yield batch
            batch, of_batch, limit = [], 0.0, next(limits, limit)
    if batch:
        yield batch


def judged_equivalent() -> dict[str, str]:
    """What a person has found to be no fault, and why: `KEY  # why`, one a line."""
    lines = EQUIVALENT.read_text("utf-8").splitlines() if EQUIVALENT.exists() else []
    pairs = (line.partition("  # ") for line in lines if line and not line.startswith("#"))
    return {key: why for key, _, why in pairs}


def judge_all(
    mutants: Sequence[Mutant], chooser: Chooser, known: CoverageMap, options: argparse.Namespace
) -> Iterator[Verdict]:
    with ExitStack() as open_now:
        home = open_now.enter_context(tempfile.TemporaryDirectory(prefix="mutants-"))
        crew = open_now.enter_context(ThreadPoolExecutor(options.workers))
        benches: SimpleQueue[Bench] = SimpleQueue()
        one_at_a_time = Lock()
        Path(home).chmod(0o755)
        for number in range(options.workers):
            Path(home, str(number)).mkdir()
            bench = Bench(Path(home, str(number)), known)
            open_now.callback(bench.close)
            benches.put(bench)

        def judge(mutant: Mutant) -> Verdict:
            bench = benches.get()
            try:
                with one_at_a_time:
                    # Faults of one file share its tree.
                    faulty, tests = mutant.variant.text(), chooser.tests(mutant)
                return bench.judge(mutant, faulty, tests, options.patience)
            finally:
                benches.put(bench)

        for verdict in crew.map(judge, mutants):
            print(
                "noticed " if verdict.killer else "SURVIVED",
                verdict.mutant.where,
                verdict.mutant.variant.said[:80],
                verdict.killer,
                file=sys.stderr,
                flush=True,
            )
            yield verdict


def table(verdicts: Sequence[Verdict], equivalent: dict[str, str]) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        known = verdict.mutant.key in equivalent
        counts[
            verdict.mutant.area,
            "killed" if verdict.killer else "equivalent" if known else "survived",
        ] += 1
    lines = [f"{'area':<10}{'faults':>8}{'killed':>8}{'survived':>10}{'equivalent':>12}"]
    for area in (*AREAS, *MORE_AREAS, "all"):
        killed, survived, same = (
            sum(n for (where, what), n in counts.items() if what == kind and area in {where, "all"})
            for kind in ("killed", "survived", "equivalent")
        )
        if killed + survived + same:
            lines.append(
                f"{area:<10}{killed + survived + same:>8}{killed:>8}{survived:>10}{same:>12}"
            )
    share = killed / max(1, killed + survived)
    return "\n".join([*lines, f"{share:.1%} of the faults that matter were noticed"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many faults, over all areas")
    parser.add_argument("--seed", type=int, default=None, help="the same faults again")
    parser.add_argument(
        "--area", action="append", choices=AREAS | MORE_AREAS, help="default: all but defaults"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--patience", type=float, default=200, help="seconds of tests for one fault"
    )
    parser.add_argument(
        "--record",
        choices=("changed", "all", "nothing"),
        default="changed",
        help="which test files to record anew: which test runs what",
    )
    parser.add_argument("--tests", default="*", help="record no other test files: tests/unit/*")
    options = parser.parse_args()
    os.nice(10 - os.nice(0))
    seed = random.randrange(10**6) if options.seed is None else options.seed
    chance, areas = random.Random(seed), options.area or list(AREAS)
    known = load(options.workers, options.record, options.tests)
    if not options.count:
        return
    share, rest = divmod(options.count, len(areas))
    mutants = [
        mutant
        for turn, area in enumerate(areas)
        for mutant in sample(area, share + (turn < rest), chance)
    ]
    equivalent = judged_equivalent()
    verdicts = list(judge_all(mutants, Chooser(known), known, options))
    print(f"seed {seed}", table(verdicts, equivalent), sep="\n")
    for verdict in verdicts:
        if not verdict.killer:
            why = equivalent.get(verdict.mutant.key)
            state = f"equivalent: {why}" if why else f"survived, {verdict.how}"
            print(f"\n{verdict.mutant.where}  {state}\n  {verdict.mutant.key}")


if __name__ == "__main__":
    main()

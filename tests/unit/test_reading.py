"""Reading in a process of its own: what it says, what it may not do, and what its end means."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.errors import FileRefused, Stopped, TryLater
from sftp_sync.model import ContactRules, FileRules, Understanding
from sftp_sync.reading import wire
from sftp_sync.reading.bounds import MOST_MEMORY, MOST_SECONDS, Bounds
from sftp_sync.reading.nursery import Patience, reading
from sftp_sync.reading.wire import Garbled, Order, batch_of, classified_of
from tests.support.builders import ARow, a_batch, a_phone, an_invalid_row
from tests.support.examples import examples
from tests.support.readers import is_there, nurseries_of, readers_of
from tests.support.remotes import until

Opened = AbstractContextManager[tuple[Understanding, Iterator[Any]]]
LIST = b"phone,name\n+12125550123,Ann\n030 901820,\xc3\x84nn\n"
MANY = 60_000
TEXTS = st.text(max_size=20)


def never(seconds: float) -> None:
    assert seconds == 0


def opened(
    path: Path,
    rules: ContactRules | None = None,
    bounds: Bounds | None = None,
    pause: Callable[[float], None] = never,
    monotonic: Callable[[], float] = time.monotonic,
) -> Opened:
    order = Order("contacts", path.name, FileRules(), rules or ContactRules())
    return reading(path, order, classified_of, Patience(pause, monotonic), bounds)


def read(path: Path, *, meanwhile: Callable[[], object] = lambda: None, **how: Any) -> int:
    """How many rows there are; something happens after the first ones."""
    with opened(path, **how) as (_, batches):
        rows = len(next(batches))
        meanwhile()
        return rows + sum(map(len, batches))


def signal_all(processes: list[int], number: int) -> None:
    assert processes
    for one in processes:
        os.kill(one, number)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = tmp_path / "short.csv"
    path.write_bytes(LIST)
    return path


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A list whose rows take seconds, and more room than the sockets have."""
    path = tmp_path / "long.csv"
    rows = (f"+1212555{number % 10_000:04},{'x' * 100}\n" for number in range(MANY))
    path.write_text("phone,name\n" + "".join(rows))
    return path


class TestAReader:
    def test_says_what_is_in_a_list(self, short: Path) -> None:
        with opened(short, ContactRules(region="DE")) as (understanding, batches):
            (batch,) = batches
        assert (understanding.header, understanding.phone_columns) == (
            ("phone", "name"),
            ("phone",),
        )
        assert (batch.phones, batch.cells[1]) == (
            ["+12125550123", "+4930901820"],
            ["030 901820", "Änn"],
        )

    def test_says_the_cells_alone_where_nothing_else_is_asked(self, short: Path) -> None:
        order = Order("table", "short.csv", FileRules())
        with reading(short, order, batch_of, Patience(never, time.monotonic)) as (_, batches):
            assert [batch.cells for batch in batches] == [
                [["+12125550123", "Ann"], ["030 901820", "Änn"]]
            ]

    def test_says_why_a_list_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "list.csv"
        path.write_bytes(b"name,town\nAnn,Berlin\n")
        with pytest.raises(FileRefused) as refused, opened(path):
            pass
        assert refused.value.fix

    def test_is_gone_with_the_block_whatever_ends_it(self, long: Path) -> None:
        found: list[int] = []

        def stumble() -> None:
            found.extend(readers_of())
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            read(long, meanwhile=stumble)
        assert found
        assert until(lambda: not any(map(is_there, found)), 10)

    def test_is_gone_when_we_are_told_to_stop(self, long: Path) -> None:
        stop = threading.Event()

        def pause(seconds: float) -> None:
            assert seconds == 0
            if stop.is_set():
                raise Stopped("told to stop")

        with pytest.raises(Stopped):
            read(long, meanwhile=stop.set, pause=pause)
        assert until(lambda: not readers_of(), 10)

    @pytest.mark.parametrize(
        ("number", "why"),
        [(signal.SIGKILL, "the system ended its reader"), (signal.SIGSEGV, "crashed [(]SIGSEGV")],
    )
    def test_that_is_killed_leaves_a_list_that_cannot_be_read(
        self, long: Path, number: int, why: str
    ) -> None:
        with pytest.raises(FileRefused, match=why):
            read(long, meanwhile=lambda: signal_all(readers_of(), number))

    def test_that_ends_with_all_others_is_no_fault_of_the_list(self, long: Path) -> None:
        with pytest.raises(TryLater, match="from outside"):
            read(long, meanwhile=lambda: signal_all(nurseries_of(os.getpid()), signal.SIGKILL))
        assert read(long) == MANY

    def test_does_not_hear_a_signal_that_is_meant_for_us(self, long: Path) -> None:
        def signal_everybody() -> None:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal_all([*readers_of(), *nurseries_of(os.getpid())], number)

        assert read(long, meanwhile=signal_everybody) == MANY

    def test_goes_when_its_parent_is_killed(self, long: Path) -> None:
        program = f"""
            import time
            from pathlib import Path
            from sftp_sync.model import FileRules
            from sftp_sync.reading.nursery import Patience, reading
            from sftp_sync.reading.wire import Order, batch_of
            order = Order("table", "long.csv", FileRules())
            patience = Patience(lambda _: None, time.monotonic)
            with reading(Path({str(long)!r}), order, batch_of, patience):
                print("ready", flush=True)
                time.sleep(60)
        """
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE
        ) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"ready\n"
            found = [*readers_of(parent.pid), *nurseries_of(parent.pid)]
            assert len(found) == 2
            parent.kill()
        assert until(lambda: not any(map(is_there, found)), 10)

    def test_has_no_more_than_one_beside_it(self, long: Path) -> None:
        most = 0
        with ThreadPoolExecutor(4) as pool:
            work = [pool.submit(read, long) for _ in range(4)]
            while not all(one.done() for one in work):
                most = max(most, len(readers_of()))
            assert [one.result() for one in work] == [MANY] * 4
        assert most == 2

    def test_is_not_ended_in_place_of_another(self, short: Path) -> None:
        """Who has just ended makes room for the next one, with the same numbers."""
        with ThreadPoolExecutor(4) as pool:
            german = ContactRules(region="DE")
            work = [pool.submit(read, short, rules=german) for _ in range(examples(400))]
            assert {one.result() for one in work} == {2}


class TestBounds:
    def test_a_list_that_takes_too_much_memory(self, tmp_path: Path) -> None:
        with pytest.raises(FileRefused, match="more than 70 MB of memory"):
            read(wide(tmp_path), bounds=Bounds(memory=70_000_000, seconds=60))

    def test_a_list_that_takes_too_long(self, long: Path) -> None:
        longer = long.with_name("longer.csv")
        longer.write_bytes(b"phone,name\n" + long.read_bytes().partition(b"\n")[2] * 8)
        with pytest.raises(FileRefused, match="more than 1 seconds of processor time"):
            read(longer, bounds=Bounds(memory=MOST_MEMORY, seconds=1))

    def test_one_that_says_nothing_is_not_waited_for_for_ever(self, long: Path) -> None:
        with pytest.raises(FileRefused, match="more than 1 seconds of processor time"):
            read(
                long,
                meanwhile=lambda: signal_all(readers_of(), signal.SIGSTOP),
                bounds=Bounds(memory=MOST_MEMORY, seconds=1),
                monotonic=lambda: time.monotonic() * 20,
            )

    def test_grow_with_the_file_and_not_without_end(self) -> None:
        small, large, huge = map(Bounds.of, (1_000, 50_000_000, 10**12))
        assert small.memory < large.memory < huge.memory == MOST_MEMORY
        assert small.seconds < large.seconds < huge.seconds == MOST_SECONDS


def wide(folder: Path) -> Path:
    """A list of rows that are held together until a batch is full."""
    path = folder / "wide.csv"
    header = ",".join(f"c{number}" for number in range(300))
    rows = "".join(f"{a_phone(number)}{',x' * 300}\n" for number in range(10_000))
    path.write_text(f"phone,{header}\n{rows}", "ascii")
    return path


FORBIDDEN = {
    "a connection": "socket.socket()",
    "a connection of another kind": "socket.socketpair() and socket.socket(socket.AF_UNIX)",
    "another program": "os.execv('/bin/true', ['true'])",
    "a signal to us": "os.kill(os.getppid(), 0)",
    "a new file": "open('{folder}/new', 'wb').write(b'x' * 10_000)",
    "to take a file away": "os.unlink('{folder}/there')",
    "to give a file another name": "os.rename('{folder}/there', '{folder}/elsewhere')",
    "more memory": "bytearray(2_000_000_000)",
}


@pytest.mark.parametrize("wanted", FORBIDDEN)
def test_a_reader_is_refused(wanted: str, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"")
    program = f"""
        import os, socket, sys
        from sftp_sync.reading.confinement import confine
        confine(500_000_000, 10)
        try:
            {FORBIDDEN[wanted].format(folder=tmp_path)}
        except (OSError, MemoryError):
            sys.exit(7)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert ended.returncode == 7
    assert (tmp_path / "there").exists()


def test_a_reader_still_reads(short: Path) -> None:
    program = f"""
        from pathlib import Path
        from sftp_sync.reading.confinement import confine
        confine(500_000_000, 10)
        print(Path("/proc/self/oom_score_adj").read_text().strip())
        print(len(Path({str(short)!r}).read_bytes()))
    """
    said = subprocess.check_output([sys.executable, "-c", textwrap.dedent(program)], text=True)
    assert said == f"1000\n{len(LIST)}\n"


class TestTheWire:
    @given(
        header=st.lists(TEXTS).map(tuple),
        line=st.integers(1, 9),
        sheet=st.none() | TEXTS,
    )
    def test_an_understanding_comes_as_it_went(
        self, header: tuple[str, ...], line: int, sheet: str | None
    ) -> None:
        went = Understanding("xlsx", header, line, sheet=sheet, other_sheets=header)
        kind, said = wire.heard(wire.understood(went))
        assert (kind, wire.understanding_of(said)) == ("understanding", went)

    def test_rows_come_as_they_went(self) -> None:
        went = a_batch(ARow(a_phone(1)), an_invalid_row())
        kind, said = wire.heard(wire.batch(went))
        came = classified_of(said)
        assert kind == "batch"
        assert came.cells == [list(row) for row in went.cells]
        for name in ("lines", "states", "phones", "codes", "columns", "reasons"):
            assert list(getattr(came, name)) == list(getattr(went, name))

    @pytest.mark.parametrize(
        "change",
        [
            {"lines": [1]},
            {"lines": ["2", "3"]},
            {"cells": [["a"], [1]]},
            {"cells": "ab"},
            {"states": ["pending", "called"]},
            {"states": ["pending"]},
            {"codes": ["no_country", "none of ours"]},
            {"phones": [1, 2]},
            {"reasons": [None]},
            {"hidden": None},
        ],
    )
    def test_rows_that_no_reader_says_are_not_believed(self, change: dict[str, Any]) -> None:
        _, said = wire.heard(wire.batch(a_batch(ARow(a_phone(1)), ARow(a_phone(2)))))
        with pytest.raises(Garbled):
            classified_of(said | change)

    @given(
        line=st.binary(max_size=60)
        | st.recursive(
            st.none() | TEXTS | st.integers(),
            lambda one: st.lists(one) | st.dictionaries(TEXTS, one),
        ).map(lambda one: json.dumps(one).encode())
    )
    def test_anything_else_is_not_understood_and_nothing_breaks(self, line: bytes) -> None:
        try:
            _, said = wire.heard(line)
        except Garbled:
            return
        for parse in (wire.understanding_of, classified_of, batch_of):
            with pytest.raises(Garbled):
                parse(said)

    def test_an_order_comes_as_it_went(self) -> None:
        rules = ContactRules(("a", "b"), "DE", payload={"x": "{a}"}, context={"y": "z"})
        went = Order("contacts", "l.csv", FileRules(sheet=2), rules, {"o": "{a}"}, True, True, 1, 2)
        assert Order.parsed(went.line()) == went

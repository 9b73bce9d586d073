from __future__ import annotations

from dataclasses import replace

import pytest

from sftp_sync.intake.inbox import lists, settled
from sftp_sync.model import FileRules, RemoteFile

RULES = FileRules()
LIST = RemoteFile("list.csv", 100, 1000)


def names(*entries: RemoteFile, rules: FileRules = RULES) -> list[str]:
    return [entry.name for entry in lists(entries, rules)]


def test_oldest_first_and_by_name_where_times_are_equal() -> None:
    entries = [
        RemoteFile("c.csv", 1, 30),
        RemoteFile("b.csv", 1, 20),
        RemoteFile("a.csv", 1, 20),
        RemoteFile("unknown.csv", 1, None),
    ]
    assert names(*entries) == ["unknown.csv", "a.csv", "b.csv", "c.csv"]


@pytest.mark.parametrize("kind", ["directory", "link", "other"])
def test_only_regular_files_are_lists(kind: str) -> None:
    assert names(replace(LIST, kind=kind)) == []  # type: ignore[arg-type]  # one of the literals


@pytest.mark.parametrize(
    ("name", "is_list"),
    [
        ("a.csv", True),
        ("A.CSV", True),
        ("a.tsv", True),
        ("a.txt", True),
        ("a.xlsx", True),
        ("a.xls", False),
        ("a.csv.gz", False),
        ("csv", False),
        ("a.csv.part", False),
        ("a.csv.FILEPART", False),
        ("~$a.xlsx", False),
        (".a.csv", False),
        (".sftp-sync-7-abc", False),
        ("caf\udce9.csv", True),
        ("a\nb.csv", True),
    ],
)
def test_which_names_are_lists_by_default(name: str, is_list: bool) -> None:  # noqa: FBT001 - the table's column
    assert names(replace(LIST, name=name)) == ([name] if is_list else [])


def test_our_own_private_names_are_never_lists() -> None:
    everything = FileRules(pattern=("*",), ignore=())
    assert names(replace(LIST, name=".sftp-sync-7-abc"), rules=everything) == []


class TestReadyMarker:
    rules = FileRules(ready_marker=".done", pattern=("*",), ignore=())

    def ready(self, *markers: RemoteFile) -> list[str]:
        return names(LIST, *markers, rules=self.rules)

    def test_without_its_marker_a_list_is_not_ready(self) -> None:
        assert self.ready() == []
        assert self.ready(RemoteFile("other.csv.done", 0, 2000)) == []

    def test_a_marker_is_no_list_itself(self) -> None:
        assert self.ready(RemoteFile("list.csv.done", 0, 1000)) == ["list.csv"]

    def test_a_marker_older_than_the_list_is_of_the_list_before(self) -> None:
        assert self.ready(RemoteFile("list.csv.done", 0, 999)) == []

    def test_where_no_times_are_told_the_marker_counts(self) -> None:
        assert self.ready(RemoteFile("list.csv.done", 0, None)) == ["list.csv"]

    def test_a_directory_is_no_marker(self) -> None:
        assert self.ready(RemoteFile("list.csv.done", 0, 2000, "directory")) == []


@pytest.mark.parametrize("change", [{"size": 101}, {"modified_at": 1001}, {"kind": "link"}])
def test_what_has_changed_between_two_looks_is_not_settled(change: dict[str, object]) -> None:
    assert settled([LIST], [replace(LIST, **change)]) == []  # type: ignore[arg-type]  # any of its fields


def test_what_two_looks_have_seen_alike_is_settled() -> None:
    new = RemoteFile("new.csv", 1, 1)
    assert settled([LIST], [LIST, new]) == [LIST]
    assert settled([LIST], []) == []

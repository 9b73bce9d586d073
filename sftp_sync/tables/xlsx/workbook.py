"""What a workbook says of itself: its sheets, and where their parts lie in the archive."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from sftp_sync.errors import FileRefused
from sftp_sync.model import shown
from sftp_sync.tables.xlsx.archive import MAX_MEMBERS, Archive
from sftp_sync.tables.xlsx.xml import each_element, is_true

_MOST_SHEETS = 10_000
_SHEETS_LISTED, _NAME_LISTED = 20, 40


@dataclass(frozen=True)
class Sheet:
    """A worksheet: its name, where it lies, and whether a person sees it."""

    name: str
    part: str
    is_visible: bool


@dataclass(frozen=True)
class Workbook:
    """The worksheets in their order, and the parts they share."""

    sheets: tuple[Sheet, ...]
    shared_texts: str | None
    styles: str | None
    starts_in_1904: bool


@dataclass(frozen=True)
class _Relation:
    kind: str
    part: str


def read_workbook(archive: Archive) -> Workbook:
    """The workbook, by the relations that its parts declare."""
    top = _relations(archive, "")
    main = next((one.part for one in top.values() if one.kind == "officeDocument"), "")
    main = main if archive.has(main) else "xl/workbook.xml"
    relations = _relations(archive, main)
    sheets: list[Sheet] = []
    starts_in_1904 = False

    def met(way: str, attributes: Mapping[str, str]) -> None:
        nonlocal starts_in_1904
        if way == "workbook/workbookPr":
            starts_in_1904 = is_true(attributes.get("date1904"))
        elif way == "workbook/sheets/sheet":
            related = relations.get(_related(attributes))
            if related is not None and related.kind == "worksheet":
                is_visible = attributes.get("state", "visible") == "visible"
                sheets.append(Sheet(attributes["name"], related.part, is_visible))
            if len(sheets) > _MOST_SHEETS:
                raise ValueError(f"it has more than {_MOST_SHEETS:,} sheets")

    with archive.small(main) as stream:
        each_element(stream, met)
    parts = {one.kind: one.part for one in relations.values() if archive.has(one.part)}
    return Workbook(tuple(sheets), parts.get("sharedStrings"), parts.get("styles"), starts_in_1904)


def _related(attributes: Mapping[str, str]) -> str:
    """The relation that leads from an element to its part; the namespace of `id` has two names."""
    return next(
        (text for name, text in attributes.items() if name.endswith("/relationships id")), ""
    )


def _relations(archive: Archive, part: str) -> dict[str, _Relation]:
    folder, file = posixpath.split(part)
    described_in = posixpath.join(folder, "_rels", f"{file}.rels")
    found: dict[str, _Relation] = {}

    def met(way: str, attributes: Mapping[str, str]) -> None:
        if way == "Relationships/Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
            found[attributes["Id"]] = _Relation(kind, target.lstrip("/"))
            if len(found) > MAX_MEMBERS:
                raise ValueError(f"it relates more than {MAX_MEMBERS:,} parts")

    if archive.has(described_in):
        with archive.small(described_in) as stream:
            each_element(stream, met)
    return found


def chosen_sheet(workbook: Workbook, wanted: str | int | None, name: str) -> Sheet:
    """The sheet to read: by name or number, else the first that a person sees."""
    visible = [sheet for sheet in workbook.sheets if sheet.is_visible]
    if wanted is None:
        if visible:
            return visible[0]
        raise FileRefused(
            f"{name} has no visible sheet. {_listed(workbook)}",
            fix="Set files.sheet to the one to read, or show the sheet in the spreadsheet.",
        )
    for sheet in workbook.sheets:
        if sheet.name == wanted:
            return sheet
    for number, sheet in enumerate(workbook.sheets, start=1):
        if str(wanted).strip().casefold() in {sheet.name.strip().casefold(), str(number)}:
            return sheet
    raise FileRefused(
        f'{name} has no sheet "{wanted}". {_listed(workbook)}',
        fix="Set files.sheet to one of them, by name or number.",
        who="you",
    )


def _listed(workbook: Workbook) -> str:
    names = [
        f'{number} "{shown(sheet.name)[:_NAME_LISTED]}"' + ("" if sheet.is_visible else " (hidden)")
        for number, sheet in enumerate(workbook.sheets[:_SHEETS_LISTED], start=1)
    ]
    if len(workbook.sheets) > _SHEETS_LISTED:
        names.append("…")
    return f"Its sheets are {', '.join(names)}." if names else "It has no sheets with cells."

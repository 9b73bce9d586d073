"""Reading and classifying a list: rows per second beside a plain script, and the memory of the
whole process.

    python benchmarks/intake.py [ROWS]

Each figure comes from a process of its own, one after the other, on the same file; the plain script
is what one would write in ten lines (csv and phonenumbers, openpyxl for the workbook).
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

HEADER = ("id", "phone", "name", "city", "note")
CSV_ROWS = 1_000_000
WORKBOOK_ROWS = 1_048_575
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def contacts(rows: int) -> Iterator[tuple[str, ...]]:
    """Made-up contacts; the numbers are written in the ways that lists write them."""
    chance = random.Random(7)  # noqa: S311 - not a secret
    layouts = ("+1{}{}{}", "({}) {}-{}", "{}-{}-{}", "{}{}{}")
    for row in range(rows):
        exchange, subscriber = chance.randint(200, 999), chance.randint(0, 9_999)
        area = chance.choice((212, 305, 415, 512, 617, 702, 808, 917))
        number = chance.choice(layouts).format(area, exchange, f"{subscriber:04}")
        yield str(row), number, f"Contact No {row}", "Springfield", f"called on day {row % 365}"


def write_csv_list(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(contacts(rows))


def write_workbook_list(path: Path, rows: int) -> None:
    """As Excel writes it: text in the shared table, the id as a number."""
    numbers: dict[str, int] = {}

    def text(place: str, value: str) -> str:
        return f'<c r="{place}" t="s"><v>{numbers.setdefault(value, len(numbers))}</v></c>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part, xml in _small_parts().items():
            archive.writestr(part, xml)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            header = "".join(text(f"{'ABCDE'[at]}1", name) for at, name in enumerate(HEADER))
            sheet.write(f'<row r="1">{header}</row>'.encode())
            for row, cells in enumerate(contacts(rows), start=2):
                texts = "".join(
                    text(f"{letter}{row}", cell)
                    for letter, cell in zip("BCDE", cells[1:], strict=True)
                )
                first = f'<c r="A{row}"><v>{cells[0]}</v></c>'
                sheet.write(f'<row r="{row}" spans="1:5">{first}{texts}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w") as shared:
            shared.write(f'<sst xmlns="{MAIN}">'.encode())
            for value in numbers:
                shared.write(f"<si><t>{value}</t></si>".encode())
            shared.write(b"</sst>")


def _small_parts() -> dict[str, str]:
    def relations(**parts: str) -> str:
        inner = "".join(
            f'<Relationship Id="{kind}" Type="{OFFICE}/{kind}" Target="{part}"/>'
            for kind, part in parts.items()
        )
        return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'

    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{kinds}.{kind}+xml"/>'
        for part, kind in (
            ("workbook", "sheet.main"),
            ("worksheets/sheet1", "worksheet"),
            ("sharedStrings", "sharedStrings"),
        )
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{overrides}</Types>',
        "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="List" sheetId="1" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            worksheet="worksheets/sheet1.xml", sharedStrings="sharedStrings.xml"
        ),
    }


def ours(path: Path) -> int:
    from sftp_sync.contacts import Classifier, choose_columns  # noqa: PLC0415 - one process, one way
    from sftp_sync.model import ContactRules, FileRules  # noqa: PLC0415
    from sftp_sync.tables import open_table  # noqa: PLC0415

    rules = ContactRules(region="US")
    rows = 0
    with open_table(path, path.name, FileRules(max_rows=2_000_000)) as table:
        columns = choose_columns(table.understanding.header, rules)
        classifier = Classifier(columns, rules, allow_duplicates=False)
        for batch in table.batches:
            rows += len(classifier.classify(batch))
    return rows


def plain(rows: Iterable[tuple[object, ...]]) -> int:
    import phonenumbers  # noqa: PLC0415 - as above

    seen: set[str] = set()
    count = 0
    for row in rows:
        number = phonenumbers.parse(str(row[1]), "US")
        if phonenumbers.is_valid_number(number):
            seen.add(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        count += 1
    return count


def plain_csv(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        return plain(tuple(row) for row in reader)


def plain_workbook(path: Path) -> int:
    import openpyxl  # noqa: PLC0415 - as above

    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    return plain(sheet.iter_rows(min_row=2, values_only=True))


WAYS: dict[str, Callable[[Path], int]] = {
    "ours": ours,
    "plain_csv": plain_csv,
    "plain_workbook": plain_workbook,
}


def measured(way: str, path: Path) -> dict[str, float]:
    """One way over one file, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--measure", way, str(path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    figures: dict[str, float] = json.loads(answer.stdout)
    return figures


def measure(way: str, path: Path) -> None:
    started = time.perf_counter()
    rows = WAYS[way](path)
    seconds = time.perf_counter() - started
    print(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": peak_megabytes()}))


def peak_megabytes() -> float:
    """The most memory this process has held. Not `ru_maxrss`: that begins with what the process
    held that started this one.
    """
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def compare(title: str, path: Path, plain_way: str) -> None:
    our_figures, plain_figures = measured("ours", path), measured(plain_way, path)
    ours_per_second, plain_per_second = (
        figures["rows"] / figures["seconds"] for figures in (our_figures, plain_figures)
    )
    print(f"{title}: {our_figures['rows']:,.0f} rows, {path.stat().st_size / 1e6:,.0f} MB")
    print(f"  rows per second: {ours_per_second:,.0f}, plain script {plain_per_second:,.0f}")
    print(f"  ratio to the plain script: {ours_per_second / plain_per_second:.2f}")
    print(f"  peak memory of the process: {our_figures['peak_mb']:,.0f} MB")


def main(rows: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        write_csv_list(path, rows or CSV_ROWS)
        compare("CSV", path, "plain_csv")
        path = Path(folder) / "list.xlsx"
        write_workbook_list(path, rows or WORKBOOK_ROWS)
        compare("XLSX", path, "plain_workbook")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--measure", way, path]:
            sys.path.insert(0, str(Path(__file__).parents[1]))
            measure(way, Path(path))
        case [rows]:
            main(int(rows))
        case _:
            main(None)

"""A verdict for each row: a number to call, a duplicate, or why it is neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sftp_sync.contacts.columns import Columns
from sftp_sync.contacts.regions import region_of
from sftp_sync.model import Batch, ClassifiedBatch, Code, ContactRules, RowState
from sftp_sync.phones import PhoneFound, PhoneRefused, parse

# Of several columns without a number, the one that came nearest is named.
_NEAREST = (
    Code.EXCEL_DAMAGED,
    Code.INVALID_NUMBER,
    Code.NO_COUNTRY,
    Code.NOT_A_NUMBER,
    Code.EMPTY_PHONE,
)
_REGION_TEXT_SHOWN = 40
_UNDAMAGED: Mapping[int, str] = {}


@dataclass(frozen=True, slots=True)
class _Verdict:
    state: RowState
    phone: str | None = None
    code: Code | None = None
    column: str | None = None
    reason: str | None = None


class Classifier:
    """Judges the rows of one file, in their order: the first row with a number wins."""

    def __init__(self, columns: Columns, rules: ContactRules, *, allow_duplicates: bool) -> None:
        self._columns = columns
        self._rules = rules
        self._region = rules.region.upper() if rules.region else None
        self._allow_duplicates = allow_duplicates
        # Number → the line it first stood on: two ints a row are all that is kept.
        self._first_lines: dict[int, int] = {}

    def classify(self, batch: Batch) -> ClassifiedBatch:
        """The same rows, each with its verdict."""
        verdicts = list(self._verdicts(batch))
        return ClassifiedBatch(
            lines=batch.lines,
            cells=batch.cells,
            states=[verdict.state for verdict in verdicts],
            phones=[verdict.phone for verdict in verdicts],
            codes=[verdict.code for verdict in verdicts],
            columns=[verdict.column for verdict in verdicts],
            reasons=[verdict.reason for verdict in verdicts],
            hidden=batch.hidden,
        )

    def _verdicts(self, batch: Batch) -> Iterator[_Verdict]:
        width = len(self._columns.header)
        damaged: dict[int, dict[int, str]] = {}
        for (row, column), sentence in batch.damaged.items():
            damaged.setdefault(row, {})[column] = sentence
        for row, (line, cells) in enumerate(zip(batch.lines, batch.cells, strict=True)):
            if len(cells) > width:
                yield _ragged(len(cells), width)
                continue
            verdict = self._judged(cells, damaged.get(row, _UNDAMAGED))
            yield self._unless_duplicate(verdict, line)

    def _judged(self, cells: Sequence[str], damaged: Mapping[int, str]) -> _Verdict:
        region, unknown = self._region_of(cells)
        refusals: list[tuple[int, PhoneRefused]] = []
        for column in self._columns.phone:
            found = (
                PhoneRefused(Code.EXCEL_DAMAGED, damaged[column])
                if column in damaged
                else parse(cells[column], region, self._rules.bare_numbers)
            )
            if isinstance(found, PhoneFound):
                return self._good(found, column, refusals)
            if unknown and found.code is Code.NO_COUNTRY:
                found = PhoneRefused(Code.NO_COUNTRY, unknown)
            refusals.append((column, found))
        column, refusal = min(refusals, key=lambda refused: _NEAREST.index(refused[1].code))
        return _Verdict(
            RowState.INVALID,
            code=refusal.code,
            column=self._columns.header[column],
            reason=refusal.reason,
        )

    def _good(
        self, found: PhoneFound, column: int, refusals: list[tuple[int, PhoneRefused]]
    ) -> _Verdict:
        note = found.note
        name = self._columns.header[column]
        passed_over = [
            self._columns.header[at] for at, why in refusals if why.code is not Code.EMPTY_PHONE
        ]
        if passed_over:
            names = " and ".join(f'"{other}"' for other in passed_over)
            note = f'There is no valid number in {names}; "{name}" was used. {note or ""}'.strip()
        return _Verdict(
            RowState.PENDING, phone=found.e164, column=name if note else None, reason=note
        )

    def _region_of(self, cells: Sequence[str]) -> tuple[str | None, str | None]:
        """The region of a row, and the sentence where its text names none."""
        column = self._columns.region_column
        if column is None or not (text := cells[column].strip()):
            return self._region, None
        region = region_of(text)
        if region is not None:
            return region, None
        return None, (
            f'The number has no country code, and "{text[:_REGION_TEXT_SHOWN]}" in'
            f' "{self._columns.header[column]}" is not known as a country: write a code like US'
            " or GB."
        )

    def _unless_duplicate(self, verdict: _Verdict, line: int) -> _Verdict:
        if verdict.phone is None or self._allow_duplicates:
            return verdict
        first = self._first_lines.setdefault(int(verdict.phone[1:]), line)
        if first == line:
            return verdict
        return _Verdict(
            RowState.DUPLICATE,
            phone=verdict.phone,
            code=Code.DUPLICATE_IN_FILE,
            reason=f"The same number as in line {first}.",
        )


def _ragged(cells: int, width: int) -> _Verdict:
    return _Verdict(
        RowState.INVALID,
        code=Code.RAGGED_ROW,
        reason=f"The row has {cells} cells, the header {width}: name every column, and put"
        " quotation marks around cells that hold the delimiter.",
    )

"""The numbers of a do-not-call list: every one in every column of numbers, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sftp_sync import contacts, phones
from sftp_sync.model import Batch, ClassifiedBatch, Code, ContactRules, Table

HARMLESS = {None, Code.EMPTY_PHONE}


class ForbiddenNumbers:
    """Reads a list once. `unreadable` are the rows so far with a cell that should hold a number and
    holds none: who is meant by it would be called.
    """

    def __init__(self, table: Table, rules: ContactRules) -> None:
        header = table.understanding.header
        reading = _reading_rules(rules, header)
        columns = _columns(header, reading)
        # A contact has one number, the first that is good; here each of them counts.
        self._classifiers = [
            contacts.Classifier(
                contacts.Columns(header, (column,), columns.region_column),
                reading,
                allow_duplicates=True,
            )
            for column in columns.phone
        ]
        self._batches = table.batches
        self._known: set[int] = set()
        self.total = self.unreadable = 0

    def __iter__(self) -> Iterator[list[str]]:
        return map(self._new_of, self._batches)

    def _new_of(self, batch: Batch) -> list[str]:
        """The numbers of some rows that have not been met before."""
        judged = [classifier.classify(batch) for classifier in self._classifiers]
        self.total += len(batch.cells)
        codes = zip(*(one.codes for one in judged), strict=True)
        self.unreadable += sum(not HARMLESS.issuperset(of_row) for of_row in codes)
        return [phone for one in judged for phone in self._unmet(one)]

    def _unmet(self, judged: ClassifiedBatch) -> Iterator[str]:
        for phone in filter(None, judged.phones):
            number = int(phone[1:])
            if number not in self._known:
                self._known.add(number)
                yield phone


def _reading_rules(rules: ContactRules, header: Sequence[str]) -> ContactRules:
    """How such a list is read: as a contact list, as far as it has the same columns."""
    phone = tuple(name for name in rules.phone if name in header)
    region_column = rules.region_column if rules.region_column in header else None
    return ContactRules(phone, rules.region, region_column, rules.bare_numbers)


def _columns(header: tuple[str, ...], rules: ContactRules) -> contacts.Columns:
    """Where the numbers stand; in a list of one column there is no doubt, whatever its name."""
    if len(header) == 1 and not rules.phone and not _is_a_number(header[0], rules.region):
        return contacts.Columns(header=header, phone=(0,), region_column=None)
    return contacts.choose_columns(header, rules)


def _is_a_number(text: str, region: str | None) -> bool:
    return isinstance(phones.parse(text, region), phones.PhoneFound)

"""A reader: reads one file and says what is in it, line by line, where nothing else runs."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from sftp_sync import contacts, tables
from sftp_sync.errors import FileRefused
from sftp_sync.reading import wire
from sftp_sync.reading.wire import Order


class Listener(Protocol):
    """Who is told."""

    def write(self, line: bytes, /) -> int:
        """One line more."""

    def flush(self) -> None:
        """Let it be heard."""


def read_aloud(path: Path, order: Order, out: Listener) -> None:
    """All that is in the file behind `path`, or why not."""
    try:
        for line in _lines(path, order):
            out.write(line)
            out.flush()
        last = wire.ended()
    except FileRefused as error:
        last = wire.refused(error.message, error.fix, error.who)
    except MemoryError:
        last = wire.beyond()
    except BrokenPipeError:
        return
    except Exception:  # noqa: BLE001 - whoever listens shall know of it
        last = wire.broke(traceback.format_exc())
    out.write(last)
    out.flush()


def _lines(path: Path, order: Order) -> Iterator[bytes]:
    with tables.open_table(path, order.name, order.files) as table:
        if order.what == "table":
            yield wire.understood(table.understanding)
            yield from map(wire.batch, table.batches)
            return
        header = table.understanding.header
        if contacts.is_own_result(header):
            raise FileRefused(
                "The file is a result file of ours.",
                fix="Results belong to the export path. To call these people, delete the columns"
                " that begin with result_ and send it again.",
            )
        columns = contacts.choose_columns(header, order.contacts, order.overrides)
        classifier = contacts.Classifier(
            columns, order.contacts, allow_duplicates=order.allow_duplicates
        )
        yield wire.understood(
            replace(
                table.understanding,
                phone_columns=columns.phone_names,
                region_column=columns.region_name,
            )
        )
        yield from (wire.batch(classifier.classify(batch)) for batch in table.batches)

"""Rules of collect, each taken out in a child process, to show that the tests would notice."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

from sftp_sync.intake import entry, tidy
from sftp_sync.ledger.deliveries import write_down
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.entering import Entering
from sftp_sync.ledger.schema import files
from sftp_sync.outbox import deliver
from sftp_sync.spool import Spool
from tests.support import guards_of_calls


def _the_file_comes_before_its_rows() -> None:
    """The file is one for everybody as soon as it is begun."""
    begin = Entering.begin

    def at_once(self: Any, *words: Any) -> int:
        file_id = begin(self, *words)
        with writing(self._engine) as connection:
            here = files.update().where(files.c.id == file_id)
            connection.execute(here.values(state="dispatching", original=True))
        return file_id

    Entering.begin = at_once  # type: ignore[method-assign]  # that is the point


def _nothing_is_taken_back() -> None:
    """What an interrupted run had begun stays."""
    Entering.take_back = lambda *_: None  # type: ignore[method-assign]  # that is the point


def _deliveries_are_written_down_later() -> None:
    """A file is finished first, and what is due about it is another transaction."""
    for name in ("finish", "set_aside"):
        setattr(Entering, name, _in_two_steps(getattr(Entering, name)))


def _in_two_steps(whole: Callable[..., Any]) -> Callable[..., Any]:
    def instead(self: Any, lease: Any, first: Any, *rest: Any) -> Any:
        *others, ending = rest
        bare = dataclasses.replace(ending, deliveries=())
        answer = whole(self, lease, first, *others, bare)
        file_id = first if isinstance(first, int) else answer
        with writing(self._engine) as connection:
            asked = files.select().where(files.c.id == file_id)
            campaign = connection.execute(asked).one().campaign
            write_down(connection, file_id, campaign, ending.deliveries)
        return answer

    return instead


def _what_is_there_is_not_recognised() -> None:
    """A name that is taken is always somebody else's."""
    deliver._holds = lambda *_: False


def _private_names_are_forgotten() -> None:
    """The name for comparing is another one each time."""
    tidy.private_name = lambda file: f"{tidy.PRIVATE_PREFIX}{file.id}-{uuid.uuid4().hex}"


def _nothing_is_compared() -> None:
    """Whatever lies there now is taken for what was read."""
    whole = tidy._tidy

    def blind(campaign: Any, remote: Any, file: Any) -> Any:
        tidy.sha256_at = lambda *_: file.sha256
        return whole(campaign, remote, file)

    tidy._tidy = blind


def _the_spool_is_not_swept() -> None:
    """What an interrupted run has left in the spool stays there."""
    Spool.sweep = lambda *_, **__: None  # type: ignore[method-assign]  # that is the point


def _the_first_file_makes_us_stumble() -> None:
    """A bug, met while the first file is read."""
    whole, met = entry.opened, []

    def stumbling(*words: Any, **named: Any) -> Any:
        if not met:
            met.append(words)
            raise ZeroDivisionError
        return whole(*words, **named)

    entry.opened = stumbling


RULES: dict[str, Callable[[], None]] = {
    "rows come before their file": _the_file_comes_before_its_rows,
    "what was begun is taken back": _nothing_is_taken_back,
    "deliveries are written down first": _deliveries_are_written_down_later,
    "what is there is recognised": _what_is_there_is_not_recognised,
    "private names are known from the ledger": _private_names_are_forgotten,
    "what is cleared away was compared": _nothing_is_compared,
    "the spool is swept": _the_spool_is_not_swept,
    "a file is read without stumbling": _the_first_file_makes_us_stumble,
}


def take_out(rule: str) -> None:
    """From now on this process runs without a rule."""
    (RULES | guards_of_calls.RULES)[rule]()

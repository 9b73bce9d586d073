"""What all tables are made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, MetaData, Text, TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PARTIAL_WHERE = "partial_where"
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Moment(TypeDecorator[datetime]):
    """A point in time: UTC outside, microseconds since the epoch inside, comparable in both."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        del dialect
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Text from outside. What a database does not take, a NUL or half a character, is written as
    an escape: a strange header or answer must not keep the rest from being recorded.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        del dialect
        if value is None or UNSTORABLE.search(value) is None:
            return value
        return UNSTORABLE.sub(lambda found: ascii(found[0])[1:-1], value)


BigId = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData()


def partial_where(condition: str) -> dict[str, Any]:
    """The condition of a partial index. Which indexes there are is up to the migrations; were it
    an option of each database here, every start would load the dialects of both.
    """
    return {"info": {PARTIAL_WHERE: condition}}

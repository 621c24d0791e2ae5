"""Column types that mean the same on SQLite and PostgreSQL: instants are aware and in UTC, or refused."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no offset, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return aware(value).astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def aware(value: datetime) -> datetime:
    """Return an instant as it is; raise `ValueError` if it has no UTC offset."""
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()}: an instant must carry its UTC offset")
    return value


def taken_by_postgresql(value: datetime | None) -> datetime | None:
    """Return an instant as the driver takes it. In UTC, so that one before the first year is refused, not stored."""
    return None if value is None else aware(value).astimezone(UTC)


def written_by_sqlite(value: datetime | None) -> str | None:
    """Return an instant in the words that `Instant` writes into SQLite, in a tenth of its time: for rows in batches."""
    if value is None:
        return None
    # msgspec writes "2026-09-15T10:00:00.000001Z", and no fraction that is nothing.
    words = msgspec.to_builtins(aware(value).astimezone(UTC))
    return f"{words[:10]} {words[11:19]}{words[19:-1] or '.000000'}"

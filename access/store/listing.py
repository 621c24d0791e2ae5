"""Lists piece by piece, in an order of the reader's choice: by one column, then by id.

A piece is found by where the one before ended, never by counting rows: the last costs what the first does, and nothing
is shown twice or passed over while others write.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, func, literal, tuple_
from sqlalchemy.orm import DeclarativeBase

from access.errors import Invalid
from access.store.columns import Instant

_AT_ONCE = 500
"""Rows of a list that is read whole: one short transaction each."""

_ID = "id"
_NO_CURSOR = "after: expected the cursor of a page of this list, in this order"


class Listing(msgspec.Struct, frozen=True):
    """Which piece of a list: how many, after which cursor, sorted by which column ("-" before it: the other way)."""

    limit: int = 100
    after: str | None = None
    sort: str = _ID


FIRST = Listing()


class Listed(Protocol):
    """What lists hold."""

    @property
    def id(self) -> str: ...


_ListedT = TypeVar("_ListedT", bound=Listed)
_SelectT = TypeVar("_SelectT", bound=Select[Any])


def piece(query: _SelectT, table: type[DeclarativeBase], listing: Listing) -> _SelectT:
    """Return the query for one piece; raise `Invalid` for a cursor of another list or order."""
    if listing.after is not None and "\0" in listing.after:
        raise Invalid(_NO_CURSOR)
    row = table.metadata.tables[table.__tablename__].c
    name, is_descending = listing.sort.removeprefix("-"), listing.sort.startswith("-")
    key: list[ColumnElement[Any]] = [row[_ID]]
    place: list[object] = [listing.after]
    if name != _ID:
        kind = row[name].type
        values = datetime if isinstance(kind, Instant) else kind.python_type
        least = literal(_LEAST[values], kind)
        key.insert(0, func.coalesce(row[name], least))
        if listing.after is not None:
            value, ended = _place(listing.after, values)
            place = [least if value is None else literal(value, kind), ended]
    if listing.after is not None:
        reached = tuple_(*place)
        query = query.where(tuple_(*key) < reached if is_descending else tuple_(*key) > reached)
    return query.order_by(*(part.desc() if is_descending else part for part in key)).limit(listing.limit)


def cursor(listed: Listed, sort: str) -> str:
    """Return where a piece that ends with this record ended."""
    name = sort.removeprefix("-")
    if name == _ID:
        return listed.id
    place = msgspec.json.encode((getattr(listed, name), listed.id))
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def every(read: Callable[[Listing], list[_ListedT]], sort: str = _ID) -> Iterator[_ListedT]:
    """Yield a whole list, reading it piece by piece: memory stays small, and nobody waits for a long transaction."""
    listing = Listing(_AT_ONCE, None, sort)
    while found := read(listing):
        yield from found
        if len(found) < listing.limit:
            return
        listing = Listing(_AT_ONCE, cursor(found[-1], sort), sort)


def _place(cursor: str, kind: type) -> tuple[object, str]:
    try:
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        value, ended = msgspec.json.decode(told, type=_PLACES[kind])
        return value.astimezone(UTC) if isinstance(value, datetime) else value, ended
    except (binascii.Error, ValueError, OverflowError, msgspec.DecodeError) as error:
        raise Invalid(_NO_CURSOR) from error


_Text = Annotated[str, msgspec.Meta(pattern="^[^\0]*$")]
_PLACES: dict[type, Any] = {
    str: tuple[_Text | None, _Text],
    date: tuple[date | None, _Text],
    datetime: tuple[Annotated[datetime, msgspec.Meta(tz=True)] | None, _Text],
}
_LEAST = {str: "", date: date.min, datetime: datetime(1, 1, 2, tzinfo=UTC)}
"""What stands for nothing: it comes first."""

"""Lists piece by piece, in an order of the reader's choice: by one column, then by the table's key.

A piece is found by where the one before ended, never by counting rows: the last costs what the first does, and nothing
that keeps its place is shown twice or passed over while others write. Every column that a list of the city's size is
sorted by has its index, with the key behind it. Rows that have nothing there stand before all others, and are read
apart, since no index compares nothing with something.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import DeclarativeBase, Session

from access.errors import Invalid
from access.store.columns import Instant

_AT_ONCE = 500
"""Rows of a list that is read whole: one short transaction each."""

_NO_CURSOR = "after: expected the cursor of a page of this list, in this order"

_BY_WORDS = {"name": "sought"}
"""A list sorted by name goes by the bare words of the name, where they are kept beside it."""

Key = tuple[str, ...]
ID: Key = ("id",)
SEQ: Key = ("seq",)
"""The attributes of a record that are its table's key, in the key's order."""


class Listing(msgspec.Struct, frozen=True):
    """Which piece of a list: how many, after which cursor, sorted by which column ("-" before it: the other way)."""

    limit: int = 100
    after: str | None = None
    sort: str = "id"


FIRST, NEWEST = Listing(), Listing(sort="-seq")

_ListedT = TypeVar("_ListedT")
_RowT = TypeVar("_RowT", bound=DeclarativeBase)
_Columns = Sequence[Column[Any]]


def piece(session: Session, query: Select[_RowT], table: type[_RowT], listing: Listing) -> Sequence[_RowT]:
    """Return one piece; raise `Invalid` for a cursor of another list or order."""
    bare = table.metadata.tables[table.__tablename__]
    key: _Columns = tuple(bare.primary_key)
    name, is_descending = listing.sort.removeprefix("-"), listing.sort.startswith("-")
    if name == key[0].name:
        place = None if listing.after is None else _place(listing.after, key)
        return session.scalars(_next(query, key, place, listing.limit, is_descending=is_descending)).all()
    column = bare.c.get(_BY_WORDS.get(name, name), bare.c[name])
    found: list[_RowT] = []
    for part, columns, place in _parts(column, key, listing.after, is_descending=is_descending):
        left = listing.limit - len(found)
        if left > 0:
            chosen = query.where(part) if part is not None else query
            found += session.scalars(_next(chosen, columns, place, left, is_descending=is_descending))
    return found


def cursor(listed: object, sort: str, key: Key = ID) -> str:
    """Return where a piece that ends with this record ended."""
    name = sort.removeprefix("-")
    if hasattr(listed, by_words := _BY_WORDS.get(name, name)):
        name = by_words
    names = key if name == key[0] else (name, *key)
    place = [getattr(listed, each) for each in names]
    if len(place) == 1:
        return str(place[0])
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def every(read: Callable[[Listing], list[_ListedT]], sort: str = "id", key: Key = ID) -> Iterator[_ListedT]:
    """Yield a whole list, reading it piece by piece: memory stays small, and nobody waits for a long transaction."""
    listing = Listing(_AT_ONCE, None, sort)
    while found := read(listing):
        yield from found
        if len(found) < listing.limit:
            return
        listing = Listing(_AT_ONCE, cursor(found[-1], sort, key), sort)


_Part = tuple[ColumnElement[bool] | None, _Columns, tuple[object, ...] | None]


def _parts(column: Column[Any], key: _Columns, after: str | None, *, is_descending: bool) -> list[_Part]:
    """Return what is left to read: rows with nothing in the column, and those with something; each from where."""
    place = None if after is None else _place(after, (column, *key))
    if not column.nullable:
        return [(None, (column, *key), place)]
    is_blank = place is not None and place[0] is None
    blank: _Part = (column.is_(None), key, place[1:] if is_blank and place else None)
    filled: _Part = (column.is_not(None), (column, *key), None if is_blank else place)
    parts = [filled, blank] if is_descending else [blank, filled]
    if place is None or is_blank is (not is_descending):
        return parts
    return parts[1:]


def _next(
    query: Select[_RowT],
    columns: _Columns,
    place: tuple[object, ...] | None,
    limit: int,
    *,
    is_descending: bool,
) -> Select[_RowT]:
    if place is not None:
        reached = tuple_(*(literal(value, column.type) for value, column in zip(place, columns, strict=True)))
        query = query.where(tuple_(*columns) < reached if is_descending else tuple_(*columns) > reached)
    return query.order_by(*(column.desc() if is_descending else column for column in columns)).limit(limit)


def _place(cursor: str, columns: _Columns) -> tuple[object, ...]:
    """Return the values that a cursor holds, of these columns."""
    kinds = tuple(_kind(column) for column in columns)
    try:
        if len(kinds) == 1:
            return (msgspec.convert(cursor, _VALUES[kinds[0]], strict=False),)
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(told, type=_tuple(kinds, columns[0].nullable is True))
    except (binascii.Error, ValueError, OverflowError, msgspec.DecodeError) as error:
        raise Invalid(_NO_CURSOR) from error
    return tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in place)


def _kind(column: Column[Any]) -> type:
    return datetime if isinstance(column.type, Instant) else column.type.python_type


@cache
def _tuple(kinds: tuple[type, ...], has_nothing: bool) -> Any:  # noqa: ANN401, FBT001  (a type made at run time)
    values = [_VALUES[kind] for kind in kinds]
    if has_nothing:
        values[0] |= None
    return tuple[tuple(values)]  # type: ignore[misc]  # as above


_VALUES: dict[type, Any] = {
    str: Annotated[str, msgspec.Meta(pattern="^[^\0]*$")],
    int: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)],
    date: date,
    datetime: Annotated[datetime, msgspec.Meta(tz=True)],
}

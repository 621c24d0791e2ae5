"""How far each epoch of each source is stored: the gapless sequence and the hash the next record must carry."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import msgspec
from sqlalchemy import Select, and_, bindparam, or_, select, text
from sqlalchemy.orm import Session

from access.store.batches import insert_once
from access.store.models import SourceRow
from policies.ids import SourceId
from readers.wire.events import FIRST_SEQ, GENESIS

Epoch = tuple[SourceId, int]


class Reach(msgspec.Struct, frozen=True):
    """The last record stored of one epoch; `NOTHING` before the first."""

    seq: int
    digest: str


NOTHING = Reach(FIRST_SEQ - 1, GENESIS)

_MOST_EPOCHS = 200
"""In one query: SQLite refuses an expression of a thousand, and a source may send lines of as many epochs."""


def locked(session: Session, epochs: Iterable[Epoch]) -> dict[Epoch, Reach]:
    """Return how far the given epochs are stored; until the transaction ends nobody else takes them further."""
    wanted = sorted(set(epochs))
    reached = _locked_rows(session, wanted)
    new = [epoch for epoch in wanted if epoch not in reached]
    if new and session.get_bind().dialect.name == "postgresql":
        # A row that is not there cannot be held, and another server may be about to write it. (SQLite has one writer.)
        session.execute(_HOLD_NEW, {"sources": sorted({source for source, _epoch in new})})
        reached |= _locked_rows(session, new)
    return {epoch: reached.get(epoch, NOTHING) for epoch in wanted}


def advance(session: Session, reached: Mapping[Epoch, Reach]) -> None:
    """Write how far the given epochs are stored now."""
    rows = [
        (*epoch, reach.seq, reach.digest, NOTHING.seq, NOTHING.digest)
        for epoch, reach in sorted(reached.items())
    ]
    insert_once(session, SourceRow, rows, update=("seq", "digest"))


def _locked_rows(session: Session, wanted: Sequence[Epoch]) -> dict[Epoch, Reach]:
    reached: dict[Epoch, Reach] = {}
    for start in range(0, len(wanted), _MOST_EPOCHS):
        some = wanted[start : start + _MOST_EPOCHS]
        values = {
            f"{name}{number}": part
            for number, epoch in enumerate(some)
            for name, part in zip("se", epoch, strict=True)
        }
        found = session.connection().execute(_reach(len(some)), values)
        reached.update({(row.source, row.epoch): Reach(row.seq, row.digest) for row in found})
    return reached


_HOLD_NEW = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(source, 0)) FROM unnest(CAST(:sources AS text[])) AS source"
)
_SOURCES = SourceRow.metadata.tables[SourceRow.__tablename__]


@cache
def _reach(epochs: int) -> Select[str, int, int, str]:
    """Return the query for so many epochs. Built once: of a small batch, building it would take a third of the time."""
    columns = _SOURCES.c
    chosen = (
        and_(columns.source == bindparam(f"s{number}"), columns.epoch == bindparam(f"e{number}"))
        for number in range(epochs)
    )
    return (
        select(columns.source, columns.epoch, columns.seq, columns.digest)
        .where(or_(*chosen))
        .order_by(columns.source, columns.epoch)
        .with_for_update()
    )

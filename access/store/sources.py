"""How far each epoch of each source is stored: the gapless sequence and the hash the next record must carry."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from access.store.database import insert_once
from access.store.models import SourceRow
from policies.ids import SourceId
from readers.wire.events import FIRST_SEQ, GENESIS

Epoch = tuple[SourceId, int]


class Reach(msgspec.Struct, frozen=True):
    """The last record stored of one epoch; `NOTHING` before the first."""

    seq: int
    digest: str


NOTHING = Reach(FIRST_SEQ - 1, GENESIS)


def locked(session: Session, epochs: Iterable[Epoch]) -> dict[Epoch, Reach]:
    """Return how far the given epochs are stored, holding their rows until the transaction ends."""
    connection = session.connection()
    reached = {}
    for source, epoch in sorted(set(epochs)):
        row = connection.execute(_REACH, {"of_source": source, "of_epoch": epoch}).one_or_none()
        reached[source, epoch] = NOTHING if row is None else Reach(row.seq, row.digest)
    return reached


def advance(session: Session, reached: Mapping[Epoch, Reach]) -> None:
    """Write how far the given epochs are stored now."""
    rows = [(*epoch, reach.seq, reach.digest) for epoch, reach in sorted(reached.items())]
    insert_once(session, SourceRow, rows, update=("seq", "digest"))


_SOURCES = SourceRow.metadata.tables[SourceRow.__tablename__]
_REACH = (
    select(_SOURCES.c.seq, _SOURCES.c.digest)
    .where(_SOURCES.c.source == bindparam("of_source"), _SOURCES.c.epoch == bindparam("of_epoch"))
    .with_for_update()
)
"""Built once: of a small batch, building it anew would take a third of the time."""

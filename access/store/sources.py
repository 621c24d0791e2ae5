"""How far each epoch of each source is stored: the gapless sequence and the hash the next record must carry."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select
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
    wanted = sorted(set(epochs))
    query = select(SourceRow.source, SourceRow.epoch, SourceRow.seq, SourceRow.digest)
    found = session.execute(query.where(or_(*map(_is, wanted))).with_for_update())
    reached = {(SourceId(source), epoch): Reach(seq, digest) for source, epoch, seq, digest in found}
    return {epoch: reached.get(epoch, NOTHING) for epoch in wanted}


def advance(session: Session, reached: Mapping[Epoch, Reach]) -> None:
    """Write how far the given epochs are stored now."""
    rows = [
        {"source": source, "epoch": epoch, "seq": reach.seq, "digest": reach.digest}
        for (source, epoch), reach in sorted(reached.items())
    ]
    if rows:
        statement = insert_once(session, SourceRow, update=("seq", "digest"))
        session.execute(statement, rows)


def _is(epoch: Epoch) -> ColumnElement[bool]:
    return and_(SourceRow.source == epoch[0], SourceRow.epoch == epoch[1])

"""Events that name nobody any more and that nobody asks for go: the oldest of each epoch, in short transactions.

An epoch remembers the last record that went and its hash, so that those which stay still prove themselves.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from access.store.database import Database
from access.store.holds import Hold
from access.store.models import EventRow, SourceRow
from access.store.privacy import LINKED, held
from access.store.sources import Epoch
from policies.ids import SourceId

_AT_ONCE = 2_000
"""Rows a transaction: whoever stores events waits for some tens of milliseconds."""


def prune(database: Database, before: datetime, holds: Sequence[Hold]) -> tuple[int, str]:
    """Delete what is older and may go, batch by batch; return how many events and the hash of which."""
    with database.reading() as session:
        row = SourceRow
        query = select(row.source, row.epoch).where(row.gone_seq < row.seq).order_by(row.source, row.epoch)
        epochs = [(SourceId(source), epoch) for source, epoch in session.execute(query)]
    number, digest = 0, hashlib.sha256()
    for source, epoch in epochs:
        with database.reading() as session:
            gone, last = _span(session, (source, epoch), before, holds)
        while gone < last:
            until = min(gone + _AT_ONCE, last)
            with database.writing() as session:
                _forget(session, (source, epoch), until)
            for seq in range(gone + 1, until + 1):
                digest.update(f"{source}:{epoch}:{seq}\n".encode())
            number += until - gone
            gone = until
    return number, digest.hexdigest()


def count(session: Session, before: datetime) -> int:
    """Return how many events are older."""
    return session.scalar(select(func.count()).select_from(EventRow).where(EventRow.at < before)) or 0


def _span(session: Session, epoch: Epoch, before: datetime, holds: Sequence[Hold]) -> tuple[int, int]:
    """Return the last record of an epoch that has gone, and the last that may."""
    source, row = SourceRow, EventRow
    of_epoch = select(source.gone_seq, source.seq).where(source.source == epoch[0], source.epoch == epoch[1])
    gone, end = session.execute(of_epoch).one()
    stays = or_(row.at >= before, LINKED, held(holds))
    query = select(row.seq).where(row.source == epoch[0], row.epoch == epoch[1], row.seq > gone, stays)
    first = session.scalar(query.order_by(row.seq).limit(1))
    return gone, end if first is None else first - 1


def _forget(session: Session, epoch: Epoch, until: int) -> None:
    row, source = EventRow, SourceRow
    theirs = (row.source == epoch[0], row.epoch == epoch[1])
    digest = session.scalars(select(row.digest).where(*theirs, row.seq == until)).one()
    here = update(source).where(source.source == epoch[0], source.epoch == epoch[1])
    session.execute(here.values(gone_seq=until, gone_digest=digest))
    session.execute(delete(row).where(*theirs, row.seq <= until))

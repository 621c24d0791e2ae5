"""Is the database what was written: its schema, its own consistency, the audit's chain and every source's chain."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from access.errors import Invalid
from access.store import audit, schema
from access.store.database import Database
from access.store.models import EventRow, SourceRow
from readers.wire.events import parse

_AT_ONCE = 2_000


def check(database: Database) -> Iterator[str]:
    """Yield what is not as it must be, one sentence each."""
    try:
        yield from _contents(database)
    except Invalid as error:
        yield str(error)
    except DatabaseError as error:
        yield f"database: {error.orig}; what comes after was not looked at"


def _contents(database: Database) -> Iterator[str]:
    if (found := schema.current(database.engine)) != schema.newest():
        yield f"schema: version {found}, expected {schema.newest()}; run totem db upgrade"
        return
    with database.reading() as session:
        if database.is_sqlite:
            yield from _sqlite(session)
        yield from _audit(session)
        for source in session.scalars(select(SourceRow).order_by(SourceRow.source, SourceRow.epoch)).all():
            yield from _epoch(session, source)


def _sqlite(session: Session) -> Iterator[str]:
    for (found,) in session.execute(text("PRAGMA integrity_check")):
        if found != "ok":
            yield f"file: {found}"
    for table, *_rest in session.execute(text("PRAGMA foreign_key_check")):
        yield f"table {table}: a row refers to one that does not exist"


def _audit(session: Session) -> Iterator[str]:
    if (broken := audit.verify(session).broken) is not None:
        yield f"audit {broken}: the entry is missing or not the one that was written"


def _epoch(session: Session, of: SourceRow) -> Iterator[str]:
    row, source, epoch = EventRow, of.source, of.epoch
    query = select(row.seq, row.record, row.digest).where(row.source == source, row.epoch == epoch)
    streamed = query.order_by(row.seq).execution_options(yield_per=_AT_ONCE)
    seq, prev = of.gone_seq + 1, of.gone_digest
    with session.execute(streamed) as rows:
        for found, record, digest in rows:
            name = f"event {source}:{epoch}:{seq}"
            if found != seq:
                yield f"{name}: missing; the next stored is {found}"
                return
            if hashlib.sha256(record).hexdigest() != digest or parse(record).prev != prev:
                yield f"{name}: not the record that was stored, or its chain is broken"
                return
            seq, prev = seq + 1, digest
    if seq != of.seq + 1:
        yield f"source {source} epoch {epoch}: stored up to {seq - 1}, acknowledged up to {of.seq}"

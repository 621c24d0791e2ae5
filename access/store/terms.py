"""Who answers taps for the site: a term with an epoch, taken, renewed and given up in one statement each.

The database alone says what time it is (`now()`), so no two machines' clocks are ever compared. On PostgreSQL a term
ends by itself; on SQLite, which one machine has to itself, it is only counted: a lock on a file keeps a second out.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Interval,
    Update,
    case,
    cast,
    create_engine,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from access.store.database import Database
from access.store.term_models import TermRow
from policies.ids import SourceId

_ONLY = 1
_MS_PER_S = 1000
_GIVEN_UP = datetime(2000, 1, 1, tzinfo=UTC)
"""The end of a term whose holder has left it, and of the row that a new database begins with."""

_ANSWERS_WITHIN_MS = 1_500
_IMPATIENT = {
    "connect_timeout": 2,
    "tcp_user_timeout": _ANSWERS_WITHIN_MS,
    "options": f"-c statement_timeout={_ANSWERS_WITHIN_MS} -c synchronous_commit=on",
}
"""How a holder talks to its database: a line that has died without a word must be known before the term is over."""


class Term(msgspec.Struct, frozen=True):
    """Who holds the term, or was the last to. `is_over` is by the database's clock; `renewals` counts the writes.

    `held_since` is the epoch of the first of the holder's terms that nobody else's came between; 0 where it was the
    first of all.
    """

    holder: str
    epoch: int
    held_since: int
    renewals: int
    is_over: bool
    is_given_up: bool = False


class Won(NamedTuple):
    """A term that was taken: its epoch, and its holder's `held_since`."""

    epoch: int
    held_since: int


def impatient(database: Database) -> Database:
    """Return the same PostgreSQL by a connection of its own, which waits for nothing longer than a term can bear."""
    address = database.engine.url
    known = {"connect_timeout", "options"} & set(address.query)
    arguments = {name: value for name, value in _IMPATIENT.items() if name not in known}
    return Database(create_engine(address, pool_size=1, max_overflow=0, connect_args=arguments))


def read(session: Session) -> Term:
    """Return the term as it is now."""
    row = select(TermRow, TermRow.ends_at < func.now()).where(TermRow.id == _ONLY)
    term, is_over = session.execute(row).one()
    is_given_up = term.ends_at == _GIVEN_UP
    return Term(term.holder, term.epoch, term.held_since, term.renewals, is_over, is_given_up)


def take(session: Session, seen: Term, holder: str, source: SourceId, lasts: timedelta) -> Won | None:
    """Begin a term, with an epoch higher than every one before; return None where it is not to be had.

    It is if `seen` is over and nobody has touched it since, or if it is this holder's own: its earlier life is dead.
    """
    is_untouched = (TermRow.epoch == seen.epoch) & (TermRow.renewals == seen.renewals)
    is_free = or_(TermRow.holder == holder, is_untouched & (TermRow.ends_at < func.now()))
    ms = cast(func.floor(func.extract("epoch", func.now()) * _MS_PER_S), BigInteger)
    number = func.greatest(TermRow.epoch + 1, ms)
    values = {
        "holder": holder,
        "source": source,
        "epoch": number,
        "held_since": case(
            (TermRow.epoch == 0, 0), (TermRow.holder == holder, TermRow.held_since), else_=number
        ),
        "renewals": TermRow.renewals + 1,
        "ends_at": _after(lasts),
    }
    taken = update(TermRow).where(TermRow.id == _ONLY, is_free).values(values)
    row = session.execute(taken.returning(TermRow.epoch, TermRow.held_since)).one_or_none()
    return Won(*row) if row is not None else None


def renew(session: Session, holder: str, epoch: int, lasts: timedelta) -> bool:
    """Prolong a term that nobody has followed; return whether it is still theirs."""
    values = {"renewals": TermRow.renewals + 1, "ends_at": _after(lasts)}
    return session.scalar(_own(holder, epoch).values(values).returning(TermRow.epoch)) is not None


def give_up(session: Session, holder: str, epoch: int) -> None:
    """End a term at once, so that the next need not wait for it."""
    values = {"renewals": TermRow.renewals + 1, "ends_at": _GIVEN_UP}
    session.execute(_own(holder, epoch).values(values))


def begin(session: Session, holder: str, source: SourceId, at: datetime) -> int:
    """Begin a term that nobody else can want, and return its epoch."""
    row = session.get_one(TermRow, _ONLY)
    row.holder, row.source, row.ends_at = holder, source, at
    row.epoch, row.renewals = max(row.epoch + 1, int(at.timestamp() * _MS_PER_S)), row.renewals + 1
    session.flush()
    return row.epoch


def epoch(session: Session) -> int:
    """Return the epoch of the newest term; 0 before any."""
    return session.scalar(select(TermRow.epoch).where(TermRow.id == _ONLY)) or 0


def _own(holder: str, epoch: int) -> Update:
    return update(TermRow).where(TermRow.id == _ONLY, TermRow.holder == holder, TermRow.epoch == epoch)


def _after(lasts: timedelta) -> ColumnElement[datetime]:
    return func.now() + cast(lasts, Interval)

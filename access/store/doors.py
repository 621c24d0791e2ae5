"""What doors were ordered, as it is kept: each door's register, and the lockdowns that made it so."""

from datetime import datetime

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from access.store.door_models import DoorOrdersRow, LockdownRow
from policies.ids import DoorId, SpaceId
from readers.wire.orders import Orders


class Lockdown(msgspec.Struct, frozen=True):
    """A lockdown of `space` and everything in it; of the whole site where that is None."""

    id: str
    space: SpaceId | None
    since: datetime
    until: datetime | None
    actor: str
    reason: str


_DECODER = msgspec.json.Decoder(Orders)


def registers(session: Session) -> dict[DoorId, Orders]:
    """Return the register of every door that was ever ordered anything."""
    rows = session.scalars(select(DoorOrdersRow).order_by(DoorOrdersRow.door))
    return {DoorId(row.door): _DECODER.decode(row.orders) for row in rows}


def put(session: Session, door: DoorId, orders: Orders) -> None:
    """Write a door's register."""
    row = DoorOrdersRow(
        door=door, revision=orders.revision, orders=msgspec.json.encode(orders).decode("utf-8")
    )
    session.merge(row)
    session.flush()


def next_revision(session: Session, at: datetime) -> int:
    """Return the revision of what is ordered at `at`: its Unix milliseconds, and higher than every one before.

    A counter alone would go back with a database that is restored from a copy, and doors take nothing older.
    """
    highest = session.scalar(select(func.max(DoorOrdersRow.revision))) or 0
    return max(highest + 1, int(at.timestamp() * 1000))


def add_lockdown(session: Session, lockdown: Lockdown) -> None:
    """Write a lockdown that begins."""
    session.add(LockdownRow(**msgspec.structs.asdict(lockdown), ended_at=None))
    session.flush()


def end_lockdowns(session: Session, space: SpaceId | None, at: datetime) -> list[str]:
    """End the lockdowns of exactly this space; return their ids."""
    ended = [one.id for one in lockdowns(session, at) if one.space == space]
    session.execute(update(LockdownRow).where(LockdownRow.id.in_(ended)).values(ended_at=at))
    return ended


def lockdowns(session: Session, at: datetime) -> list[Lockdown]:
    """Return the lockdowns in force at `at`, the oldest first."""
    rows = session.scalars(
        select(LockdownRow).where(LockdownRow.ended_at.is_(None)).order_by(LockdownRow.since)
    )
    return [
        Lockdown(
            row.id, SpaceId(row.space) if row.space else None, row.since, row.until, row.actor, row.reason
        )
        for row in rows
        if row.until is None or row.until > at
    ]

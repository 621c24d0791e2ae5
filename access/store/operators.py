"""Operators, their sessions and the keys of machines, as they are kept: hashes, never a secret."""

from datetime import datetime

import msgspec
from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from access.store.listing import Listing, piece
from access.store.operator_models import ApiKeyRow, OperatorRow, SessionRow
from policies.ids import OrganisationId, SpaceId

_KEY = "key:"
"""Before a key's id: what the audit calls a machine."""


class OperatorRecord(msgspec.Struct, frozen=True):
    """Somebody who signs in. `one_time` asks for a new password before anything else.

    One that was removed stays as a name that nobody else gets: the audit speaks of it.
    """

    name: str
    role: str
    password_hash: str
    created_at: datetime
    one_time: bool = False
    disabled: bool = False
    failures: int = 0
    locked_until: datetime | None = None
    organisation: OrganisationId | None = None
    space: SpaceId | None = None
    removed_at: datetime | None = None
    version: int = 1

    @property
    def may_sign_in(self) -> bool:
        """Return whether they are neither disabled nor gone."""
        return not self.disabled and self.removed_at is None


class KeyRecord(msgspec.Struct, frozen=True):
    """A machine's key without its secret."""

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    created_by: str = ""
    organisation: OrganisationId | None = None


def count(session: Session) -> int:
    """Return how many operators there are."""
    return session.scalar(select(func.count()).select_from(OperatorRow)) or 0


def add(session: Session, operator: OperatorRecord) -> None:
    """Write a new operator."""
    session.execute(insert(OperatorRow).values(msgspec.structs.asdict(operator)))


def get(session: Session, name: str) -> OperatorRecord | None:
    """Return one operator; None if there is none."""
    row = session.scalar(select(OperatorRow).where(OperatorRow.name == name))
    return None if row is None else _operator(row)


def held(session: Session, name: str) -> OperatorRecord | None:
    """As `get`, in a transaction that writes: until its end nobody else changes the operator."""
    row = session.scalar(select(OperatorRow).where(OperatorRow.name == name).with_for_update())
    return None if row is None else _operator(row)


def replace(session: Session, operator: OperatorRecord) -> None:
    """Write an operator over the one with the same name."""
    values = msgspec.structs.asdict(operator)
    session.execute(update(OperatorRow).where(OperatorRow.name == operator.name).values(values))


class OperatorFilter(msgspec.Struct, frozen=True):
    """Which operators a list holds; what is not given lets all pass."""

    role: str | None = None
    organisation: OrganisationId | None = None
    disabled: bool | None = None


def page(session: Session, chosen: OperatorFilter, listing: Listing) -> list[OperatorRecord]:
    """Return a piece of the list of operators; nobody who was removed."""
    row = OperatorRow
    exact = (
        (row.role, chosen.role),
        (row.organisation, chosen.organisation),
        (row.disabled, chosen.disabled),
    )
    query = select(row).where(*(column == wanted for column, wanted in exact if wanted is not None))
    return list(map(_operator, piece(session, query.where(row.removed_at.is_(None)), row, listing)))


def of_role(session: Session, role: str) -> list[OperatorRecord]:
    """Return those of a role who are neither disabled nor gone."""
    row = OperatorRow
    query = select(row).where(row.role == role, row.removed_at.is_(None), row.disabled.is_(False))
    return [_operator(each) for each in session.scalars(query.order_by(row.name))]


def open_session(session: Session, digest: str, operator: str, at: datetime, until: datetime) -> None:
    """Write a session; those that have run out go."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= at))
    values = {"digest": digest, "operator": operator, "created_at": at, "expires_at": until}
    session.execute(insert(SessionRow).values(values))


def of_session(session: Session, digest: str, at: datetime) -> OperatorRecord | None:
    """Return whose session it is; None if it has run out or never was."""
    query = (
        select(OperatorRow)
        .join(SessionRow, SessionRow.operator == OperatorRow.name)
        .where(SessionRow.digest == digest, SessionRow.expires_at > at)
    )
    row = session.scalar(query)
    return None if row is None else _operator(row)


def close_session(session: Session, digest: str) -> None:
    """End one session."""
    session.execute(delete(SessionRow).where(SessionRow.digest == digest))


def close_sessions_of(session: Session, operator: str) -> None:
    """End every session of an operator."""
    session.execute(delete(SessionRow).where(SessionRow.operator == operator))


def add_key(session: Session, key: KeyRecord) -> None:
    """Write a new key."""
    session.execute(insert(ApiKeyRow).values(msgspec.structs.asdict(key) | {"scopes": list(key.scopes)}))


def find_key(session: Session, digest: str) -> KeyRecord | None:
    """Return the key with this hash; None if there is none."""
    row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.digest == digest))
    return None if row is None else _key(row)


def get_key(session: Session, key: str) -> KeyRecord | None:
    """Return the key with this id; None if there is none."""
    row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.id == key))
    return None if row is None else _key(row)


class KeyFilter(msgspec.Struct, frozen=True):
    """Which keys a list holds; what is not given lets all pass. `revoked`: those that somebody ended, or the others."""

    organisation: OrganisationId | None = None
    created_by: str | None = None
    revoked: bool | None = None


def keys(session: Session, chosen: KeyFilter, listing: Listing) -> list[KeyRecord]:
    """Return a piece of the list of keys, those that ended too."""
    row = ApiKeyRow
    exact = ((row.organisation, chosen.organisation), (row.created_by, chosen.created_by))
    query = select(row).where(*(column == wanted for column, wanted in exact if wanted is not None))
    if chosen.revoked is not None:
        query = query.where(row.revoked_at.is_not(None) if chosen.revoked else row.revoked_at.is_(None))
    return list(map(_key, piece(session, query, row, listing)))


def living_keys_of(session: Session, maker: str) -> list[KeyRecord]:
    """Return the keys that nobody revoked of those that an operator or `key:ID` made, that these made, and so on."""
    row = ApiKeyRow
    made = select(row.id).where(row.created_by == maker).cte("made", recursive=True)
    made = made.union(select(row.id).join(made, row.created_by == literal("key:") + made.c.id))
    query = select(row).where(row.id.in_(select(made.c.id)), row.revoked_at.is_(None)).order_by(row.id)
    return [_key(found) for found in session.scalars(query)]


def behind(session: Session, actor: str) -> str:
    """Return the operator whose key an actor is, or whose key made it, and so on; the actor where there is none."""
    key = get_key(session, actor.removeprefix(_KEY)) if actor.startswith(_KEY) else None
    if key is None or not (key.created_by.startswith(_KEY) or get(session, key.created_by)):
        return actor
    return behind(session, key.created_by)


def revoke_key(session: Session, key: str, at: datetime) -> bool:
    """Note that a key is revoked from `at` on; return whether there is such a key."""
    statement = update(ApiKeyRow).where(ApiKeyRow.id == key, ApiKeyRow.revoked_at.is_(None))
    return bool(session.execute(statement.values(revoked_at=at).returning(ApiKeyRow.id)).all())


def _operator(row: OperatorRow) -> OperatorRecord:
    return OperatorRecord(
        row.name,
        row.role,
        row.password_hash,
        row.created_at,
        row.one_time,
        row.disabled,
        row.failures,
        row.locked_until,
        OrganisationId(row.organisation) if row.organisation is not None else None,
        SpaceId(row.space) if row.space is not None else None,
        row.removed_at,
        row.version,
    )


def _key(row: ApiKeyRow) -> KeyRecord:
    return KeyRecord(
        row.id,
        row.name,
        row.digest,
        tuple(row.scopes),
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.created_by,
        OrganisationId(row.organisation) if row.organisation is not None else None,
    )


def key_mark(session: Session) -> tuple[int, int]:
    """Return what differs once a key was made or revoked: how many there are, and how many of them ended."""
    query = select(func.count(), func.count(ApiKeyRow.revoked_at)).select_from(ApiKeyRow)
    made, revoked = session.execute(query).one()
    return made, revoked


def living_keys(session: Session) -> list[KeyRecord]:
    """Return every key that is not revoked."""
    query = select(ApiKeyRow).where(ApiKeyRow.revoked_at.is_(None)).order_by(ApiKeyRow.id)
    return [_key(row) for row in session.scalars(query)]

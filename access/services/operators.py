"""Operators and machines: who signs in, with what right, and how long.

Failures lock an operator's sign-in for a time that doubles; a failure is counted before the password is looked at,
so that guessing in parallel gains nothing. A one-time password opens nothing but the setting of a new one.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound, NotSignedIn
from access.services.passwords import LEAST_LENGTH, Passwords, digest, fresh_identifier, fresh_secret
from access.services.rights import READER, Actor, Role, Scope, scopes_of
from access.store import audit
from access.store import operators as stored
from access.store.database import Database
from access.store.operators import KeyRecord, OperatorRecord
from policies.building import Building
from policies.ids import DoorId

__all__ = ["Operators", "SignedIn"]

SESSION_LASTS = timedelta(hours=12)
FREE_FAILURES = 5
_FIRST_LOCK, _LONGEST_LOCK = timedelta(seconds=2), timedelta(minutes=15)
_KEY_MARK = "totem_"
_MOST_NAME = 64


class SignedIn(msgspec.Struct, frozen=True):
    """A session as its browser gets it: the token is told once and kept as a hash."""

    token: str
    actor: Actor
    expires_at: datetime


class Operators:
    """The use cases around operators and keys."""

    def __init__(self, database: Database, building: Building, passwords: Passwords) -> None:
        self._database, self._building, self._passwords = database, building, passwords
        self._nobody: str | None = None

    def first_administrator(self, at: datetime, name: str = "admin") -> str | None:
        """Make the first administrator and return their one-time password; None if there is an operator already."""
        with self._database.reading() as session:
            if stored.count(session):
                return None
        return self.create(name, Role.ADMINISTRATOR, "first start", at)

    def create(self, name: str, role: Role, actor: str, at: datetime) -> str:
        """Make an operator and return their one-time password; raise `Conflict` if the name is in use."""
        if not name or len(name) > _MOST_NAME or not name.isprintable():
            raise Invalid(f"operator {name!r}: expected a name of 1 to {_MOST_NAME} printable characters")
        password = fresh_secret()
        record = OperatorRecord(name, role.value, self._passwords.hash(password), at, one_time=True)
        with self._database.writing() as session:
            audit.append(session, at, actor, "operator-created", [name])
            if stored.get(session, name) is not None:
                raise Conflict(f"operator {name}: the name is in use")
            stored.add(session, record)
        return password

    def sign_in(self, name: str, password: str, at: datetime) -> SignedIn:
        """Open a session; raise `NotSignedIn` for a wrong name or password, or while locked."""
        operator = self._proven(name, password, at)
        with self._database.writing() as session:
            return _open_session(session, operator, at)

    def set_password(self, token: str, new: str, at: datetime) -> SignedIn:
        """Give the session's operator a new password and a fresh session; all their others end."""
        name = self.of_session(token, at).name
        if len(new) < LEAST_LENGTH:
            raise Invalid(f"new password: expected at least {LEAST_LENGTH} characters")
        hashed = self._passwords.hash(new)
        with self._database.reading() as session:
            before = _known(session, name)
        if self._passwords.verify(before.password_hash, new):
            raise Invalid("new password: expected another than the old one")
        with self._database.writing() as session:
            audit.append(session, at, name, "password-set", [name])
            operator = msgspec.structs.replace(_known(session, name), password_hash=hashed, one_time=False)
            stored.replace(session, operator)
            stored.close_sessions_of(session, name)
            return _open_session(session, operator, at)

    def of_session(self, token: str, at: datetime) -> Actor:
        """Return who holds the session; raise `NotSignedIn` if it has run out or never was."""
        with self._database.reading() as session:
            operator = stored.of_session(session, digest(token), at)
        if operator is None or operator.disabled:
            raise NotSignedIn("the session has ended: sign in again")
        return _actor(operator)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.writing() as session:
            stored.close_session(session, digest(token))

    def create_key(
        self, name: str, scopes: tuple[str, ...], actor: str, at: datetime, until: datetime | None = None
    ) -> str:
        """Make a machine's key and return its secret, told this once."""
        self._check_scopes(scopes)
        identifier = fresh_identifier()
        secret = f"{_KEY_MARK}{fresh_secret()}"
        with self._database.writing() as session:
            audit.append(session, at, actor, "key-created", [identifier])
            stored.add_key(session, KeyRecord(identifier, name, digest(secret), scopes, at, until))
        return secret

    def of_key(self, secret: str, at: datetime) -> Actor:
        """Return the machine with this key; raise `NotSignedIn` if it is unknown, revoked or has run out."""
        with self._database.reading() as session:
            key = stored.find_key(session, digest(secret))
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
            raise NotSignedIn("the key is not valid")
        return Actor(f"key:{key.id}", frozenset(key.scopes))

    def revoke_key(self, key: str, actor: str, at: datetime) -> None:
        """End a key; raise `NotFound` if there is none that lives."""
        with self._database.writing() as session:
            audit.append(session, at, actor, "key-revoked", [key])
            if not stored.revoke_key(session, key, at):
                raise NotFound(f"key {key}: there is no such key")

    def _proven(self, name: str, password: str, at: datetime) -> OperatorRecord:
        """Return the operator if the password is theirs and sign-in is not locked."""
        with self._database.writing() as session:
            operator = _counted(session, name, at)
        if operator is None:
            self._passwords.verify(self._hash_of_nobody(), password)
            raise NotSignedIn("the name or the password is wrong")
        if operator.locked_until is not None and operator.locked_until > at:
            raise NotSignedIn(
                f"too many failures: sign-in is locked until {operator.locked_until.isoformat()}"
            )
        if not self._passwords.verify(operator.password_hash, password) or operator.disabled:
            raise NotSignedIn("the name or the password is wrong")
        with self._database.writing() as session:
            operator = msgspec.structs.replace(_known(session, name), failures=0, locked_until=None)
            stored.replace(session, operator)
        return operator

    def _hash_of_nobody(self) -> str:
        self._nobody = self._nobody or self._passwords.hash(fresh_secret())
        return self._nobody

    def _check_scopes(self, scopes: tuple[str, ...]) -> None:
        known = {scope.value for scope in Scope}
        for scope in scopes:
            door = DoorId(scope.removeprefix(READER))
            if scope not in known and not (scope.startswith(READER) and door in self._building.doors):
                expected = ", ".join(sorted(known))
                raise Invalid(
                    f"scope {scope!r}: expected reader:DOOR of a door of this building, or {expected}"
                )


def _open_session(session: Session, operator: OperatorRecord, at: datetime) -> SignedIn:
    token, until = fresh_secret(), at + SESSION_LASTS
    stored.open_session(session, digest(token), operator.name, at, until)
    return SignedIn(token, _actor(operator), until)


def _known(session: Session, name: str) -> OperatorRecord:
    operator = stored.get(session, name)
    if operator is None:
        raise NotSignedIn("the operator is gone")
    return operator


def _counted(session: Session, name: str, at: datetime) -> OperatorRecord | None:
    """Return the operator as they were before this attempt, which is counted as a failure until it succeeds."""
    operator = stored.get(session, name)
    if operator is None or (operator.locked_until is not None and operator.locked_until > at):
        return operator
    failures = operator.failures + 1
    locked_until = None
    if failures >= FREE_FAILURES:
        # The exponent is bounded too: a year of guessing must not overflow it.
        doublings = min(failures - FREE_FAILURES, 16)
        locked_until = at + min(_FIRST_LOCK * 2**doublings, _LONGEST_LOCK)
    stored.replace(session, msgspec.structs.replace(operator, failures=failures, locked_until=locked_until))
    return operator


def _actor(operator: OperatorRecord) -> Actor:
    return Actor(operator.name, scopes_of(Role(operator.role)), operator.one_time)

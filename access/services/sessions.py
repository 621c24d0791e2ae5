"""Signing in: who is who, and how long their browser stays signed in.

Failures lock an operator's sign-in for a time that doubles; a failure is counted before the password is looked at,
so that guessing in parallel gains nothing. A one-time password opens nothing but the setting of a new one. A password
is one way to prove who one is: whatever else proves it (OpenID Connect, a passkey) ends in `admit`.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from access.errors import Invalid, NotSignedIn
from access.services.passwords import Passwords, digest, expect_good, fresh_secret
from access.services.rights import Actor, Reach, Role, scopes_of
from access.store import audit
from access.store import operators as stored
from access.store.database import Database
from access.store.operators import OperatorRecord

__all__ = ["Sessions", "SignedIn"]

SESSION_LASTS = timedelta(hours=12)
FREE_FAILURES = 5
_WRONG = "the name or the password is wrong, or sign-in rests for a while after too many failures"
"""One answer for all three, in one time: nobody learns by guessing which names there are."""

_ENDED = "the session has ended: sign in again"
_FIRST_LOCK, _LONGEST_LOCK = timedelta(seconds=2), timedelta(minutes=15)


class SignedIn(msgspec.Struct, frozen=True):
    """A session as its browser gets it: the token is told once and kept as a hash."""

    token: str
    actor: Actor
    expires_at: datetime


class Sessions:
    """The use cases of whoever signs in. `site` is a word that no password is made of."""

    def __init__(self, database: Database, passwords: Passwords, site: str) -> None:
        self._database, self._passwords, self._site = database, passwords, site
        self._nobody: str | None = None

    def sign_in(self, name: str, password: str, at: datetime, instead_of: str | None = None) -> SignedIn:
        """Open a session; raise `NotSignedIn` for a wrong name or password, or while locked.

        `instead_of` is the token of the session that the browser held until now: it ends.
        """
        return self._admit(name, at, self._prove(name, password, at), instead_of)

    def admit(self, name: str, at: datetime) -> SignedIn:
        """Open a session for an operator who has proven who they are; raise `NotSignedIn` if they are gone."""
        return self._admit(name, at)

    def _admit(
        self, name: str, at: datetime, proven: str | None = None, instead_of: str | None = None
    ) -> SignedIn:
        """Open a session. `proven` is the hash that a password was compared with: it may be another's by now."""
        with self._database.writing() as session:
            operator = _known(session, name)
            if proven not in (None, operator.password_hash):
                raise NotSignedIn(_WRONG)
            operator = msgspec.structs.replace(operator, failures=0, locked_until=None)
            stored.replace(session, operator)
            if instead_of is not None:
                stored.close_session(session, digest(instead_of))
            return _open_session(session, operator, at)

    def set_password(self, token: str, new: str, at: datetime, current: str | None = None) -> SignedIn:
        """Give the session's operator a new password and a fresh session; all their others end.

        Whoever chose a password before proves it with `current`: an open browser is not enough to take an account.
        """
        actor = self.of_session(token, at)
        name = actor.name
        if not actor.must_set_password:
            self._prove(name, current or "", at)
        expect_good(new, (name, self._site, "totem"))
        hashed = self._passwords.hash(new)
        with self._database.reading() as session:
            before = _there(stored.get(session, name))
        if self._passwords.verify(before.password_hash, new):
            raise Invalid("new password: expected another than the old one")
        with self._database.writing() as session:
            if stored.of_session(session, digest(token), at) is None:  # ended while the password was hashed
                raise NotSignedIn(_ENDED)
            audit.append(session, at, name, "password-set", [name])
            changes = {"password_hash": hashed, "one_time": False, "failures": 0, "locked_until": None}
            operator = msgspec.structs.replace(_known(session, name), **changes)
            stored.replace(session, operator)
            stored.close_sessions_of(session, name)
            return _open_session(session, operator, at)

    def of_session(self, token: str, at: datetime) -> Actor:
        """Return who holds the session; raise `NotSignedIn` if it has run out or never was."""
        with self._database.reading() as session:
            operator = stored.of_session(session, digest(token), at)
        if operator is None or not operator.may_sign_in:
            raise NotSignedIn(_ENDED)
        return actor_of(operator)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.writing() as session:
            stored.close_session(session, digest(token))

    def _prove(self, name: str, password: str, at: datetime) -> str:
        """Return the hash that the password is of, if it is the operator's and sign-in is not locked."""
        with self._database.writing() as session:
            operator = _counted(session, name, at)
        if operator is None or not operator.may_sign_in or _is_locked(operator, at):
            self._passwords.verify(self._hash_of_nobody(), password)
            raise NotSignedIn(_WRONG)
        if not self._passwords.verify(operator.password_hash, password):
            raise NotSignedIn(_WRONG)
        return operator.password_hash

    def _hash_of_nobody(self) -> str:
        self._nobody = self._nobody or self._passwords.hash(fresh_secret())
        return self._nobody


def actor_of(operator: OperatorRecord) -> Actor:
    """Return an operator as whoever asks."""
    reach = Reach(operator.organisation, operator.space)
    return Actor(operator.name, scopes_of(Role(operator.role), reach), operator.one_time, reach)


def _open_session(session: Session, operator: OperatorRecord, at: datetime) -> SignedIn:
    token, until = fresh_secret(), at + SESSION_LASTS
    stored.open_session(session, digest(token), operator.name, at, until)
    return SignedIn(token, actor_of(operator), until)


def _known(session: Session, name: str) -> OperatorRecord:
    return _there(stored.held(session, name))


def _there(operator: OperatorRecord | None) -> OperatorRecord:
    if operator is None or not operator.may_sign_in:
        raise NotSignedIn("the operator is gone")
    return operator


def _is_locked(operator: OperatorRecord, at: datetime) -> bool:
    return operator.locked_until is not None and operator.locked_until > at


def _counted(session: Session, name: str, at: datetime) -> OperatorRecord | None:
    """Return the operator as they were before this attempt, which is counted as a failure until it succeeds."""
    operator = stored.held(session, name)
    if operator is None or _is_locked(operator, at):
        return operator
    failures = operator.failures + 1
    locked_until = None
    if failures >= FREE_FAILURES:
        # The exponent is bounded too: a year of guessing must not overflow it.
        doublings = min(failures - FREE_FAILURES, 16)
        locked_until = at + min(_FIRST_LOCK * 2**doublings, _LONGEST_LOCK)
    stored.replace(session, msgspec.structs.replace(operator, failures=failures, locked_until=locked_until))
    return operator

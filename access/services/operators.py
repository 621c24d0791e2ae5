"""Operators: who there is, what they are, and where. Whoever is removed is out at once.

There is always an administrator who can sign in. A name is given once: the audit goes on speaking of whoever had it.
"""

import re
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotAllowed, NotFound, Outdated
from access.services.outbox import Outbox
from access.services.passwords import Passwords, fresh_secret
from access.services.rights import EVERYWHERE, READER, Actor, Reach, Role, expect_fitting, scopes_of
from access.store import audit, organisations, site
from access.store import operators as stored
from access.store.database import Database
from access.store.listing import Listing
from access.store.operators import KeyRecord, OperatorFilter, OperatorRecord
from policies.building import Building

__all__ = ["OperatorFilter", "OperatorRecord", "Operators", "expect_may_appoint"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
"""Without colon and space, so that nobody is called `key:…` or `command line` in the audit."""

_Allows = Callable[[OperatorRecord], None]

BY_NAME = Listing(sort="name")
_ALL = OperatorFilter()


class OneTime(msgspec.Struct, frozen=True):
    """An operator as they are now, and the password that works once: it is told and never read back."""

    operator: OperatorRecord
    password: str


def _anybody(_operator: OperatorRecord) -> None:
    """Allow it for every operator."""


class Operators:
    """The use cases around operators. `departures` tells the name of whoever lost rights, once it is committed."""

    def __init__(
        self, database: Database, building: Building, passwords: Passwords, departures: Outbox[str]
    ) -> None:
        self._database, self._building, self._passwords = database, building, passwords
        self._departures = departures

    def first_administrator(self, at: datetime, name: str = "admin") -> str | None:
        """Make the first administrator and return their one-time password; None if there is an operator already."""
        with self._database.reading() as session:
            if stored.count(session):
                return None
        password = fresh_secret()
        hashed = self._passwords.hash(password)
        record = OperatorRecord(name, Role.ADMINISTRATOR.value, hashed, at, one_time=True)
        with self._database.writing() as session:
            site.locked(session)  # two servers that start at once make one administrator
            if stored.count(session):
                return None
            self._add(session, record, "first start")
        return password

    def create(self, name: str, role: Role, actor: str, at: datetime, reach: Reach = EVERYWHERE) -> OneTime:
        """Make an operator with a one-time password; raise `Conflict` if the name is or was in use."""
        if not _NAME.fullmatch(name):
            raise Invalid(f"operator {name!r}: expected a name of 1 to 64 letters, digits and . _ @ + -")
        password = fresh_secret()
        hashed = self._passwords.hash(password)
        record = OperatorRecord(name, role.value, hashed, at, one_time=True)
        record = msgspec.structs.replace(record, organisation=reach.organisation, space=reach.space)
        with self._database.writing() as session:
            site.locked(session)
            self._expect_fitting(session, record)
            self._add(session, record, actor)
        return OneTime(record, password)

    def get(self, name: str) -> OperatorRecord:
        """Return one operator; raise `NotFound`."""
        with self._database.reading() as session:
            return _present(name, stored.get(session, name))

    def page(self, chosen: OperatorFilter = _ALL, listing: Listing = BY_NAME) -> list[OperatorRecord]:
        """Return a piece of the list of operators."""
        with self._database.reading() as session:
            return stored.page(session, chosen, listing)

    def change(
        self,
        name: str,
        edit: Callable[[OperatorRecord], OperatorRecord],
        actor: str,
        at: datetime,
        expected_version: int | None = None,
    ) -> OperatorRecord:
        """Give an operator another role or reach, or disable them; their sessions take the change at once.

        Keys that they made for more than they now may are revoked.
        """
        with self._database.writing() as session:
            audit.append(session, at, actor, "operator-changed", [name])
            before = _known(session, name)
            if expected_version not in (None, before.version):
                raise Outdated(f"operator {name}: version {before.version}, expected {expected_version}")
            asked = edit(before)
            after = msgspec.structs.replace(
                before,
                role=asked.role,
                organisation=asked.organisation,
                space=asked.space,
                disabled=asked.disabled,
                version=before.version + 1,
            )
            self._expect_fitting(session, after)
            _keep_an_administrator(session, before, after)
            stored.replace(session, after)
            if after.disabled:
                stored.close_sessions_of(session, name)
            keys = [key for key in stored.living_keys_of(session, name) if _exceeds(key, after)]
            _revoke(session, keys, actor, at)
        self._tell(name, keys)
        return after

    def reset(self, name: str, actor: str, at: datetime, allow: _Allows = _anybody) -> OneTime:
        """Give an operator a new one-time password; the old one and every session of theirs end.

        `allow` raises where the actor may not, of the operator as they are when it is written.
        """
        password = fresh_secret()
        hashed = self._passwords.hash(password)
        with self._database.writing() as session:
            audit.append(session, at, actor, "operator-password-reset", [name])
            before = _known(session, name)
            allow(before)
            after = msgspec.structs.replace(
                before,
                password_hash=hashed,
                one_time=True,
                failures=0,
                locked_until=None,
                version=before.version + 1,
            )
            stored.replace(session, after)
            stored.close_sessions_of(session, name)
        self._departures.tell(name)
        return OneTime(after, password)

    def remove(
        self, name: str, actor: str, at: datetime, allow: _Allows = _anybody, *, keep_keys: bool = False
    ) -> None:
        """Remove an operator with their sessions and, unless told otherwise, the keys that come from them.

        `allow` raises where the actor may not.
        """
        with self._database.writing() as session:
            audit.append(session, at, actor, "operator-removed", [name])
            before = _known(session, name)
            allow(before)
            after = msgspec.structs.replace(
                before, password_hash="", removed_at=at, disabled=True, version=before.version + 1
            )
            _keep_an_administrator(session, before, after)
            stored.replace(session, after)
            stored.close_sessions_of(session, name)
            keys = [] if keep_keys else stored.living_keys_of(session, name)
            _revoke(session, keys, actor, at)
        self._tell(name, keys)

    def _tell(self, name: str, keys: list[KeyRecord]) -> None:
        for gone in (name, *(f"key:{key.id}" for key in keys)):
            self._departures.tell(gone)

    def _add(self, session: Session, record: OperatorRecord, actor: str) -> None:
        audit.append(session, record.created_at, actor, "operator-created", [record.name])
        if stored.get(session, record.name) is not None:
            raise Conflict(f"operator {record.name}: the name is, or was, somebody's")
        stored.add(session, record)

    def _expect_fitting(self, session: Session, record: OperatorRecord) -> None:
        expect_fitting(Role(record.role), Reach(record.organisation, record.space))
        if record.organisation is not None and record.organisation not in organisations.ids(session):
            raise Invalid(f"operator {record.name}: there is no organisation {record.organisation}")
        if record.space is not None and record.space not in self._building.spaces:
            raise Invalid(f"operator {record.name}: there is no space {record.space}")


def expect_may_appoint(actor: Actor, role: Role, reach: Reach = EVERYWHERE) -> None:
    """Raise `NotAllowed` for a role of more rights than the actor's: nobody becomes more by making an operator.

    Whoever has all of an administrator's rights may appoint every role, also those that read passages, which an
    administrator does not: somebody must, and the audit has it.
    """
    if all(map(actor.may, scopes_of(Role.ADMINISTRATOR))):
        return
    for scope in sorted(scopes_of(role, reach)):
        if not actor.may(scope):
            raise NotAllowed(
                f"{actor.name}: an operator with {scope} needs that right, or the server's command line"
            )


def _known(session: Session, name: str) -> OperatorRecord:
    return _present(name, stored.held(session, name))


def _present(name: str, operator: OperatorRecord | None) -> OperatorRecord:
    if operator is None or operator.removed_at is not None:
        raise NotFound(f"operator {name}: there is nobody with this name")
    return operator


def _exceeds(key: KeyRecord, maker: OperatorRecord) -> bool:
    """Return whether a key may what its maker may not; a reader's right to ask is nobody's own and counts for none."""
    reach = Reach(maker.organisation, maker.space)
    held = scopes_of(Role(maker.role), reach) if maker.may_sign_in else frozenset()
    now = Actor(maker.name, held, reach=reach)
    return not all(scope.startswith(READER) or now.may(scope) for scope in key.scopes)


def _revoke(session: Session, keys: list[KeyRecord], actor: str, at: datetime) -> None:
    audit.append(session, at, actor, "key-revoked", [key.id for key in keys])
    for key in keys:
        stored.revoke_key(session, key.id, at)


def _administers(operator: OperatorRecord) -> bool:
    return operator.may_sign_in and operator.role == Role.ADMINISTRATOR.value


def _keep_an_administrator(session: Session, before: OperatorRecord, after: OperatorRecord) -> None:
    """Raise `Conflict` if nobody would be left who administers. Somebody who never signed in does not count."""
    if before.one_time or not _administers(before) or _administers(after):
        return
    others = [each for each in stored.of_role(session, Role.ADMINISTRATOR.value) if each.name != before.name]
    if all(each.one_time for each in others):
        raise Conflict(f"operator {before.name}: the last administrator; make another one first")

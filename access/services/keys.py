"""Keys of machines: each has scopes, perhaps an end and an organisation, and is kept as a hash.

A key's secret is told once. Nobody hands out over the network what they may not do themselves, but for a reader's
right to ask for decisions; at the server's own command line anything can be given.
"""

from datetime import datetime

from access.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn
from access.services.outbox import Outbox
from access.services.passwords import digest, fresh_identifier, fresh_secret
from access.services.rights import EVERYWHERE, READER, Actor, Reach, Role, Scope, scopes_of
from access.store import audit, organisations
from access.store import operators as stored
from access.store.database import Database
from access.store.listing import FIRST, Listing
from access.store.operators import KeyFilter, KeyRecord
from policies.building import Building
from policies.ids import DoorId, OrganisationId

__all__ = ["KeyFilter", "KeyRecord", "Keys"]

_MARK = "totem_"
"""Before a secret, so that scanners of repositories and logs know one when they see it."""

_OF_AN_ORGANISATION = scopes_of(Role.MANAGER, Reach(organisation=OrganisationId("any")))

_ALL = KeyFilter()


class Keys:
    """The use cases around keys. `departures` tells `key:ID` of one that ended, once it is committed."""

    def __init__(self, database: Database, building: Building, departures: Outbox[str]) -> None:
        self._database, self._building, self._departures = database, building, departures

    def create(
        self,
        name: str,
        scopes: tuple[str, ...],
        actor: str,
        at: datetime,
        until: datetime | None = None,
        organisation: OrganisationId | None = None,
    ) -> str:
        """Make a key and return its secret, told this once."""
        return self.issue(name, scopes, actor, at, until, organisation)[1]

    def issue(
        self,
        name: str,
        scopes: tuple[str, ...],
        actor: str,
        at: datetime,
        until: datetime | None = None,
        organisation: OrganisationId | None = None,
    ) -> tuple[KeyRecord, str]:
        """As `create`; return what is kept of the key, too."""
        self._check(scopes, organisation)
        if until is not None and until <= at:
            raise Invalid(f"key {name}: it would have ended already")
        identifier = fresh_identifier()
        secret = f"{_MARK}{fresh_secret()}"
        record = KeyRecord(
            identifier, name, digest(secret), scopes, at, until, created_by=actor, organisation=organisation
        )
        with self._database.writing() as session:
            audit.append(session, at, actor, "key-created", [identifier])
            if organisation is not None and organisation not in organisations.ids(session):
                raise Invalid(f"key {name}: there is no organisation {organisation}")
            stored.add_key(session, record)
        return record, secret

    def of(self, secret: str, at: datetime) -> Actor:
        """Return the machine with this key; raise `NotSignedIn` if it is unknown, revoked or has run out."""
        with self._database.reading() as session:
            key = stored.find_key(session, digest(secret))
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
            raise NotSignedIn("the key is not valid")
        reach = Reach(organisation=key.organisation) if key.organisation is not None else EVERYWHERE
        return Actor(f"key:{key.id}", frozenset(key.scopes), reach=reach)

    def get(self, key: str) -> KeyRecord:
        """Return what is kept of one key; raise `NotFound`."""
        with self._database.reading() as session:
            found = stored.get_key(session, key)
        if found is None:
            raise NotFound(f"key {key}: there is no such key")
        return found

    def page(self, chosen: KeyFilter = _ALL, listing: Listing = FIRST) -> list[KeyRecord]:
        """Return a piece of the list of keys, those that ended too."""
        with self._database.reading() as session:
            return stored.keys(session, chosen, listing)

    def revoke(self, key: str, actor: str, at: datetime, *, keep_keys: bool = False) -> None:
        """End a key and, unless told otherwise, those made with it; raise `NotFound`, or `Conflict` if it has ended."""
        self.get(key)
        with self._database.writing() as session:
            made = [] if keep_keys else stored.living_keys_of(session, f"key:{key}")
            ended = list(dict.fromkeys((key, *(each.id for each in made))))
            audit.append(session, at, actor, "key-revoked", ended)
            if not stored.revoke_key(session, key, at):
                raise Conflict(f"key {key}: it is revoked already")
            for each in ended[1:]:
                stored.revoke_key(session, each, at)
        for each in ended:
            self._departures.tell(f"key:{each}")

    def _check(self, scopes: tuple[str, ...], organisation: OrganisationId | None) -> None:
        known = {scope.value for scope in Scope}
        if not scopes:
            raise Invalid("scopes: expected at least one")
        for scope in scopes:
            door = DoorId(scope.removeprefix(READER))
            if scope not in known and not (scope.startswith(READER) and door in self._building.doors):
                expected = ", ".join(sorted(known))
                raise Invalid(
                    f"scope {scope!r}: expected reader:DOOR of a door of this building, or {expected}"
                )
            if organisation is not None and scope not in _OF_AN_ORGANISATION:
                raise Invalid(f"scope {scope!r}: it cannot be had for one organisation alone")


def expect_no_more_than_own(actor: Actor, scopes: tuple[str, ...]) -> None:
    """Raise `NotAllowed` for a scope that the actor does not have: nobody becomes more by making a key."""
    for scope in scopes:
        if not scope.startswith(READER) and not actor.may(scope):
            raise NotAllowed(
                f"{actor.name}: a key for {scope} needs that right, or the server's command line"
            )

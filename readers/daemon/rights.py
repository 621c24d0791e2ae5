"""What this door computer may decide from: the last snapshot it accepted and the deltas since, kept on disk; their age.

Rights never go back in version, and skip none: a delta whose predecessors are missing is not taken but told of, and
the server sends what lies between. Without a snapshot, or with one too old, doors still decide: they refuse, but for
the tiers declared `degraded`, by authenticated badge, outside restricted spaces (ARCHITECTURE, "Who decides").
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import UNSET

from policies.building import Door
from policies.decision import Decision, Effect, Reason
from policies.engine import Engine
from policies.ids import DoorId, PersonId, ReaderId, SourceId, SpaceId
from policies.presence.companions import Leaning
from policies.request import AccessRequest, Assurance, Direction, LiveState
from readers.daemon.kept import Kept
from readers.errors import WireError
from readers.wire import delta as change
from readers.wire import snapshot as wire
from readers.wire.delta import Delta
from readers.wire.snapshot import Snapshot, at_doors

_log = logging.getLogger(__name__)

MAX_AGE = timedelta(hours=72)
"""The age limit of a snapshot (ARCHITECTURE, "Who decides", point 4)."""

CLOCKS_APART = timedelta(hours=1)
"""A clock further behind the moment the rights were issued is not to be trusted: it lost its battery, or was set
back. Hours and expiries judged by it would open what is over; clocks of one site drift apart by seconds."""


class Rights:
    """The snapshot in force and the engine over it."""

    def __init__(
        self, scope: SourceId, key: Ed25519PublicKey, kept: Path, max_age: timedelta = MAX_AGE
    ) -> None:
        self._scope, self._key, self._kept, self._max_age = scope, key, Kept(kept), max_age
        self.snapshot: Snapshot | None = None
        self.lacks: int | None = None
        """A version that was heard of and could not be taken, for want of what lies between."""
        self.leaning = Leaning(())
        """By which permits of the rules in force one goes in only beside somebody else."""
        self._engine: Engine | None = None

    @property
    def site_key(self) -> Ed25519PublicKey:
        """Return what the site's word is verified with."""
        return self._key

    def beside(self, name: str) -> Path:
        """Return where something else is kept that must come through a restart."""
        return self._kept.beside(name)

    def restore(self) -> None:
        """Take up the rights kept on disk, if there are any; raise `WireError` if they are damaged or unreadable."""
        snapshot, deltas = self._kept.read()
        if snapshot is None:
            return
        self._use(*self._read(snapshot))
        for payload in deltas:
            self._follow(change.read(payload, self._key))

    def accept(self, payload: bytes) -> bool:
        """Verify, keep and use a snapshot or a delta from the bus; return False if it changes nothing.

        Raise `WireError` if it is not signed by the site, not for this door computer, or its parts do not fit.
        """
        if change.is_delta(payload):
            return self._accept_delta(payload)
        snapshot, engine = self._read(payload)
        if self.snapshot is not None and snapshot.version <= self.snapshot.version:
            return False
        try:
            self._kept.replace(payload)
        except OSError as error:
            # Used all the same: a full disk must not keep a stolen badge alive.
            _log.error("snapshot-not-kept", extra={"version": snapshot.version, "fault": str(error)})
        self._use(snapshot, engine)
        return True

    def _accept_delta(self, payload: bytes) -> bool:
        delta = change.read(payload, self._key)
        if not self._follow(delta):
            return False
        try:
            self._kept.append(payload)
        except OSError as error:
            # As with a snapshot. After a restart the next one on the disk does not follow, and the server is asked.
            _log.error("delta-not-kept", extra={"version": delta.version, "fault": str(error)})
        return True

    def decide(self, request: AccessRequest, state: LiveState) -> Decision:
        """Decide one tap from the snapshot in force."""
        if (
            self.snapshot is None
            or self._engine is None
            or request.reader not in self.snapshot.building.readers
        ):
            return Decision(Effect.DENY, Reason.STALE_RIGHTS)
        try:
            decision = self._engine.decide(request, state)
        except Exception:  # noqa: BLE001  (whatever the fault: what cannot be evaluated denies, docs/domain.md, 3.2)
            _log.exception("decision-failed", extra={"reader": request.reader})
            return Decision(
                Effect.DENY, Reason.OTHER, door=self.snapshot.building.readers[request.reader].door
            )
        if decision.grants and self.is_stale(request.at) and not self._may_enter_degraded(request, decision):
            return Decision(
                Effect.DENY,
                Reason.STALE_RIGHTS,
                decision.rules,
                decision.person,
                decision.door,
                decision.space,
            )
        return decision

    def door_of(self, reader: ReaderId) -> Door | None:
        """Return the door that a reader belongs to; None while no snapshot names it."""
        building = self.snapshot.building if self.snapshot else None
        side = building.readers.get(reader) if building else None
        return building.doors[side.door] if building and side else None

    def readers_of(self, door: DoorId) -> tuple[ReaderId, ...]:
        """Return the readers of a door, by the snapshot in force."""
        readers = self.snapshot.building.readers.values() if self.snapshot else ()
        return tuple(reader.id for reader in readers if reader.door == door)

    def passage(self, reader: ReaderId) -> tuple[SpaceId, SpaceId]:
        """Return the spaces left and reached at a reader that the snapshot in force names; else KeyError."""
        if self.snapshot is None:
            raise KeyError(reader)
        return self.snapshot.building.passage(reader)

    def needs_longer(self, person: PersonId | None) -> bool:
        """Return whether the extended strike time is due to somebody."""
        return (
            self.snapshot is not None
            and person in self.snapshot.roster.people
            and self.snapshot.roster.people[person].extended_opening
        )

    def pin_of(self, person: PersonId | None) -> str | None:
        """Return the hash of somebody's PIN; None where there is none or nobody."""
        known = self.snapshot.roster.people.get(person) if self.snapshot and person else None
        return known.pin if known is not None and known.pin is not UNSET else None

    def is_stale(self, at: datetime) -> bool:
        """Return whether the snapshot is too old to decide from, or the clock too wrong to say how old it is."""
        if self.snapshot is None:
            return False
        age = at - self.snapshot.issued_at
        return age > self._max_age or age < -CLOCKS_APART

    def _may_enter_degraded(self, request: AccessRequest, decision: Decision) -> bool:
        snapshot = self.snapshot
        if snapshot is None:
            return False
        if snapshot.building.readers[request.reader].direction is Direction.EXIT:
            return True
        if decision.person is None or decision.space is None:
            return False
        person, space = snapshot.roster.people[decision.person], snapshot.building.spaces[decision.space]
        policy = snapshot.policy
        tiers = (policy.tiers.get(tier) for tier in policy.held(person.tiers))
        entitled = any(tier.degraded for tier in tiers if tier is not None)
        return entitled and request.assurance is Assurance.AUTHENTICATED and not space.restricted

    def _read(self, payload: bytes) -> tuple[Snapshot, Engine]:
        snapshot = wire.read(payload, self._key)
        if snapshot.scope != self._scope:
            raise WireError(
                f"snapshot {snapshot.version}: it is for {snapshot.scope}, expected {self._scope}"
            )
        try:
            return snapshot, Engine(snapshot.policy, snapshot.building, snapshot.roster)
        except (LookupError, ValueError) as error:
            raise WireError(f"snapshot {snapshot.version}: its parts do not fit: {error!r}") from error

    def _use(self, snapshot: Snapshot, engine: Engine) -> None:
        self.snapshot, self._engine, self.leaning = snapshot, engine, Leaning(snapshot.policy.rules)
        self._has_reached(snapshot.version)

    def _follow(self, delta: Delta) -> bool:
        """Use what a delta changes, if it follows the rights in force; note what is lacking if it does not."""
        snapshot, engine = self.snapshot, self._engine
        if snapshot is not None and delta.site != snapshot.building.site:
            raise WireError(
                f"delta {delta.version}: it is for {delta.site}, expected {snapshot.building.site}"
            )
        if snapshot is None or engine is None or delta.after > snapshot.version:
            self.lacks = max(delta.version, self.lacks or 0)
            return False
        if delta.version <= snapshot.version:
            return False
        try:
            _put(delta, snapshot, engine)
        except (LookupError, ValueError) as error:
            raise WireError(
                f"delta {delta.version}: it does not fit the rules in force: {error!r}"
            ) from error
        newest = max(delta.authorizer_epoch, snapshot.authorizer_epoch)
        self.snapshot = msgspec.structs.replace(
            snapshot, version=delta.version, issued_at=delta.issued_at, authorizer_epoch=newest
        )
        self._has_reached(delta.version)
        return True

    def _has_reached(self, version: int) -> None:
        if self.lacks is not None and version >= self.lacks:
            self.lacks = None


def _put(delta: Delta, snapshot: Snapshot, engine: Engine) -> None:
    """Change the roster in place: a copy would take a city's door computer longer than a tap."""
    roster = snapshot.roster
    for gone in delta.gone_badges:
        roster.badges.pop(gone, None)
        engine.drop_badge(gone)
    for nobody in delta.gone_people:
        roster.people.pop(nobody, None)
        engine.drop_person(nobody)
    for sent in delta.people:
        person = at_doors(sent, snapshot.building)
        roster.people[person.id] = person
        engine.put_person(person)
    for badge in delta.badges:
        roster.badges[badge.id] = badge
        engine.put_badge(badge)

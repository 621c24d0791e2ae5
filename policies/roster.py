"""The people and badges that a decider knows: what an edge holds offline, without names.

A `Roster` maps a badge to its person; the rules do the rest. Validity is half-open, [from, until), in UTC.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import Enum

import msgspec
from msgspec import UNSET, UnsetType

from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    SpaceId,
    TierId,
)
from policies.request import Assurance


class ResidentType(Enum):
    """What somebody is to the building (docs/domain.md, 2)."""

    STARTUP = "startup"
    STUDENT = "student"
    CORPORATE = "corporate"
    COWORKER = "coworker"
    MAKER = "maker"
    VISITOR = "visitor"
    STAFF = "staff"
    SECURITY = "security"
    CONTRACTOR = "contractor"
    EMERGENCY = "emergency"


class BadgeKind(Enum):
    """The medium; it fixes the least proof that the badge is ever accepted with."""

    UID = "uid"
    DESFIRE = "desfire"
    NTAG424 = "ntag424"
    PKOC = "pkoc"

    @property
    def least_proof(self) -> Assurance:
        """Return the proof that a medium of this kind can always give, and so must (docs/domain.md, 3.1)."""
        return _LEAST_PROOF[self]

    @property
    def most_proof(self) -> Assurance:
        """Return the strongest proof that a medium of this kind can give, whoever claims more for it."""
        return Assurance.UID if self is BadgeKind.UID else Assurance.AUTHENTICATED


_LEAST_PROOF = {
    BadgeKind.UID: Assurance.UID,
    BadgeKind.NTAG424: Assurance.SUN,
    BadgeKind.DESFIRE: Assurance.AUTHENTICATED,
    BadgeKind.PKOC: Assurance.AUTHENTICATED,
}


_RANDOM_UID = re.compile(r"08[0-9a-f]{6}", re.IGNORECASE)


def is_random_uid(badge: BadgeId) -> bool:
    """Return whether a serial number is made up anew at each activation (ISO/IEC 14443-3, section 6.5.4)."""
    return _RANDOM_UID.fullmatch(badge) is not None


class BadgeStatus(Enum):
    """The life of a badge. Only an active one opens; a replaced one is dead for good, like a revoked one."""

    ISSUED = "issued"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    REVOKED = "revoked"
    REPLACED = "replaced"
    INACTIVE = "inactive"
    USED_UP = "used-up"


class Badge(msgspec.Struct, frozen=True, gc=False):
    """A badge as it is read: `id` is the identifier that the medium gives, whatever proved it."""

    id: BadgeId
    kind: BadgeKind
    person: PersonId | None
    status: BadgeStatus = BadgeStatus.ACTIVE
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Certification(msgspec.Struct, frozen=True, gc=False):
    """A machine training that somebody holds until `until` (for ever if None)."""

    id: CertificationId
    until: datetime | None = None


class Grant(msgspec.Struct, frozen=True, gc=False):
    """A temporary right of one person to doors or spaces, from `valid_from` until `valid_until`."""

    id: GrantId
    valid_from: datetime
    valid_until: datetime
    doors: tuple[DoorId, ...] = ()
    spaces: tuple[SpaceId, ...] = ()


class Person(msgspec.Struct, frozen=True, gc=False):
    """A holder without a name: what the rules need to know of somebody.

    `extended_opening` gives the longer strike time; why is never stored (docs/domain.md, 4). `pin` is the hash of a PIN
    (readers.wire.pin), only where a door asks for one.
    """

    id: PersonId
    type: ResidentType
    organisation: OrganisationId | None = None
    tiers: tuple[TierId, ...] = ()
    certifications: tuple[Certification, ...] = ()
    grants: tuple[Grant, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    suspended: bool = False
    extended_opening: bool = False
    host: PersonId | None = None
    pin: str | UnsetType = UNSET


class Roster(msgspec.Struct, frozen=True):
    """Everybody and every badge that a decider knows, by id."""

    people: dict[PersonId, Person]
    badges: dict[BadgeId, Badge]

    @classmethod
    def of(cls, people: Iterable[Person], badges: Iterable[Badge]) -> "Roster":
        """Build the roster; of two entries with one id the later one counts."""
        return cls({person.id: person for person in people}, {badge.id: badge for badge in badges})


def within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    """Return whether `at` lies in [since, until); None leaves a side open."""
    return (since is None or since <= at) and (until is None or at < until)

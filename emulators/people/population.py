"""Who lives here: residents with invented names, the tiers of their group, and a badge or two.

The same seed makes the same people, in any process. How they spend their days is `agenda.py`'s.
"""

import random
from datetime import UTC, datetime

import msgspec

from emulators.people.groups import EVERYBODY, GROUPS, Group, Rhythm, sizes
from emulators.people.names import FIRST, LAST
from policies.building import Building
from policies.errors import PolicyError
from policies.ids import BadgeId, PersonId, SpaceId
from policies.policy import Policy
from policies.roster import Badge, BadgeKind, BadgeStatus, Certification, Person, ResidentType

_UID_BYTES = 7
_NXP = 0x04
"""The maker's code that most cards' numbers begin with (ISO/IEC 7816-6)."""

_LONG_AGO = datetime(2026, 6, 30, 22, tzinfo=UTC)
_SHARE_WITH_TWO_BADGES = 0.02
_SHARE_WITH_A_LOST_BADGE = 0.012
_SHARE_OF_BAD_BADGES = 0.005
_SHARE_OF_LAPSED_TRAINING = 0.1
_TYPES_THAT_HOST = (ResidentType.STARTUP, ResidentType.CORPORATE)
_TYPES_IN_GOOD_ORDER = (ResidentType.STAFF, ResidentType.SECURITY, ResidentType.VISITOR)
"""The house looks after its own badges, and prints a visitor's on the day."""


class Resident(msgspec.Struct, frozen=True):
    """Somebody with their badges; the last of `badges` is the one in the pocket."""

    person: Person
    badges: tuple[Badge, ...]
    first_name: str
    last_name: str
    rhythm: Rhythm
    home: SpaceId

    @property
    def name(self) -> str:
        """Return the invented name as people say it."""
        return f"{self.first_name} {self.last_name}"

    @property
    def carried(self) -> BadgeId:
        """Return the badge that they tap."""
        return self.badges[-1].id


def population(
    building: Building, policy: Policy, count: int = EVERYBODY, seed: int = 0
) -> tuple[Resident, ...]:
    """Make `count` residents in KM0's proportions; raise `PolicyError` if the policy lacks one of their tiers."""
    for group in GROUPS:
        if group.tier not in policy.tiers:
            raise PolicyError(
                f"tier {group.tier}: the people of {group.organisation} hold it, the policy has none"
            )
    settlers = _Settlers(building, count, random.Random(f"population {seed}"))
    return tuple(
        settlers.settle(group, number)
        for group, size in zip(GROUPS, sizes(count), strict=True)
        for number in range(size)
    )


class _Settlers:
    """People as they move in, one after the other."""

    def __init__(self, building: Building, count: int, draw: random.Random) -> None:
        self._building, self._draw = building, draw
        combinations = len(FIRST) * len(LAST)
        order = draw.sample(range(combinations), combinations)
        self._names = (order * (count // combinations + 1))[:count]
        self._numbers: set[str] = set()
        self._hosts: list[Person] = []
        self._settled = 0

    def settle(self, group: Group, number: int) -> Resident:
        first, last = divmod(self._names[self._settled], len(LAST))
        self._settled += 1
        person = self._person(group, PersonId(f"p{self._settled:05d}"))
        if group.type in _TYPES_THAT_HOST:
            self._hosts.append(person)
        return Resident(
            person, self._badges(person), FIRST[first], LAST[last], group.rhythm, self._home(group, number)
        )

    def _person(self, group: Group, name: PersonId) -> Person:
        host = None
        if group.type is ResidentType.VISITOR and self._hosts:
            host = self._draw.choice(self._hosts).id
        return Person(
            name,
            group.type,
            group.organisation,
            (group.tier,),
            self._certifications(group),
            suspended=group.type not in _TYPES_IN_GOOD_ORDER and self._happens(_SHARE_OF_BAD_BADGES / 2),
            host=host,
        )

    def _certifications(self, group: Group) -> tuple[Certification, ...]:
        return tuple(
            Certification(training, _LONG_AGO if self._happens(_SHARE_OF_LAPSED_TRAINING) else None)
            for training in group.certifications
            if self._happens(group.share_certified)
        )

    def _badges(self, person: Person) -> tuple[Badge, ...]:
        if person.type in _TYPES_IN_GOOD_ORDER:
            return (self._badge(person),)
        if self._happens(_SHARE_WITH_A_LOST_BADGE):
            return self._badge(person, BadgeStatus.LOST), self._badge(person)
        if self._happens(_SHARE_WITH_TWO_BADGES):
            return self._badge(person), self._badge(person)
        if self._happens(_SHARE_OF_BAD_BADGES):
            return (self._badge(person, BadgeStatus.SUSPENDED),)
        if self._happens(_SHARE_OF_BAD_BADGES):
            return (self._badge(person, until=_LONG_AGO),)
        return (self._badge(person),)

    def _badge(
        self, person: Person, status: BadgeStatus = BadgeStatus.ACTIVE, until: datetime | None = None
    ) -> Badge:
        number = fresh_number(self._draw)
        while number in self._numbers:
            number = fresh_number(self._draw)
        self._numbers.add(number)
        return Badge(BadgeId(number), BadgeKind.UID, person.id, status, valid_until=until)

    def _home(self, group: Group, number: int) -> SpaceId:
        homes = [home for home in group.homes if home in self._building.spaces]
        if homes:
            return homes[number % len(homes)]
        return self._draw.choice(self._building.leaves()).id

    def _happens(self, probability: float) -> bool:
        return self._draw.random() < probability


def fresh_number(draw: random.Random) -> str:
    """Draw the serial number of a card, in hex: seven bytes, NXP's code first."""
    return (bytes((_NXP,)) + draw.randbytes(_UID_BYTES - 1)).hex()

"""A city for benches: 1,000,000 people, 10,000 doors, 2,500 spaces in 50 buildings, 400 rules; the same for a seed.

People and badges come one by one, so that what is measured is the engine's memory and not the generator's. Most are
no more than their contract; some have dates, certifications, grants or a host, as in a building.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from policies.building import Building, Door, Label, Reader, Space, SpaceKind
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    ReaderId,
    RuleId,
    SiteId,
    SpaceId,
    TierId,
)
from policies.loader import Site
from policies.policy import Policy, Rule, RuleEffect, Tier
from policies.request import Direction
from policies.roster import Badge, BadgeKind, Certification, Grant, Person, ResidentType

BUILDINGS, LEVELS, ROOMS = 50, 4, 45
"""1 + 50 + 200 + 2,250 spaces with the site, and the outside."""

DOORS, PEOPLE = 10_000, 1_000_000
_OWN_BUILDING_SHARE = 0.9
_TEMPORARY, _WITH_A_GRANT, _UNTRAINED = 0.06, 0.065, 0.98  # where one share of the people ends
_NAME = Label("x", "x")
_OUTSIDE, _SITE = SpaceId("outside"), SpaceId("city")
_TYPES = tuple(ResidentType)
_ROLES = ("tenant", "school", "company", "member", "staff", "security", "visitor")
_HOURS = {"tenant": "tenant-hours", "school": "lab-hours", "company": "weekdays", "member": "coworking-hours"}
_NOON = datetime(2026, 9, 15, 10, tzinfo=UTC)


def city(shipped: Site) -> Site:
    """Return the city, with the schedules and the calendar of the `shipped` site."""
    return Site(_building(), _policy(shipped.policy))


def people(seed: int, count: int = PEOPLE) -> Iterator[tuple[Person, Badge]]:
    """Yield the residents, each with a badge."""
    draw = random.Random(seed)  # noqa: S311  (a seeded crowd, no secret)
    for number in range(count):
        person = _person(number, draw)
        yield person, badge_of(number)


def badge_of(number: int) -> Badge:
    """Return the badge of the resident of this number."""
    return Badge(BadgeId(f"04{number:012x}"), BadgeKind.DESFIRE, PersonId(f"p{number}"))


def taps(seed: int, count: int) -> Iterator[tuple[ReaderId, BadgeId]]:
    """Yield who taps where: people mostly try doors of their own building."""
    draw = random.Random(seed)  # noqa: S311  (a seeded day, no secret)
    for _ in range(count):
        who = draw.randrange(PEOPLE)
        house = home_of(who) if draw.random() < _OWN_BUILDING_SHARE else draw.randrange(BUILDINGS)
        yield ReaderId(f"b{house}-d{draw.randrange(DOORS // BUILDINGS)}-in"), badge_of(who).id


def home_of(number: int) -> int:
    """Return the building that the resident of this number belongs to."""
    return number % BUILDINGS


def _building() -> Building:
    spaces = [Space(_OUTSIDE, _NAME, SpaceKind.OUTSIDE), Space(_SITE, _NAME, SpaceKind.SITE)]
    doors: list[Door] = []
    for house in range(BUILDINGS):
        top = SpaceId(f"b{house}")
        spaces.append(Space(top, _NAME, SpaceKind.BUILDING, _SITE))
        for level in range(LEVELS):
            floor = SpaceId(f"b{house}-{level}")
            spaces.append(Space(floor, _NAME, SpaceKind.LEVEL, top))
        rooms = [SpaceId(f"b{house}-{room % LEVELS}-r{room}") for room in range(ROOMS)]
        for number, room in enumerate(rooms):
            parent = SpaceId(f"b{house}-{number % LEVELS}")
            spaces.append(Space(room, _NAME, SpaceKind.ROOM, parent, restricted=number == ROOMS - 1))
        for number in range(DOORS // BUILDINGS):
            outer = _OUTSIDE if number % ROOMS == 0 else rooms[0]
            doors.append(Door(DoorId(f"b{house}-d{number}"), _NAME, outer, rooms[number % ROOMS]))
    readers = [Reader(ReaderId(f"{door.id}-in"), door.id, Direction.ENTRY) for door in doors]
    return Building.of(SiteId("city"), spaces, doors, readers)


def _policy(shipped: Policy) -> Policy:
    tiers: dict[TierId, Tier] = {}
    rules: list[Rule] = []
    for house in range(BUILDINGS):
        for role in _ROLES:
            tier = TierId(f"b{house}-{role}")
            tiers[tier] = Tier(tier, responder=role == "security", exempt=role == "security")
            hours = next((name for name in shipped.schedules if name == _HOURS.get(role)), None)
            where = (SpaceId(f"b{house}"),)
            rules.append(Rule(RuleId(tier), RuleEffect.PERMIT, tiers=(tier,), spaces=where, schedule=hours))
        guests = Rule(
            RuleId(f"b{house}-no-guests"),
            RuleEffect.FORBID,
            types=(ResidentType.VISITOR,),
            spaces=(SpaceId(f"b{house}-{LEVELS - 1}"),),
        )
        rules.append(guests)
    return Policy("city", tiers, shipped.schedules, shipped.calendar, tuple(rules))


def _person(number: int, draw: random.Random) -> Person:
    house, role = home_of(number), draw.randrange(len(_ROLES))
    more = draw.random()
    until = _NOON + timedelta(days=draw.randrange(1, 400)) if more < _TEMPORARY else None
    certified = (Certification(CertificationId("laser")),) if more > _UNTRAINED else ()
    grants = (_grant(house, number),) if _TEMPORARY < more < _WITH_A_GRANT else ()
    return Person(
        PersonId(f"p{number}"),
        _TYPES[role % len(_TYPES)],
        OrganisationId(f"b{house}-firm"),
        (TierId(f"b{house}-{_ROLES[role]}"),),
        certified,
        grants,
        valid_until=until,
    )


def _grant(house: int, number: int) -> Grant:
    door = DoorId(f"b{(house + 1) % BUILDINGS}-d{number % 200}")
    return Grant(GrantId(str(number)), _NOON - timedelta(days=1), _NOON + timedelta(days=1), (door,))

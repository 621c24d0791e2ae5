"""Everybody one after the other is everybody at once: the same people, tiers, trainings, grants, PINs and badges."""

from datetime import timedelta

from msgspec.structs import replace

from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.people import PersonRecord
from access.store import pins
from policies.ids import BadgeId, CertificationId, DoorId, GrantId, PersonId, TierId
from policies.policy import Tier
from policies.roster import (
    Badge,
    BadgeKind,
    BadgeStatus,
    Certification,
    Grant,
    Person,
    ResidentType,
    Roster,
)
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

DAY = timedelta(days=1)
TIERS = tuple(map(TierId, ("fablab", "night", "staff")))
TIERED = replace(POLICY, tiers=POLICY.tiers | {tier: Tier(tier) for tier in TIERS})
NAMES = ("b", "a", "a-b", "ab", "a.b", "a1", "b-a", "z")
"""In an order that no two collations agree on."""


def person(name: str, number: int) -> PersonRecord:
    return PersonRecord(
        PersonId(name),
        ResidentType.STAFF,
        tiers=TIERS[: number % 4],
        certifications=(Certification(CertificationId("laser"), NOON + DAY),) if number % 3 == 0 else (),
        grants=(Grant(GrantId(f"g{number}"), NOON, NOON + DAY, (DoorId("front"),)),) if number % 2 else (),
        valid_until=NOON + DAY if number % 2 else None,
        suspended=number == 1,
        extended_opening=number == 2,
        host=PersonId("b") if number == 3 else None,
        name="x",
    )


def test_everybody_one_after_the_other_is_everybody_at_once(database_url, tmp_path):
    services = open_services(database_url, BUILDING, TIERED, SCOPES, tmp_path / "site.key")
    services.people.add([person(name, number) for number, name in enumerate(NAMES)], "test", NOON)
    badges = [
        BadgeRecord(BadgeId(f"04aabb0{n}"), BadgeKind.UID, PersonId(name)) for n, name in enumerate(NAMES)
    ]
    badges.append(
        BadgeRecord(BadgeId("chip"), BadgeKind.DESFIRE, None, BadgeStatus.SUSPENDED, NOON, NOON + DAY)
    )
    services.badges.add(badges, "test", NOON)
    with services.database.writing() as session:
        pins.put(session, PersonId("ab"), "a hash")
    holders = list(services.publisher.holders())
    people = [each for each in holders if isinstance(each, Person)]
    found = Roster.of(people, [each for each in holders if isinstance(each, Badge)])
    assert found == services.publisher.roster()
    assert len(people) == len(NAMES)
    assert {each.pin for each in people if each.id == "ab"} == {"a hash"}
    services.close()

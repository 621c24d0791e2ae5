"""A small house from its files with something of everything in it, for Acme and for Zeta, whom Acme must never see."""

from datetime import timedelta

from access.services import Services, open_services
from access.services.badges import BadgeRecord
from access.services.certifications import CertificationRecord
from access.services.examination import files_of
from access.services.grants import GrantRecord
from access.services.ingest import Batch
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import Role
from access.services.visits import VisitRecord
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    SourceId,
    SpaceId,
    TierId,
)
from policies.loader import load
from policies.roster import BadgeKind, ResidentType
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, seal
from tests.access.cheap_passwords import cheap
from tests.policies import house
from tests.small_site import NOON

EDGE = SourceId("edge-1")
FRONT, HALL = DoorId("front"), SpaceId("hall")
LASER = """
[[permit]]
id = "laser"
tiers = ["member"]
certifications = ["laser"]
spaces = ["hall"]
"""
SCENARIOS = """
[[person]]
id = "ada"
type = "maker"

[[scenario]]
id = "by-day"
person = "ada"
door = "front"
now = 2026-09-15T10:00:00
expect = "deny"
"""
ZETA_S = "Zeta’s alone"
"""Stands in the name of everybody and everything of Zeta's."""

ALREADY = timedelta(hours=1)

NAMES = {
    "person": ["p-ada", "p-bob", "p-cleo", "zz-zoe", "zz-yan", "nobody"],
    "organisation": ["acme", "zeta", "nobody"],
    "badge": ["04aabbcc", "04aabbce", "04aabbdd", "04aabbee", "nothing"],
    "grant": ["g-ada", "g-bob", "zz-grant", "nothing"],
    "visit": ["v-ada", "v-bob", "zz-visit", "nothing"],
    "certification": ["laser", "nothing"],
    "tier": ["member", "nothing"],
    "door": ["front", "nowhere"],
    "space": ["hall", "ground", "outside", "nowhere"],
    "reader": ["front-in", "front-out", "nowhere"],
    "name": ["grace", "heidi", "nobody"],
    "key": ["machine", "nothing"],
    "hold": ["hold", "nothing"],
    "muster": ["muster", "nothing"],
    "cursor": ["p-ada", "zz-zoe", "p-ada/laser", "1", "x"],
    "tag": ["*", '"1"', '"2"', "x"],
    "new": ["n-1", "n-2", "n-3", "n 4"],
    "plastic": ["04aabb01", "04aabb02", "04aabb03", "08aabb04", "04"],
    "scope": ["people:read", "reader:front", "reader:nowhere", "x"],
    "day": ["2026-09-01", "2026-09-15", "2026-09-16", "0001-01-01", "9999-12-31"],
    "past": ["2026-09-01T00:00:00Z", "2026-09-15T09:30:00+02:00", "0001-01-01T00:00:00Z"],
    "moment": ["2026-09-15T11:00:00Z", "2026-09-16T00:00:00+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
}  # fmt: skip  # a table
"""What exists, and what does not, by the word that stands for it in paths and bodies; a few of it Zeta's."""

FOREIGN = ("zz-zoe", "zz-yan", "zz-grant", "zz-visit", "zeta", "04aabbdd", ZETA_S)


def inhabited(url: str, folder) -> Services:
    """Open the house over an empty database and let people move in."""
    house.write(folder, policy=house.POLICY + LASER)
    (folder / "scenarios.toml").write_text(SCENARIOS)
    building, policy = load(folder)
    opened = open_services(
        url, building, policy, {EDGE: (FRONT,)}, folder / "site.key", files=files_of(folder)
    )
    site = cheap(opened)
    _organisations(site)
    _rights(site)
    _desk(site)
    return site


def _organisations(site: Services) -> None:
    acme, zeta, member = OrganisationId("acme"), OrganisationId("zeta"), (TierId("member"),)
    site.organisations.add(
        [OrganisationRecord(acme, "Acme", tiers=member), OrganisationRecord(zeta, ZETA_S)], "test", NOON
    )
    ours = [
        PersonRecord(PersonId(name), ResidentType.MAKER, acme, member, name=name, external_id=f"A-{name}")
        for name in ("p-ada", "p-bob", "p-cleo")
    ]
    theirs = [
        PersonRecord(
            PersonId(name), ResidentType.MAKER, zeta, member, name=ZETA_S, external_id=f"Z {ZETA_S}{name}"
        )
        for name in ("zz-zoe", "zz-yan")
    ]
    site.people.add(ours + theirs, "test", NOON)


def _rights(site: Services) -> None:
    held = {"04aabbcc": "p-ada", "04aabbce": "p-bob", "04aabbdd": "zz-zoe", "04aabbee": None}
    badges = [
        BadgeRecord(BadgeId(badge), BadgeKind.UID, PersonId(person) if person else None)
        for badge, person in held.items()
    ]
    site.badges.add(badges, "test", NOON)
    for person, grant in (("p-ada", "g-ada"), ("p-bob", "g-bob"), ("zz-zoe", "zz-grant")):
        given = GrantRecord(
            GrantId(grant),
            NOON - ALREADY,
            NOON + ALREADY,
            (FRONT,),
            person=PersonId(person),
            reason=_of(person),
        )
        site.grants.give(given, "test", NOON)
        training = CertificationRecord(CertificationId("laser"), None, person=PersonId(person))
        site.certifications.give(training, "test", NOON)


def _desk(site: Services) -> None:
    for host, visit in (("p-ada", "v-ada"), ("p-bob", "v-bob"), ("zz-zoe", "zz-visit")):
        expected = VisitRecord(
            visit, PersonId(f"{visit}-guest"), PersonId(host), NOON - ALREADY, NOON + ALREADY, (FRONT,)
        )
        site.visits.expect(expected, _of(host), "test", NOON)
    for name, role in (("grace", Role.ADMINISTRATOR), ("heidi", Role.VIEWER)):
        site.operators.create(name, role, "test", NOON)
    prev, lines = GENESIS, []
    for seq, (person, badge) in enumerate((("p-ada", "04aabbcc"), ("zz-zoe", "04aabbdd")), FIRST_SEQ):
        draft = Draft(
            NOON - ALREADY,
            EventType.PASSAGE,
            FRONT,
            space=HALL,
            origin=SpaceId("outside"),
            person=PersonId(person),
            badge=BadgeId(badge),
        )
        sealed = seal(draft, EDGE, 1, seq, prev, f"salt-{seq}")
        lines.append(sealed.line)
        prev = sealed.digest
    site.ingest.take([Batch(EDGE, b"".join(lines))], NOON)


def _of(person: str) -> str:
    return ZETA_S if person.startswith("zz-") else person

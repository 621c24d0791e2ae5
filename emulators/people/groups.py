"""The groups that live at KM0: how many, of what kind, where they belong and how they spend a day.

The proportions are those of the building's public description (330 employees, 600 students, 60 coworkers, 40 makers,
12 staff, 30 visitors a day); the people are fictional. In another building they settle wherever there is room.
"""

from enum import Enum

import msgspec

from policies.ids import CertificationId, OrganisationId, SpaceId, TierId
from policies.roster import ResidentType


class Rhythm(Enum):
    """How somebody spends a day."""

    OFFICE = "office"
    LESSONS = "lessons"
    EVENING_CLASSES = "evening-classes"
    CAMPUS = "campus"
    COWORKING = "coworking"
    WORKSHOP = "workshop"
    RECEPTION = "reception"
    CLEANING = "cleaning"
    ROUNDS = "rounds"
    VISIT = "visit"


class Group(msgspec.Struct, frozen=True):
    """Some `size` people who belong in one of `homes`; `share_certified` of them hold each certification."""

    size: int
    type: ResidentType
    organisation: OrganisationId
    tier: TierId
    rhythm: Rhythm
    homes: tuple[SpaceId, ...]
    certifications: tuple[CertificationId, ...] = ()
    share_certified: float = 0.0


def _group(  # one line of the table below
    size: int, type_: ResidentType, organisation: str, tier: str, rhythm: Rhythm, *homes: str
) -> Group:
    places = tuple(SpaceId(home) for home in homes)
    return Group(size, type_, OrganisationId(organisation), TierId(tier), rhythm, places)


_STARTUP, _CORPORATE, _STUDENT = ResidentType.STARTUP, ResidentType.CORPORATE, ResidentType.STUDENT

GROUPS: tuple[Group, ...] = (
    _group(70, _STARTUP, "startups", "module-tenant", Rhythm.OFFICE, "modules"),
    _group(70, _STARTUP, "village-ca", "company-village-ca", Rhythm.OFFICE, "village-ca"),
    _group(60, _CORPORATE, "credit-agricole", "company-credit-agricole", Rhythm.OFFICE, "credit-agricole"),
    _group(45, _CORPORATE, "e-nov", "company-e-nov", Rhythm.OFFICE, "e-nov"),
    _group(40, _CORPORATE, "armadeus", "company-armadeus", Rhythm.OFFICE, "armadeus"),
    _group(45, _CORPORATE, "proalpha", "company-proalpha", Rhythm.OFFICE, "proalpha"),
    _group(110, _STUDENT, "cnam", "school-cnam", Rhythm.LESSONS, "cnam-1", "cnam-2"),
    _group(40, _STUDENT, "cnam", "school-cnam", Rhythm.EVENING_CLASSES, "cnam-1", "cnam-2"),
    _group(180, _STUDENT, "epitech", "school-epitech", Rhythm.LESSONS, "epitech-lab"),
    _group(110, _STUDENT, "uha40", "school-uha40", Rhythm.LESSONS, "uha40-room"),
    _group(160, _STUDENT, "ecole-42", "school-42", Rhythm.CAMPUS, "cluster-42"),
    _group(40, ResidentType.COWORKER, "coworking", "coworking-flex", Rhythm.COWORKING, "coworking"),
    _group(20, ResidentType.COWORKER, "coworking", "coworking-fixed", Rhythm.COWORKING, "coworking"),
    msgspec.structs.replace(
        _group(40, ResidentType.MAKER, "fablab", "fablab-member", Rhythm.WORKSHOP, "fablab"),
        certifications=(CertificationId("laser"), CertificationId("wood")),
        share_certified=0.5,
    ),
    _group(4, ResidentType.STAFF, "km0", "staff", Rhythm.RECEPTION, "agora"),
    _group(4, ResidentType.STAFF, "km0", "facility", Rhythm.CLEANING, "loading-bay"),
    _group(4, ResidentType.SECURITY, "guardians", "security", Rhythm.ROUNDS, "agora"),
    _group(30, ResidentType.VISITOR, "km0", "visitor-day", Rhythm.VISIT, "agora"),
)

EVERYBODY = sum(group.size for group in GROUPS)


def sizes(count: int) -> tuple[int, ...]:
    """Return how many of `count` people fall to each group, in proportion; the largest remainders round up."""
    exact = [count * group.size / EVERYBODY for group in GROUPS]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(GROUPS)), key=lambda group: (shares[group] - exact[group], group))
    for group in by_remainder[: count - sum(shares)]:
        shares[group] += 1
    return tuple(shares)

"""Random buildings, policies, rosters, requests and live states for Hypothesis: small, so that rules meet often."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from policies.building import Building, Door, Label, Passback, Reader, Space, SpaceKind
from policies.ids import (
    BadgeId,
    CertificationId,
    ClosureId,
    DaysId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    ReaderId,
    RuleId,
    ScheduleId,
    SiteId,
    SourceId,
    SpaceId,
    TierId,
    UseId,
)
from policies.policy import Policy, Rule, RuleEffect, Tier
from policies.presence import Passage
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
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
from policies.schedule import (
    GRID_MINUTES,
    MINUTES_PER_DAY,
    Calendar,
    Closure,
    Schedule,
    SpecialDays,
    Weekday,
    Window,
)

NAME = Label("x", "x")
OUTSIDE = SpaceId("outside")
LEVELS = tuple(SpaceId(name) for name in ("north", "south"))
ROOMS = tuple(SpaceId(name) for name in ("hall", "lab", "shop", "vault"))
SPACES = (SpaceId("site"), *LEVELS, *ROOMS)
DOORS = tuple(DoorId(f"door-{number}") for number in range(4))
TIERS = tuple(TierId(name) for name in ("member", "guard", "keeper"))
ORGANISATIONS = tuple(OrganisationId(name) for name in ("school", "firm"))
SCHEDULES = tuple(ScheduleId(name) for name in ("days", "nights"))
USES = tuple(UseId(name) for name in ("office", "machine"))
LOST = ScheduleId("lost")
"""A schedule that no policy has: what names it cannot be evaluated."""

TERM, GONE = DaysId("term"), DaysId("gone")
LASER = CertificationId("laser")
PEOPLE = tuple(PersonId(name) for name in ("ada", "bob", "cyd"))
BADGES = tuple(BadgeId(f"badge-{name}") for name in PEOPLE)
STRANGER = PersonId("stranger")
"""Somebody whom no roster knows."""

TYPES = (ResidentType.MAKER, ResidentType.VISITOR, ResidentType.STAFF)

SUMMER, WINTER = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ANCHORS = (SUMMER, WINTER, datetime(2026, 4, 2, 22, tzinfo=UTC), datetime(2026, 9, 15, 8, tzinfo=UTC))
PARIS = Calendar(
    timezone="Europe/Paris",
    changes=(int(EPOCH.timestamp()), int(SUMMER.timestamp()), int(WINTER.timestamp())),
    offsets=(3600, 7200, 3600),
    holidays=(date(2026, 4, 3), date(2026, 5, 1), date(2026, 12, 26)),
)

TERMS = msgspec.structs.replace(
    PARIS,
    days={TERM: (date(2026, 3, 30), date(2026, 9, 15), date(2026, 9, 16))},
    closures=(
        Closure(ClosureId("works"), datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 12)),  # noqa: DTZ001  (the wall)
        Closure(ClosureId("autumn"), datetime(2026, 9, 15), datetime(2026, 9, 16)),  # noqa: DTZ001  (the wall)
    ),
)
"""The same with days of a school, and two closures, one over the night of the short day."""


def some(values, max_size=2):
    """Draw a tuple of distinct values, in any order, often empty. One draw, whatever its size: draws are what costs."""
    return st.sampled_from([chosen for size in range(max_size + 1) for chosen in permutations(values, size)])


def rarely(values):
    """Draw what `values` draws one time in three, else nothing."""
    return st.sampled_from((False, False, True)).flatmap(lambda given: values if given else st.just(()))


def instants():
    """Draw instants near midnights, holidays and clock changes, to the second."""
    return st.builds(
        lambda anchor, seconds: anchor + timedelta(seconds=seconds),
        st.sampled_from(ANCHORS),
        st.integers(-2 * 86400, 2 * 86400),
    )


def limits():
    """Draw the beginning or end of a validity among the instants, or None."""
    steps = [timedelta(hours=hours, seconds=seconds) for hours in (-30, -1, 0, 1, 30) for seconds in (0, 1)]
    moments = [anchor + step for anchor in ANCHORS for step in steps]
    return st.sampled_from([*[None] * 6 * len(moments), *moments])


def windows():
    days = [tuple(Weekday), *((first, second) for first in Weekday for second in Weekday)]
    starts = range(0, MINUTES_PER_DAY, GRID_MINUTES)
    ends = range(GRID_MINUTES, MINUTES_PER_DAY + 1, GRID_MINUTES)
    return st.builds(Window, st.sampled_from(days), st.sampled_from(starts), st.sampled_from(ends))


@st.composite
def buildings(draw):
    spaces = [Space(OUTSIDE, NAME, SpaceKind.OUTSIDE), Space(SpaceId("site"), NAME, SpaceKind.SITE)]
    spaces += (
        Space(level, NAME, SpaceKind.LEVEL, SpaceId("site"), draw(st.integers(0, 3)), draw(st.booleans()))
        for level in LEVELS
    )
    for number, room in enumerate(ROOMS):
        parent = LEVELS[number % 2]
        capacity, enforced = draw(st.none() | st.integers(0, 2)), draw(st.booleans())
        restricted, use = draw(st.booleans()), draw(st.none() | st.sampled_from(USES))
        spaces.append(
            Space(room, NAME, SpaceKind.ROOM, parent, capacity, enforced, restricted=restricted, use=use)
        )
    doors = [draw(_doors(name)) for name in DOORS]
    readers = [
        Reader(ReaderId(f"{door.id}-{way}"), door.id, direction)
        for door in doors
        for way, direction in (("in", Direction.ENTRY), ("out", Direction.EXIT))
    ]
    return Building.of(SiteId("any"), spaces, doors, readers)


@st.composite
def _doors(draw, name):
    outer, inner = draw(st.sampled_from(list(permutations((OUTSIDE, *ROOMS), 2))))
    return Door(
        name,
        NAME,
        outer,
        inner,
        passback=draw(st.sampled_from(Passback)),
        pin=draw(st.sampled_from((False,) * 4 + (True,))),
        two_person=draw(st.sampled_from((False,) * 3 + (True,))),
        proof=draw(st.sampled_from((Assurance.NONE,) * 3 + tuple(Assurance))),
        card_pin=draw(st.sampled_from((None,) * 6 + (*SCHEDULES, LOST))),
    )


def rules():
    """Draw rules; a forbid has no proof to ask for, as the loader sees to."""
    effects = st.sampled_from((*[RuleEffect.PERMIT] * 6, RuleEffect.FORBID))
    return st.lists(effects.flatmap(_rules), min_size=2, max_size=6)


@st.composite
def _rules(draw, effect):
    permits = effect is RuleEffect.PERMIT
    return Rule(
        RuleId("to be numbered"),
        effect,
        types=draw(rarely(some(TYPES))),
        tiers=draw(rarely(some(TIERS))),
        organisations=draw(rarely(some(ORGANISATIONS, 1))),
        spaces=draw(some(SPACES, 3)),
        doors=draw(rarely(some(DOORS, 1))),
        schedule=draw(st.sampled_from((None, *SCHEDULES) * 8 + (LOST,))),
        certifications=draw(rarely(some((LASER,), 1))) if permits else (),
        assurance=draw(st.sampled_from((Assurance.NONE, *Assurance))) if permits else Assurance.NONE,
        escorted=permits and draw(st.sampled_from((False,) * 5 + (True,))),
        uses=draw(rarely(some(USES, 1))),
        modes=draw(rarely(some(tuple(DoorMode)))),
        accompanied=permits and draw(st.sampled_from((False,) * 3 + (True,))),
        full=not permits and draw(st.booleans()),
    )


@st.composite
def schedules(draw, name):
    """Draw schedules with and without dates, exceptions, holidays; seldom one closed on days that nobody named."""
    exceptions = st.builds(
        SpecialDays,
        st.sampled_from((date(2026, 3, 28), date(2026, 4, 3), date(2026, 9, 14))),
        st.sampled_from((date(2026, 3, 30), date(2026, 4, 4), date(2026, 9, 16))),
        st.lists(windows(), max_size=2).map(tuple),
    )
    return Schedule(
        name,
        tuple(draw(st.lists(windows(), max_size=3))),
        on_holidays=draw(st.booleans()),
        on_closures=draw(st.booleans()),
        closed_on=draw(st.sampled_from((*[(), (TERM,)] * 4, (TERM, GONE)))),
        begins=draw(st.sampled_from((None, None, date(2026, 3, 29), date(2026, 9, 15)))),
        ends=draw(st.sampled_from((None, None, date(2026, 3, 31), date(2026, 9, 16)))),
        exceptions=draw(rarely(st.lists(exceptions, max_size=2).map(tuple))),
    )


@st.composite
def policies(draw):
    tiers = [
        Tier(TierId("member")),
        Tier(TierId("guard"), responder=True, exempt=True),
        Tier(
            TierId("keeper"),
            exempt=draw(st.booleans()),
            responder=draw(st.booleans()),
            passback_exempt=draw(st.booleans()),
            includes=draw(rarely(some(TIERS, 1))),
        ),
    ]
    drawn = [draw(schedules(name)) for name in SCHEDULES]
    numbered = tuple(
        Rule(RuleId(f"rule-{number}"), *(getattr(rule, name) for name in Rule.__struct_fields__[1:]))
        for number, rule in enumerate(draw(rules()))
    )
    return Policy(
        "any", {tier.id: tier for tier in tiers}, {each.id: each for each in drawn}, TERMS, numbered
    )


@st.composite
def people(draw, name):
    return Person(
        name,
        draw(st.sampled_from(TYPES)),
        draw(st.sampled_from((None, *ORGANISATIONS))),
        draw(some((*TIERS, TierId("forgotten")))),
        draw(rarely(st.builds(_trained, limits()))),
        draw(rarely(st.tuples(_grants()))),
        valid_from=draw(st.sampled_from((*[None] * 8, EPOCH, SUMMER))),
        valid_until=draw(limits()),
        suspended=draw(st.sampled_from((False,) * 12 + (True,))),
        host=draw(st.sampled_from((*[None] * 4, *PEOPLE, STRANGER))),
    )


def _trained(until):
    return (Certification(LASER, until),)


def _grants():
    since = limits().map(lambda limit: limit or EPOCH)
    until = limits().map(lambda limit: limit or WINTER + timedelta(days=9))
    return st.builds(Grant, st.just(GrantId("g")), since, until, some(DOORS, 1), some(SPACES, 1))


@st.composite
def rosters(draw):
    badges = [
        Badge(
            badge,
            draw(st.sampled_from(BadgeKind)),
            draw(st.sampled_from((*[owner] * 20, None, PersonId("gone")))),
            draw(st.sampled_from((*[BadgeStatus.ACTIVE] * 5 * len(BadgeStatus), *BadgeStatus))),
            draw(st.sampled_from((*[None] * 8, EPOCH, SUMMER))),
            draw(limits()),
        )
        for badge, owner in zip(BADGES, PEOPLE, strict=True)
    ]
    return Roster.of([draw(people(name)) for name in PEOPLE], badges)


def orders():
    """Draw in which order things happen, as numbers to choose the next by."""
    return st.lists(st.integers(0, 999), min_size=12, max_size=20)


def requests():
    readers = [ReaderId(f"{door}-{way}") for door in DOORS for way in ("in", "in", "in", "out")]
    proofs = (*[Assurance.AUTHENTICATED] * 8, *Assurance)
    return st.builds(
        AccessRequest,
        instants(),
        st.sampled_from(readers),
        st.sampled_from((*BADGES * 5, BadgeId("nobody's"))),
        st.sampled_from(proofs),
        st.booleans(),
        some((*PEOPLE, STRANGER)),
    )


def states():
    modes = (*[DoorMode.NORMAL] * 8, *DoorMode)
    return st.builds(
        LiveState,
        st.just({}) | st.dictionaries(st.sampled_from(DOORS), st.sampled_from(modes)),
        st.none() | st.dictionaries(st.sampled_from(SPACES), st.integers(0, 3)),
        st.none() | st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(ROOMS)),
        st.none() | st.dictionaries(st.sampled_from(PEOPLE), instants()),
    )


class World(NamedTuple):
    """A site with what is asked at its doors."""

    policy: Policy
    building: Building
    roster: Roster
    taps: list[tuple[AccessRequest, LiveState]]


def worlds():
    """Draw sites with several taps each: a tap is quickly drawn, a site is not."""
    taps = st.lists(st.tuples(requests(), states()), min_size=8, max_size=8)
    return st.builds(World, policies(), buildings(), rosters(), taps)


def everyday(world):
    """Return the world with nothing out of the ordinary left in it, so that engines take their shortest way.

    Plain doors in normal mode, people who are no more than type, organisation and tiers, rules without live state.
    """
    doors = {
        name: msgspec.structs.replace(
            each, passback=Passback.SOFT, pin=False, card_pin=None, two_person=False
        )
        for name, each in world.building.doors.items()
    }
    spaces = {
        name: msgspec.structs.replace(each, enforced=False) for name, each in world.building.spaces.items()
    }
    whole = {name for name, each in world.policy.schedules.items() if GONE not in each.closed_on}
    rules = tuple(
        msgspec.structs.replace(
            rule,
            accompanied=False,
            escorted=False,
            full=False,
            modes=(),
            schedule=rule.schedule if rule.schedule in whole else None,
        )
        for rule in world.policy.rules
    )
    people = [
        Person(each.id, each.type, each.organisation, each.tiers) for each in world.roster.people.values()
    ]
    badges = [Badge(badge, BadgeKind.DESFIRE, owner) for badge, owner in zip(BADGES, PEOPLE, strict=True)]
    return World(
        msgspec.structs.replace(world.policy, rules=rules),
        msgspec.structs.replace(world.building, doors=doors, spaces=spaces),
        Roster.of(people, badges),
        [(request, msgspec.structs.replace(state, modes={})) for request, state in world.taps],
    )


@st.composite
def passages(draw, building):
    """Draw the passages of a few sources: times may tie and go back, people may be unknown, keys are unique."""
    doors = sorted(building.doors.values(), key=lambda door: door.id)
    log = []
    for seq in range(draw(st.integers(0, 25))):
        door = draw(st.sampled_from(doors))
        ways = (door.outer, door.inner) if draw(st.booleans()) else (door.inner, door.outer)
        log.append(
            Passage(
                EPOCH + timedelta(minutes=draw(st.integers(0, 10))),
                SourceId(draw(st.sampled_from(("edge-1", "edge-2")))),
                1,
                seq,
                door.id,
                *ways,
                draw(st.none() | st.sampled_from(PEOPLE)),
            )
        )
    return log

"""One tap in a small house, and whatever of it a test changes."""

from datetime import UTC, datetime, timedelta

import msgspec

from policies.building import Building, Door, Passback, Reader, Space, SpaceKind
from policies.engine import Engine
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    PersonId,
    ReaderId,
    RuleId,
    ScheduleId,
    SiteId,
    SpaceId,
    TierId,
)
from policies.policy import Policy, Rule, RuleEffect, Tier
from policies.request import NO_VIEW, AccessRequest, Assurance, Direction, LiveState
from policies.roster import Badge, BadgeKind, Grant, Person, ResidentType, Roster
from policies.rules import interpret
from policies.schedule import Schedule, Weekday, Window
from tests.policies.strategies import NAME, PARIS

NOW = datetime(2026, 9, 15, 8, tzinfo=UTC)  # a Tuesday, 10:00 in Paris
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)
OUTSIDE, ROOM, WING = SpaceId("outside"), SpaceId("room"), SpaceId("wing")
DOOR, IN, OUT = DoorId("door"), ReaderId("door-in"), ReaderId("door-out")
ADA, HOST, BADGE = PersonId("ada"), PersonId("host"), BadgeId("04aa")
MEMBER, GUARD, WARDEN, BANNED = TierId("member"), TierId("guard"), TierId("warden"), TierId("banned")
LASER = CertificationId("laser")
MORNING, EVENING = ScheduleId("morning"), ScheduleId("evening")

PERMIT = Rule(RuleId("members"), RuleEffect.PERMIT, tiers=(MEMBER,), spaces=(ROOM,))
BAN = Rule(RuleId("banned"), RuleEffect.FORBID, tiers=(BANNED,), spaces=(WING,))


def building(door: Door, room: Space) -> Building:
    spaces = [
        Space(OUTSIDE, NAME, SpaceKind.OUTSIDE),
        Space(SpaceId("site"), NAME, SpaceKind.SITE),
        Space(WING, NAME, SpaceKind.LEVEL, SpaceId("site")),
        room,
    ]
    readers = [Reader(IN, DOOR, Direction.ENTRY), Reader(OUT, DOOR, Direction.EXIT)]
    return Building.of(SiteId("house"), spaces, [door], readers)


class Case(msgspec.Struct, frozen=True):
    """One tap and all it depends on; `but` changes any part of it by the field's name."""

    badge: Badge | None = Badge(BADGE, BadgeKind.UID, ADA)
    person: Person | None = Person(ADA, ResidentType.MAKER, tiers=(MEMBER,))
    others: tuple[Person, ...] = (Person(HOST, ResidentType.STAFF, tiers=(MEMBER,)),)
    rules: tuple[Rule, ...] = (PERMIT, BAN)
    door: Door = Door(DOOR, NAME, OUTSIDE, ROOM)
    room: Space = Space(ROOM, NAME, parent=WING)
    request: AccessRequest = AccessRequest(NOW, IN, BADGE, Assurance.UID)
    state: LiveState = NO_VIEW

    def but(self, **changes: object) -> "Case":
        case = self
        for name, value in changes.items():
            part, _, field = name.partition("__")
            inner = msgspec.structs.replace(getattr(case, part), **{field: value}) if field else value
            case = msgspec.structs.replace(case, **{part: inner})
        return case

    def site(self):
        """Return the policy, building and roster of the case."""
        policy = Policy(
            "v",
            {
                MEMBER: Tier(MEMBER),
                BANNED: Tier(BANNED),
                GUARD: Tier(GUARD, responder=True),
                WARDEN: Tier(WARDEN, exempt=True),
            },
            {
                MORNING: Schedule(MORNING, (Window(tuple(Weekday), 8 * 60, 12 * 60),)),
                EVENING: Schedule(EVENING, (Window(tuple(Weekday), 18 * 60, 22 * 60),)),
            },
            PARIS,
            self.rules,
        )
        people = [person for person in (self.person, *self.others) if person is not None]
        roster = Roster.of(people, [self.badge] if self.badge else [])
        return policy, building(self.door, self.room), roster

    def decide(self):
        """Decide by the engine, and see that the interpreter agrees."""
        policy, house, roster = self.site()
        decision = Engine(policy, house, roster).decide(self.request, self.state)
        assert decision == interpret(policy, house, roster, self.request, self.state)
        return decision


PLAIN = Case()
GRANT = Grant(GrantId("g1"), PAST, FUTURE, spaces=(ROOM,))
MORNINGS = msgspec.structs.replace(PERMIT, schedule=MORNING)
FULL = {
    "room": Space(ROOM, NAME, parent=WING, capacity=1, enforced=True),
    "state": LiveState(counts={ROOM: 1}),
}
TWO = Door(DOOR, NAME, OUTSIDE, ROOM, two_person=True)
INSIDE = LiveState(counts={}, inside={ADA: ROOM})
GUEST_OF_THE_HOUSE = Person(HOST, ResidentType.STAFF, tiers=(GUARD,), grants=(GRANT,))
HARD = Door(DOOR, NAME, OUTSIDE, ROOM, passback=Passback.HARD)

"""Every reason of docs/domain.md, 3.3, in its order: whatever comes first in the list is the one that is given.

The story is one world in which everything is wrong at once; each row puts right what the row before it told.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from policies.building import Building, Door, Passback, Reader, Space, SpaceKind
from policies.decision import Effect, Flag, Reason, message
from policies.engine import Engine
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    ReaderId,
    RuleId,
    ScheduleId,
    SiteId,
    SpaceId,
    TierId,
)
from policies.policy import Policy, Rule, RuleEffect, Tier
from policies.request import NO_VIEW, AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, BadgeKind, BadgeStatus, Certification, Grant, Person, ResidentType, Roster
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
EVERYTHING_WRONG = PLAIN.but(
    badge=None,
    person=Person(ADA, ResidentType.MAKER, tiers=(BANNED,), suspended=True, host=HOST),
    rules=(
        msgspec.structs.replace(
            PERMIT,
            schedule=EVENING,
            certifications=(LASER,),
            assurance=Assurance.AUTHENTICATED,
            escorted=True,
        ),
        BAN,
    ),
    door=Door(DOOR, NAME, OUTSIDE, ROOM, passback=Passback.HARD, pin=True, two_person=True),
    room=Space(ROOM, NAME, parent=WING, capacity=3, enforced=True),
    state=LiveState({DOOR: DoorMode.LOCKDOWN}, {ROOM: 3}, {ADA: ROOM}),
)
GRANT = Grant(GrantId("g1"), PAST, FUTURE, spaces=(ROOM,))
GUEST_OF_THE_HOUSE = Person(HOST, ResidentType.STAFF, tiers=(GUARD,), grants=(GRANT,))
TOLD_BY_TURNS: tuple[tuple[Reason, dict[str, object]], ...] = (
    (Reason.UNKNOWN_CREDENTIAL, {}),
    (Reason.FACTOR_STOLEN, {"badge": Badge(BADGE, BadgeKind.DESFIRE, ADA, BadgeStatus.STOLEN, FUTURE, PAST)}),
    (Reason.CREDENTIAL_NOT_YET_ACTIVE, {"badge__status": BadgeStatus.ACTIVE}),
    (Reason.CREDENTIAL_EXPIRED, {"badge__valid_from": PAST}),
    (Reason.PROOF_TOO_WEAK, {"badge__valid_until": FUTURE}),
    (Reason.PERSON_SUSPENDED, {"badge__kind": BadgeKind.UID, "person__valid_until": PAST}),
    (Reason.PERSON_EXPIRED, {"person__suspended": False}),
    (Reason.THREAT_LEVEL, {"person__valid_until": FUTURE}),
    (Reason.FORBIDDEN, {"state__modes": {}}),
    (Reason.NO_ACCESS_RIGHTS, {"person__tiers": ()}),
    (Reason.OUT_OF_TIME_RANGE, {"person__tiers": (MEMBER,)}),
    (Reason.NOT_CERTIFIED, {"request__at": NOW + timedelta(hours=9)}),
    (Reason.PROOF_TOO_WEAK, {"person__certifications": (Certification(LASER),)}),
    (Reason.NO_ACCOMPANIMENT, {"request__assurance": Assurance.AUTHENTICATED}),
    (
        Reason.INCORRECT_ACCOMPANIMENT,
        {"others": (Person(HOST, ResidentType.STAFF),), "request__companions": (HOST,)},
    ),
    (Reason.VERIFICATION_REQUIRED, {"others": (GUEST_OF_THE_HOUSE,)}),
    (Reason.PASSBACK, {"request__pin_ok": True}),
    (Reason.UPPER_OCCUPANCY_LIMIT, {"state__inside": {}}),
    (Reason.GRANTED, {"state__counts": {ROOM: 2}}),
)


NAMES = [f"{number}-{reason.value}" for number, (reason, _) in enumerate(TOLD_BY_TURNS)]


@pytest.mark.parametrize("step", range(len(TOLD_BY_TURNS)), ids=NAMES)
def test_the_first_thing_that_is_wrong_is_the_reason(step):
    case = EVERYTHING_WRONG
    for _, changes in TOLD_BY_TURNS[: step + 1]:
        case = case.but(**changes)
    assert case.decide().reason is TOLD_BY_TURNS[step][0]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (BadgeStatus.ISSUED, Reason.CREDENTIAL_NOT_YET_ACTIVE),
        (BadgeStatus.ACTIVE, Reason.GRANTED),
        (BadgeStatus.SUSPENDED, Reason.CREDENTIAL_MANUAL_DISABLE),
        (BadgeStatus.LOST, Reason.FACTOR_LOST),
        (BadgeStatus.STOLEN, Reason.FACTOR_STOLEN),
        (BadgeStatus.DAMAGED, Reason.FACTOR_DAMAGED),
        (BadgeStatus.REVOKED, Reason.CREDENTIAL_DISABLED),
        (BadgeStatus.REPLACED, Reason.CREDENTIAL_DISABLED),
        (BadgeStatus.INACTIVE, Reason.CREDENTIAL_INACTIVITY),
        (BadgeStatus.USED_UP, Reason.CREDENTIAL_MAX_USES),
    ],
)
def test_the_state_of_a_badge_has_its_own_reason(status, reason):
    assert PLAIN.but(badge__status=status).decide().reason is reason


def test_every_state_of_a_badge_but_active_refuses():
    assert [s for s in BadgeStatus if PLAIN.but(badge__status=s).decide().grants] == [BadgeStatus.ACTIVE]


WITH_LASER = msgspec.structs.replace(PERMIT, certifications=(LASER,))
MORNINGS = msgspec.structs.replace(PERMIT, schedule=MORNING)
RESTRICTED = Space(ROOM, NAME, parent=WING, restricted=True)
ON_THE_WING = msgspec.structs.replace(PERMIT, spaces=(WING,))
FULL = {
    "room": Space(ROOM, NAME, parent=WING, capacity=1, enforced=True),
    "state": LiveState(counts={ROOM: 1}),
}
TWO = Door(DOOR, NAME, OUTSIDE, ROOM, two_person=True)
HARD = Door(DOOR, NAME, OUTSIDE, ROOM, passback=Passback.HARD)
INSIDE = LiveState(counts={}, inside={ADA: ROOM})
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
CYD = PersonId("cyd")
HOSTING, WITH_RIGHT = (Person(name, ResidentType.STAFF, tiers=(MEMBER,)) for name in (HOST, CYD))
WITH_HOST = Rule(RuleId("with-host"), RuleEffect.PERMIT, (ResidentType.MAKER,), spaces=(ROOM,), escorted=True)
ESCORTED = PLAIN.but(
    person__host=HOST,
    person__tiers=(),
    rules=(WITH_HOST, PERMIT, BAN),
    request__companions=(HOST,),
)

SENTENCES = {
    "a badge that belongs to nobody is unassigned": (PLAIN.but(badge__person=None), Reason.CREDENTIAL_UNASSIGNED),
    "a badge whose person is gone is unassigned": (PLAIN.but(person=None), Reason.CREDENTIAL_UNASSIGNED),
    "a badge opens from its first moment": (PLAIN.but(badge__valid_from=NOW), Reason.GRANTED),
    "a badge is dead at its last moment": (PLAIN.but(badge__valid_until=NOW), Reason.CREDENTIAL_EXPIRED),
    "a person may enter from their first moment": (PLAIN.but(person__valid_from=NOW), Reason.GRANTED),
    "a person may not enter before it": (PLAIN.but(person__valid_from=FUTURE), Reason.PERSON_EXPIRED),
    "a person may not enter at their last moment": (PLAIN.but(person__valid_until=NOW), Reason.PERSON_EXPIRED),
    "a desfire badge is never accepted by its uid": (
        PLAIN.but(badge__kind=BadgeKind.DESFIRE, request__assurance=Assurance.SUN),
        Reason.PROOF_TOO_WEAK,
    ),
    "a locked door refuses even the exempt": (
        PLAIN.but(state=LiveState({DOOR: DoorMode.LOCKED}), person__tiers=(MEMBER, WARDEN)),
        Reason.DENY_ALL,
    ),
    "lockdown lets the exempt in": (
        PLAIN.but(state=LiveState({DOOR: DoorMode.LOCKDOWN}), person__tiers=(MEMBER, WARDEN)),
        Reason.GRANTED,
    ),
    "the exempt still need a right in lockdown": (
        PLAIN.but(state=LiveState({DOOR: DoorMode.LOCKDOWN}), person__tiers=(WARDEN,)),
        Reason.NO_ACCESS_RIGHTS,
    ),
    "a free door needs no right": (
        PLAIN.but(state=LiveState({DOOR: DoorMode.FREE}), person__tiers=()),
        Reason.GRANTED,
    ),
    "a free door still obeys a forbid": (
        PLAIN.but(state=LiveState({DOOR: DoorMode.FREE}), person__tiers=(BANNED,)),
        Reason.FORBIDDEN,
    ),
    "a forbid beats a permit": (PLAIN.but(person__tiers=(MEMBER, BANNED)), Reason.FORBIDDEN),
    "a forbid beats a temporary grant": (
        PLAIN.but(person__tiers=(BANNED,), person__grants=(GRANT,)),
        Reason.FORBIDDEN,
    ),
    "a forbid on a space covers the rooms inside it": (PLAIN.but(person__tiers=(BANNED,)), Reason.FORBIDDEN),
    "a forbid holds only in its hours": (
        PLAIN.but(person__tiers=(MEMBER, BANNED), rules=(PERMIT, msgspec.structs.replace(BAN, schedule=EVENING))),
        Reason.GRANTED,
    ),
    "a permit on a wing covers its rooms": (PLAIN.but(rules=(ON_THE_WING,)), Reason.GRANTED),
    "a permit on a wing does not cover a restricted room": (
        PLAIN.but(rules=(ON_THE_WING,), room=RESTRICTED),
        Reason.NO_ACCESS_RIGHTS,
    ),
    "a permit that names a restricted room covers it": (PLAIN.but(room=RESTRICTED), Reason.GRANTED),
    "a permit that names the door of a restricted room covers it": (
        PLAIN.but(room=RESTRICTED, rules=(msgspec.structs.replace(PERMIT, spaces=(), doors=(DOOR,)),)),
        Reason.GRANTED,
    ),
    "a forbid on a wing does cover a restricted room": (
        PLAIN.but(person__tiers=(MEMBER, BANNED), room=RESTRICTED),
        Reason.FORBIDDEN,
    ),
    "a rule for another organisation is no right": (
        PLAIN.but(rules=(msgspec.structs.replace(PERMIT, organisations=(OrganisationId("firm"),)),)),
        Reason.NO_ACCESS_RIGHTS,
    ),
    "a rule for another type is no right": (
        PLAIN.but(rules=(msgspec.structs.replace(PERMIT, types=(ResidentType.VISITOR,)),)),
        Reason.NO_ACCESS_RIGHTS,
    ),
    "a permit opens in its hours": (PLAIN.but(rules=(MORNINGS,)), Reason.GRANTED),
    "a training that ends now is over": (
        PLAIN.but(rules=(WITH_LASER,), person__certifications=(Certification(LASER, NOW),)),
        Reason.NOT_CERTIFIED,
    ),
    "a training still held counts": (
        PLAIN.but(rules=(WITH_LASER,), person__certifications=(Certification(LASER, FUTURE),)),
        Reason.GRANTED,
    ),
    "a temporary grant opens without any rule": (
        PLAIN.but(rules=(), person__grants=(GRANT,)),
        Reason.GRANTED,
    ),
    "a temporary grant that is over opens nothing": (
        PLAIN.but(rules=(), person__grants=(msgspec.structs.replace(GRANT, valid_until=NOW),)),
        Reason.NO_ACCESS_RIGHTS,
    ),
    "a full room refuses": (PLAIN.but(**FULL), Reason.UPPER_OCCUPANCY_LIMIT),
    "a room with one place left takes one more": (
        PLAIN.but(**FULL).but(state=LiveState(counts={ROOM: 0})),
        Reason.GRANTED,
    ),
    "a capacity that is not enforced refuses nobody": (PLAIN.but(**FULL).but(room__enforced=False), Reason.GRANTED),
    "a responder enters a full room": (PLAIN.but(**FULL, person__tiers=(MEMBER, GUARD)), Reason.GRANTED),
    "hard anti-passback refuses a second entry": (PLAIN.but(door=HARD, state=INSIDE), Reason.PASSBACK),
    "a responder passes hard anti-passback": (
        PLAIN.but(door=HARD, state=INSIDE, person__tiers=(MEMBER, GUARD)),
        Reason.GRANTED,
    ),
    "two-person waits for the second": (PLAIN.but(door=TWO), Reason.AUTHORIZATION_DELAYED),
    "an instant before all calendars opens nothing": (PLAIN.but(request__at=FIRST), Reason.OTHER),
    "an instant after all calendars opens nothing": (PLAIN.but(request__at=LAST), Reason.OTHER),
    "an instant that no calendar reaches opens no free door": (
        PLAIN.but(state=LiveState({DOOR: DoorMode.FREE}), request__at=LAST),
        Reason.OTHER,
    ),
    "whoever leaves does so at any instant": (
        PLAIN.but(request__at=LAST, request__reader=OUT),
        Reason.GRANTED,
    ),
    "nobody is their own second person": (
        PLAIN.but(door=TWO, request__companions=(ADA,)),
        Reason.AUTHORIZATION_DELAYED,
    ),
    "nobody is their own escort": (
        ESCORTED.but(person__host=ADA, request__companions=(ADA,)),
        Reason.NO_ACCOMPANIMENT,
    ),
    "a host who may enter escorts": (ESCORTED, Reason.GRANTED),
    "a host with a temporary grant escorts": (ESCORTED.but(others=(GUEST_OF_THE_HOUSE,)), Reason.GRANTED),
    "a host without rights here escorts nobody": (
        ESCORTED.but(others=(Person(HOST, ResidentType.STAFF),)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a host whom a rule forbids escorts nobody": (
        ESCORTED.but(others=(Person(HOST, ResidentType.STAFF, tiers=(MEMBER, BANNED)),)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a host outside their hours escorts nobody": (
        ESCORTED.but(rules=(WITH_HOST, msgspec.structs.replace(PERMIT, schedule=EVENING))),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "in lockdown a host who is not exempt escorts nobody": (
        ESCORTED.but(state=LiveState({DOOR: DoorMode.LOCKDOWN}), person__tiers=(WARDEN,)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a host who needs an escort escorts nobody": (
        ESCORTED.but(others=(Person(HOST, ResidentType.MAKER, host=ADA),), request__companions=(HOST, ADA)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "somebody who may enter but is not the host escorts nobody": (
        ESCORTED.but(person__host=CYD, others=(HOSTING, WITH_RIGHT)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a host whose permit asks for a proof gave it at a tap of their own": (
        ESCORTED.but(rules=(WITH_HOST, msgspec.structs.replace(PERMIT, assurance=Assurance.AUTHENTICATED))),
        Reason.GRANTED,
    ),
    "where it takes two, a host who waits for the second escorts nobody": (
        ESCORTED.but(door=TWO),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "where it takes two, a host whose second is there escorts": (
        ESCORTED.but(door=TWO, others=(HOSTING, WITH_RIGHT), request__companions=(HOST, CYD)),
        Reason.GRANTED,
    ),
    "a host who needs a second person escorts nobody without": (
        ESCORTED.but(rules=(WITH_HOST, msgspec.structs.replace(PERMIT, accompanied=True))),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a responder escorts where it takes two": (
        ESCORTED.but(door=TWO, others=(Person(HOST, ResidentType.STAFF, tiers=(MEMBER, GUARD)),)),
        Reason.GRANTED,
    ),
    "a second person gave the proof they need at a tap of their own": (
        PLAIN.but(
            door=TWO,
            rules=(PERMIT, msgspec.structs.replace(WITH_LASER, assurance=Assurance.AUTHENTICATED, tiers=(WARDEN,))),
            request__companions=(HOST,),
            others=(
                Person(HOST, ResidentType.STAFF, tiers=(WARDEN,), certifications=(Certification(LASER),)),
            ),
        ),
        Reason.GRANTED,
    ),
    "a suspended host escorts nobody": (
        ESCORTED.but(others=(Person(HOST, ResidentType.STAFF, tiers=(MEMBER,), suspended=True),)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a host who is gone escorts nobody": (
        ESCORTED.but(others=(Person(HOST, ResidentType.STAFF, tiers=(MEMBER,), valid_until=NOW),)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a host whom the roster does not know escorts nobody": (
        ESCORTED.but(others=()),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "two-person opens for a second with the same right": (
        PLAIN.but(door=TWO, request__companions=(HOST,)),
        Reason.GRANTED,
    ),
    "two-person refuses a second without a right": (
        PLAIN.but(door=TWO, request__companions=(HOST,), others=(Person(HOST, ResidentType.STAFF),)),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "two-person refuses a second who is suspended": (
        PLAIN.but(
            door=TWO,
            request__companions=(HOST,),
            others=(Person(HOST, ResidentType.STAFF, tiers=(MEMBER,), suspended=True),),
        ),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "two-person refuses a second whom a rule forbids": (
        PLAIN.but(
            door=TWO,
            request__companions=(HOST,),
            others=(Person(HOST, ResidentType.STAFF, tiers=(MEMBER, BANNED)),),
        ),
        Reason.INCORRECT_ACCOMPANIMENT,
    ),
    "a responder needs no second person": (PLAIN.but(door=TWO, person__tiers=(MEMBER, GUARD)), Reason.GRANTED),
}  # fmt: skip


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.replace(" ", "-"))
def test_that(sentence):
    case, reason = SENTENCES[sentence]
    assert case.decide().reason is reason


def test_a_wait_is_pending_and_a_refusal_is_a_denial():
    assert PLAIN.but(door=TWO).decide().effect is Effect.PENDING
    assert PLAIN.but(door__pin=True).decide().effect is Effect.PENDING
    assert PLAIN.but(badge=None).decide().effect is Effect.DENY


def test_a_decision_names_every_rule_that_determined_it_in_the_policys_order():
    second = msgspec.structs.replace(MORNINGS, id=RuleId("mornings"))
    assert PLAIN.but(rules=(PERMIT, second)).decide().rules == ("members", "mornings")
    assert PLAIN.but(rules=(), person__grants=(GRANT,)).decide().rules == ("grant:g1",)
    assert PLAIN.but(person__tiers=(MEMBER, BANNED)).decide().rules == ("banned",)


def test_out_of_hours_names_the_rules_that_would_have_opened_in_theirs():
    evenings = msgspec.structs.replace(PERMIT, id=RuleId("evenings"), schedule=EVENING)
    assert PLAIN.but(rules=(evenings,)).decide().rules == ("evenings",)


@pytest.mark.parametrize("order", [1, -1], ids=["forwards", "backwards"])
def test_an_engine_that_lives_through_a_day_opens_and_closes_on_the_minute(order):
    case = PLAIN.but(rules=(MORNINGS,))
    policy, house, roster = case.site()
    engine = Engine(policy, house, roster)
    midnight = datetime(2026, 9, 14, 22, tzinfo=UTC)
    for minute in range(24 * 60)[::order]:
        request = msgspec.structs.replace(case.request, at=midnight + timedelta(minutes=minute))
        assert engine.decide(request, NO_VIEW).grants == (8 * 60 <= minute < 12 * 60), minute


def test_a_soft_second_entry_is_granted_and_flagged():
    decision = PLAIN.but(state=INSIDE).decide()
    assert decision.grants
    assert decision.flags == (Flag.PASSBACK,)


def test_without_a_view_of_the_site_a_capacity_is_not_enforced_and_the_grant_says_so():
    decision = PLAIN.but(**FULL).but(state=NO_VIEW).decide()
    assert decision.grants
    assert decision.flags == (Flag.DEGRADED,)


@pytest.mark.parametrize(
    "changes",
    [
        {"badge__status": BadgeStatus.REVOKED},
        {"badge__valid_until": PAST},
        {"badge__person": None},
        {"person__suspended": True},
        {"state": LiveState({DOOR: DoorMode.LOCKED})},
        {"state": LiveState({DOOR: DoorMode.LOCKDOWN})},
        {"rules": ()},
        {"person__tiers": (BANNED,)},
    ],
)
def test_leaving_is_never_refused_to_a_known_badge_and_is_flagged_where_entering_would_be(changes):
    entering = PLAIN.but(**changes).decide()
    leaving = PLAIN.but(**changes).but(request__reader=OUT).decide()
    assert not entering.grants
    assert leaving.grants
    assert leaving.flags == (Flag.REFUSED_INWARDS,)
    assert leaving.inwards is entering.reason
    assert leaving.space == OUTSIDE


def test_every_reason_has_its_sentence_in_french_and_in_english():
    for reason in Reason:
        sentence = message(reason)
        assert sentence.fr.endswith((".", "?"))
        assert sentence.en.endswith((".", "?"))

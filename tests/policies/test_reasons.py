"""Every reason of docs/domain.md, 3.3, in its order: whatever comes first in the list is the one that is given.

The story is one world in which everything is wrong at once; each row puts right what the row before it told.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from policies.building import Door, Passback, Space
from policies.decision import Effect, Flag, Reason, message
from policies.engine import Engine
from policies.ids import RuleId
from policies.request import NO_VIEW, Assurance, DoorMode, LiveState
from policies.roster import Badge, BadgeKind, BadgeStatus, Certification, Person, ResidentType
from tests.policies.cases import (
    ADA,
    BADGE,
    BAN,
    BANNED,
    DOOR,
    EVENING,
    FULL,
    FUTURE,
    GRANT,
    GUEST_OF_THE_HOUSE,
    HOST,
    INSIDE,
    LASER,
    MEMBER,
    MORNINGS,
    NOW,
    OUT,
    OUTSIDE,
    PAST,
    PERMIT,
    PLAIN,
    ROOM,
    TWO,
    WING,
)
from tests.policies.strategies import NAME

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

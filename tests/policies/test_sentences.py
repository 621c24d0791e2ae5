"""What follows from each rule of docs/domain.md, 3.3, a sentence a case."""

from datetime import UTC, datetime

import msgspec
import pytest

from policies.building import Space
from policies.decision import Reason
from policies.ids import OrganisationId, PersonId, RuleId
from policies.policy import Rule, RuleEffect
from policies.request import Assurance, DoorMode, LiveState
from policies.roster import BadgeKind, Certification, Person, ResidentType
from tests.policies.cases import (
    ADA,
    BAN,
    BANNED,
    DOOR,
    EVENING,
    FULL,
    FUTURE,
    GRANT,
    GUARD,
    GUEST_OF_THE_HOUSE,
    HARD,
    HOST,
    INSIDE,
    LASER,
    MEMBER,
    MORNINGS,
    NOW,
    OUT,
    PERMIT,
    PLAIN,
    ROOM,
    TWO,
    WARDEN,
    WING,
)
from tests.policies.strategies import NAME

WITH_LASER = msgspec.structs.replace(PERMIT, certifications=(LASER,))
RESTRICTED = Space(ROOM, NAME, parent=WING, restricted=True)
ON_THE_WING = msgspec.structs.replace(PERMIT, spaces=(WING,))
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
}  # fmt: skip  # a table


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.replace(" ", "-"))
def test_that(sentence):
    case, reason = SENTENCES[sentence]
    assert case.decide().reason is reason

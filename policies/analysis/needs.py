"""What can be lacking at a door, and the same tap with it: the vocabulary of near misses and of who-can."""

from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

import msgspec

from policies import conditions as on
from policies.building import Building, Passback
from policies.ids import CertificationId, DoorId, GrantId, PersonId, SpaceId
from policies.policy import Rule
from policies.request import AccessRequest, Assurance, LiveState
from policies.roster import Badge, Certification, Grant, Person


class Kind(Enum):
    """What somebody can still do, or wait for; what they are (type, tier, organisation) is no near miss."""

    TIME = "time"
    PROOF = "proof"
    CERTIFICATION = "certification"
    PIN = "pin"
    HOST = "host"
    SECOND = "second-person"
    ROOM = "room"
    LEAVE = "leave"


class Need(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is lacking. `what` is the certification or the least proof, `at` the time to wait for."""

    kind: Kind
    what: str | None = None
    at: datetime | None = None


Needs = frozenset[Need]

_ORDER = {kind: place for place, kind in enumerate(Kind)}


def in_order(needs: Needs) -> tuple[Need, ...]:
    """Return the needs as people read them: the time first."""
    return tuple(sorted(needs, key=lambda need: (_ORDER[need.kind], need.what or "")))


class Case(NamedTuple):
    """One tap of one known person.

    `second` is a stranger who may enter as well, where a second person is supposed to be there.
    """

    badge: Badge
    person: Person
    request: AccessRequest
    state: LiveState
    second: Person | None = None


def needs_of(rule: Rule | None, case: Case, building: Building) -> Needs:
    """Return everything that may be lacking here besides the hour, for `rule` to let the person in.

    Of a permit that is about the person and reaches the door; None for a right that is no rule of the policy.
    """
    return frozenset(
        [
            *(_of_the_rule(rule, case) if rule else ()),
            *_of_the_door(rule, case, building),
            *_of_the_state(case, building),
        ]
    )


def _of_the_rule(rule: Rule, case: Case) -> list[Need]:
    for_good = {held.id for held in case.person.certifications if held.until is None}
    needs = [Need(Kind.CERTIFICATION, name) for name in rule.certifications if name not in for_good]
    host = case.person.host
    if rule.escorted and host is not None and host not in case.request.companions:
        needs.append(Need(Kind.HOST))
    return needs


def _of_the_door(rule: Rule | None, case: Case, building: Building) -> list[Need]:
    door = building.doors[building.readers[case.request.reader].door]
    proof = max(door.proof, case.badge.kind.least_proof, rule.assurance if rule else Assurance.NONE)
    needs = [Need(Kind.PROOF, proof.name.lower())] if case.request.assurance < proof else []
    if not case.request.pin_ok and (door.pin or door.card_pin is not None):
        needs.append(Need(Kind.PIN))
    if door.two_person or (rule is not None and rule.accompanied):
        needs.append(Need(Kind.SECOND))
    return needs


def _of_the_state(case: Case, building: Building) -> list[Need]:
    door = building.doors[building.readers[case.request.reader].door]
    needs = [Need(Kind.ROOM)] if _full(case.state, case.request, building) else []
    where = (case.state.inside or {}).get(case.person.id)
    if where == door.inner and door.passback in {Passback.HARD, Passback.TIMED}:
        needs.append(Need(Kind.LEAVE))
    return needs


def _full(state: LiveState, request: AccessRequest, building: Building) -> dict[SpaceId, int]:
    """Return the capacities of the full spaces that an entry would add to; a space for nobody never has room."""
    counted = on.newly_counted(building, building.readers[request.reader].door)
    capacities = ((space, building.spaces[space].capacity) for space in counted)
    counts = state.counts or {}
    return {space: most for space, most in capacities if most and counts.get(space, 0) >= most}


def met(needs: Needs, case: Case, building: Building) -> Case:
    """Return the same tap with all `needs` met: what would have to be true, made true."""
    for need in needs:
        case = _MET[need.kind](need, case, building)
    return case


def _at_the_time(need: Need, case: Case, _: Building) -> Case:
    return case._replace(request=msgspec.structs.replace(case.request, at=need.at or case.request.at))


def _proven(need: Need, case: Case, _: Building) -> Case:
    proof = Assurance[(need.what or "none").upper()]
    return case._replace(request=msgspec.structs.replace(case.request, assurance=proof))


def _certified(need: Need, case: Case, _: Building) -> Case:
    more = Certification(CertificationId(need.what or ""))
    trained = msgspec.structs.replace(case.person, certifications=(*case.person.certifications, more))
    return case._replace(person=trained)


def _with_pin(_: Need, case: Case, __: Building) -> Case:
    return case._replace(request=msgspec.structs.replace(case.request, pin_ok=True))


def _with_host(_: Need, case: Case, __: Building) -> Case:
    return case if case.person.host is None else _beside(case, case.person.host)


def _with_second(_: Need, case: Case, building: Building) -> Case:
    second = _second(case.person, building.readers[case.request.reader].door)
    return _beside(case, second.id)._replace(second=second)


def _with_room(_: Need, case: Case, building: Building) -> Case:
    room = {space: most - 1 for space, most in _full(case.state, case.request, building).items()}
    counts = {**(case.state.counts or {}), **room}
    return case._replace(state=msgspec.structs.replace(case.state, counts=counts))


def _outside(_: Need, case: Case, __: Building) -> Case:
    inside = {name: space for name, space in (case.state.inside or {}).items() if name != case.person.id}
    return case._replace(state=msgspec.structs.replace(case.state, inside=inside))


def _beside(case: Case, companion: PersonId) -> Case:
    companions = (*case.request.companions, companion)
    return case._replace(request=msgspec.structs.replace(case.request, companions=companions))


def _second(person: Person, door: DoorId) -> Person:
    """Return somebody with a right of their own wherever the person is not refused altogether."""
    begins, ends = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    right = Grant(GrantId("second"), begins, ends, doors=(door,))
    return msgspec.structs.replace(person, id=PersonId(f"second:{person.id}"), grants=(right,))


_MET = {
    Kind.TIME: _at_the_time,
    Kind.PROOF: _proven,
    Kind.CERTIFICATION: _certified,
    Kind.PIN: _with_pin,
    Kind.HOST: _with_host,
    Kind.SECOND: _with_second,
    Kind.ROOM: _with_room,
    Kind.LEAVE: _outside,
}

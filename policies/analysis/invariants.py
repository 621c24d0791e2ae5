"""Invariants: claims over the whole request space, each with a tap that breaks it if there is one.

Exact for everybody without a temporary grant: a grant is an operator's act, not the policy's. A door that stands free
lets everybody in, so `never` and `never-alone` are about the other modes unless they say so; a locked door lets
nobody in, so `always` leaves it out.
"""

from collections.abc import Iterator
from itertools import product

import msgspec

from policies.analysis.taps.cast import STRANGER
from policies.analysis.taps.companies import ALONE, Company
from policies.analysis.taps.entrance import Case, Entrance
from policies.analysis.taps.flips import Outcome, Tap, outcome, told
from policies.analysis.taps.space import Space
from policies.engine import Engine
from policies.ids import BadgeId, CertificationId, PersonId, ReaderId, SpaceId
from policies.loader import Site
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, BadgeKind, BadgeStatus, Person, ResidentType, Roster
from policies.scenarios import Claim, Invariant, Scenarios
from policies.ways import only_by_release, without_way_out

_MODES = {
    Claim.ALWAYS: (DoorMode.NORMAL, DoorMode.FREE, DoorMode.LOCKDOWN),
    Claim.NEVER: (DoorMode.NORMAL, DoorMode.LOCKDOWN, DoorMode.LOCKED),
    Claim.NEVER_ALONE: (DoorMode.NORMAL, DoorMode.LOCKDOWN, DoorMode.LOCKED),
}


class Broken(msgspec.Struct, frozen=True):
    """An invariant that does not hold: the tap that breaks it and its decision, or the spaces one cannot leave."""

    file: str
    line: int
    id: str
    claim: Claim
    tap: Tap | None = None
    outcome: Outcome | None = None
    spaces: tuple[SpaceId, ...] = ()


def broken_invariants(site: Site, scenarios: Scenarios) -> tuple[Broken, ...]:
    """Return the invariants that do not hold, each with a counterexample, from the days of the trials on."""
    if not scenarios.invariants:
        return ()
    first = min((trial.request.at for trial in scenarios.trials), default=None)
    space = Space([site], first)
    found = (_broken(space, site, invariant, scenarios.file) for invariant in scenarios.invariants)
    return tuple(each for each in found if each is not None)


def _broken(space: Space, site: Site, invariant: Invariant, file: str) -> Broken | None:
    known = Broken(file, invariant.line, invariant.id, invariant.claim)
    if invariant.claim is Claim.WAYS_OUT:
        shut = _shut(space, site, invariant)
        return msgspec.structs.replace(known, spaces=shut) if shut else None
    example = next(_counterexamples(space, invariant), None)
    if example is None:
        return None
    return msgspec.structs.replace(known, tap=example[0], outcome=example[1])


def _counterexamples(space: Space, invariant: Invariant) -> Iterator[tuple[Tap, Outcome]]:
    watched = [schedule for schedule in (invariant.during, invariant.outside) if schedule]
    for door in invariant.doors or space.doors:
        if door not in space.doors:
            continue
        entrance = space.entrance(door, invariant.who, watched)
        (engine,) = space.engines([entrance])
        for case in _cases(space, entrance, invariant):
            decision = engine.decide(*entrance.tap(case))
            if decision.grants is not (invariant.claim is Claim.ALWAYS):
                yield _plainest(space, entrance, engine, case)


def _plainest(space: Space, entrance: Entrance, engine: Engine, case: Case) -> tuple[Tap, Outcome]:
    """Return the counterexample, or one like it with less company and training and the same effect."""
    decision, tap = engine.decide(*entrance.tap(case)), case
    for company, trained in product(entrance.companies, entrance.trainings):
        if company.is_in(case.company) and set(trained) <= set(case.trained):
            less = msgspec.structs.replace(case, company=company, trained=trained)
            same = engine.decide(*entrance.tap(less))
            if same.grants is decision.grants:
                decision, tap = same, less
                break
    return told(entrance, tap, entrance.tap(tap)[0], space.roster()), outcome(decision)


def _cases(space: Space, entrance: Entrance, invariant: Invariant) -> Iterator[Case]:
    """Yield the classes that can break the invariant.

    Who proves more, is better trained, enters the PIN or has more company is granted no less: so `always` is asked of
    those who prove and know the least that is meant and come alone, the others of those who have the most.
    """
    modes = invariant.modes or _MODES[invariant.claim]
    companies = [ALONE]
    if invariant.claim is Claim.NEVER:
        companies = _most_company(entrance)
    elif invariant.claim is Claim.NEVER_ALONE and entrance.is_paired:
        companies = [ALONE, Company((STRANGER,))]
    cases = entrance.cases(
        modes=modes,
        companies=companies,
        proofs=[max(proof for proof in entrance.proofs if proof <= invariant.assurance)],
        trainings=_trainings(entrance, invariant),
        pins=[True],
    )
    for case in cases:
        if _is_meant(space, invariant, case.moment.open):
            yield case


def _most_company(entrance: Entrance) -> list[Company]:
    """Return everybody who makes a difference beside somebody, each as the host of whoever needs one."""
    if entrance.is_escorted and entrance.mates:
        return [Company((*entrance.mates, *entrance.twins), host) for host in entrance.mates]
    return [Company(entrance.mates)] if entrance.is_paired else [ALONE]


def _trainings(entrance: Entrance, invariant: Invariant) -> list[tuple[CertificationId, ...]]:
    """Return no training for `always`, else the most that somebody without the excluded ones can have."""
    if invariant.claim is Claim.ALWAYS:
        return [()]
    allowed = [set(each) for each in entrance.trainings if not set(each) & set(invariant.without)]
    return [tuple(sorted(each)) for each in allowed if not any(each < other for other in allowed)]


def _is_meant(space: Space, invariant: Invariant, is_open: int) -> bool:
    clock = space.world.clock
    during, outside = clock.column(0, invariant.during), clock.column(0, invariant.outside)
    return (during is None or bool(is_open >> during & 1)) and (outside is None or not is_open >> outside & 1)


def _shut(space: Space, site: Site, invariant: Invariant) -> tuple[SpaceId, ...]:
    """Return the spaces that one cannot leave: no way is built, or a reader on the way out refuses a known badge."""
    building = site.building
    spaces = [*without_way_out(building), *only_by_release(building)]
    spaces += (
        building.doors[reader.door].inner
        for reader in building.readers.values()
        if reader.direction is Direction.EXIT and not _lets_out(space, site, reader.id)
    )
    meant = {building.doors[door].inner for door in invariant.doors} or set(building.spaces)
    return tuple(space for space in dict.fromkeys(spaces) if space in meant)


def _lets_out(space: Space, site: Site, reader: ReaderId) -> bool:
    """Return whether even a suspended person with a lost badge leaves at `reader`, in every mode and at any time."""
    badge = Badge(BadgeId("lost"), BadgeKind.UID, PersonId("suspended"), BadgeStatus.LOST)
    person = Person(PersonId("suspended"), ResidentType.VISITOR, suspended=True)
    engine = Engine(site.policy, site.building, Roster.of([person], [badge]))
    door = site.building.readers[reader].door
    return all(
        engine.decide(
            AccessRequest(moment.at, reader, badge.id, Assurance.NONE), LiveState({door: mode})
        ).grants
        for moment, mode in product(space.world.clock.moments, DoorMode)
    )

"""Taps aimed at the rules of a policy: each rule is hit, and missed narrowly by each of its conditions.

Around a rule are made: people who fit it and people who fit it in all but one point; instants at the edges of its
windows on the days that matter (clock changes, holidays, closures, 29 February), to the second; doors that it
reaches and others. A tap takes the fitting choice for most of these and strays in few. Seeded, and made without
policies.schedule, conditions or engine, so that what they get wrong is not avoided here.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from policies.building import Building
from policies.ids import BadgeId, CertificationId, DoorId, GrantId, OrganisationId, PersonId, TierId
from policies.policy import Policy, Rule
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
from policies.schedule import Calendar, Schedule

Tap = tuple[AccessRequest, LiveState]
_T = TypeVar("_T")

STRAYS = 0.25
"""How often a tap strays from what fits its rule, in each single respect."""

_PROOFS = {
    BadgeKind.UID: Assurance.UID,
    BadgeKind.NTAG424: Assurance.SUN,
    BadgeKind.DESFIRE: Assurance.AUTHENTICATED,
}
HOST = PersonId("host")
_REFUSED_HOSTS = tuple(PersonId(f"host.{why}") for why in ("suspended", "early", "late", "without"))
_INSTANTS_A_RULE = 48
_SECOND = timedelta(seconds=1)
_JITTERS = (timedelta(), timedelta(), -_SECOND, _SECOND, timedelta(minutes=15), -timedelta(minutes=15))


class Directed(NamedTuple):
    """People and the taps that they are made for."""

    roster: Roster
    taps: list[Tap]


def aim(policy: Policy, building: Building, seed: int, count: int) -> Directed:
    """Return `count` taps, spread evenly over the rules of the policy."""
    draw = random.Random(seed)
    aims = [_Aim(policy, building, rule, draw) for rule in policy.rules]
    people = [*_hosts(policy), *chain.from_iterable(each.people for each in aims)]
    badges = list(chain.from_iterable(map(_badges, people)))
    taps = [aims[number % len(aims)].tap() for number in range(count)]
    return Directed(Roster.of(people, badges), taps)


def _hosts(policy: Policy) -> Iterator[Person]:
    """Yield a host with every tier, and those who escort nobody: without rights, suspended, not yet here, and gone."""
    changes = {
        "valid_from": datetime(2028, 1, 1, tzinfo=UTC),
        "valid_until": datetime(2026, 6, 1, tzinfo=UTC),
    }
    trained = tuple(map(Certification, policy.certifications))
    host = Person(HOST, ResidentType.EMERGENCY, None, tuple(policy.tiers), trained)
    yield host
    yield Person(_REFUSED_HOSTS[-1], ResidentType.EMERGENCY)
    yield msgspec.structs.replace(host, id=_REFUSED_HOSTS[0], suspended=True)
    for name, (key, at) in zip(_REFUSED_HOSTS[1:3], changes.items(), strict=True):
        yield msgspec.structs.replace(host, id=name, **{key: at})


def _badges(person: Person) -> Iterator[Badge]:
    """Yield a badge of each kind, and one that is lost."""
    for kind in _PROOFS:
        yield Badge(BadgeId(f"{person.id}/{kind.value}"), kind, person.id)
    yield Badge(BadgeId(f"{person.id}/lost"), BadgeKind.DESFIRE, person.id, BadgeStatus.LOST)


class _Aim:
    """One rule with the people, doors and instants around it."""

    def __init__(self, policy: Policy, building: Building, rule: Rule, draw: random.Random) -> None:
        self.policy, self.building, self.rule, self.draw = policy, building, rule, draw
        schedule = policy.schedules.get(rule.schedule) if rule.schedule else None
        edges = _Edges(policy.calendar, schedule or draw.choice(list(policy.schedules.values())), draw)
        self.instants = [edges.instant() for _ in range(_INSTANTS_A_RULE)]
        self.fitting = [self._fitting(number) for number in range(3)]
        self.straying = list(self._straying())
        self.people = [*self.fitting, *self.straying]
        entries = [each for each in building.readers.values() if each.direction is Direction.ENTRY]
        self.readers = entries or list(building.readers.values())
        self.reached = [each for each in self.readers if self._mentions(each.door)] or self.readers

    def _mentions(self, door: DoorId) -> bool:
        """Return whether the rule names the door, or something around the space inside it; restricted or not."""
        path = self.building.path_up(self.building.doors[door].inner)
        uses = (self.building.spaces[step].use for step in path)
        return door in self.rule.doors or bool({*path} & {*self.rule.spaces} or {*uses} & {*self.rule.uses})

    def _fitting(self, number: int) -> Person:
        rule, draw = self.rule, self.draw
        return Person(
            PersonId(f"{rule.id}.{number}"),
            draw.choice(rule.types or tuple(ResidentType)),
            draw.choice(rule.organisations or (None, *self.policy.organisations)),
            (draw.choice(rule.tiers),) if rule.tiers else (),
            tuple(Certification(each, self._limit()) for each in rule.certifications),
            host=HOST if rule.escorted else None,
        )

    def _limit(self) -> datetime | None:
        return self.draw.choice((None, None, *self.instants[:4]))

    def _straying(self) -> Iterator[Person]:
        """Yield people who fit the rule but for one thing."""
        rule, draw = self.rule, self.draw
        for number, change in enumerate(self._changes()):
            name = PersonId(f"{rule.id}.not-{number}")
            yield msgspec.structs.replace(draw.choice(self.fitting), id=name, **change)

    def _changes(self) -> Iterator[dict[str, object]]:
        rule, draw, at = self.rule, self.draw, self.instants
        yield {
            "type": draw.choice([each for each in ResidentType if each not in rule.types] or [*ResidentType])
        }
        yield {"tiers": ()}
        for tier in draw.sample(list(self.policy.tiers), min(3, len(self.policy.tiers))):
            yield {"tiers": (tier,)}
        for flagged in self.policy.tiers.values():
            if flagged.responder or flagged.exempt or flagged.passback_exempt or flagged.includes:
                yield {"tiers": (*rule.tiers[:1], flagged.id)}
        yield {"tiers": (*rule.tiers, TierId("forgotten"))}
        yield {"organisation": None}
        yield {"organisation": OrganisationId("elsewhere")}
        for missing in rule.certifications:
            others = tuple(Certification(each) for each in rule.certifications if each != missing)
            yield {"certifications": others}
            yield {"certifications": (*others, Certification(missing, draw.choice(at)))}
        yield {"certifications": (Certification(CertificationId("juggling")),)}
        yield {"suspended": True}
        yield {"valid_until": draw.choice(at)}
        yield {"valid_from": draw.choice(at)}
        for host in (None, PersonId(f"{rule.id}.0"), *_REFUSED_HOSTS, PersonId("nobody")):
            yield {"host": host}
        since = draw.choice(at)
        spaces, doors = list(self.building.spaces), list(self.building.doors)
        grant = Grant(
            GrantId("g"), since, since + timedelta(days=30), (draw.choice(doors),), (draw.choice(spaces),)
        )
        yield {"tiers": (), "grants": (grant,)}
        yield {"grants": (msgspec.structs.replace(grant, spaces=(*rule.spaces,)),)}

    def tap(self) -> Tap:
        person = self._chosen(self.fitting, self.people)
        reader = self._chosen(self.reached, self.readers)
        door = self.building.doors[reader.door]
        least = max(Assurance.UID, self.rule.assurance, door.proof)
        weaker = max(Assurance.UID, Assurance(least - 1))
        proof = self._chosen((Assurance.AUTHENTICATED, least), (*Assurance, weaker, weaker, weaker))
        media = tuple(kind.value for kind, asked in _PROOFS.items() if asked <= proof)
        badge = BadgeId(f"{person.id}/{self._seldom(media, ('uid', 'desfire', 'lost'))}")
        request = AccessRequest(
            self.draw.choice(self.instants),
            reader.id,
            badge,
            proof,
            self._seldom((True,), (False,)),
            self._companions(person),
        )
        return request, self._state(person, door.id, request.at)

    def _chosen(self, fitting: Sequence[_T], others: Sequence[_T]) -> _T:
        return self.draw.choice(others if self.draw.random() < STRAYS else fitting)

    def _seldom(self, fitting: Sequence[_T], others: Sequence[_T]) -> _T:
        """Stray less: this ends the matter before the rules are asked."""
        return self.draw.choice(others if self.draw.random() < STRAYS / 5 or not fitting else fitting)

    def _companions(self, person: Person) -> tuple[PersonId, ...]:
        """Return who is beside the person: host and a second person where asked for, seldom fewer or others."""
        fitting = [each.id for each in self.fitting if each.id != person.id]
        host = (person.host,) if person.host and self.rule.escorted else ()
        second = tuple(fitting[:1]) if self.rule.accompanied else ()
        anybody = self.draw.sample([each.id for each in self.people], 2)
        return self._chosen(
            ((*host, *second),),
            (
                (),
                (),
                (),
                (person.id,),
                tuple(anybody),
                *((each,) for each in anybody),
                (PersonId("nobody"), *host),
            ),
        )

    def _state(self, person: Person, door: DoorId, at: datetime) -> LiveState:
        draw, inner = self.draw, self.building.doors[door].inner
        mode = self._seldom(self.rule.modes or (DoorMode.NORMAL,), tuple(DoorMode))
        modes = {} if mode is DoorMode.NORMAL and draw.random() < 1 / 2 else {door: mode}
        inside = draw.choice(
            ({}, {}, {person.id: inner}, {person.id: draw.choice(list(self.building.spaces))}, None)
        )
        after = draw.choice((-_SECOND, timedelta(), _SECOND))
        since = {person.id: at - timedelta(seconds=self.building.doors[door].passback_s) + after}
        return LiveState(modes, self._counts(inner), inside, draw.choice((since, {}, None)))

    def _counts(self, inner):
        """Return counts that leave room, or fill a space around the door to one below, to or above its capacity."""
        if self.draw.random() < STRAYS / 2:
            return None
        limited = [
            (step, capacity)
            for step in self.building.path_up(inner)
            if (capacity := self.building.spaces[step].capacity) is not None
        ]
        if not limited or not (self.rule.full or self.draw.random() < STRAYS):
            return {}
        step, capacity = self.draw.choice(limited)
        return {step: max(0, capacity + self.draw.choice((-1, 0, 0, 1)))}


class _Edges:
    """Instants around the edges of a schedule's windows, on days that matter to it, by the zone of the calendar."""

    def __init__(self, calendar: Calendar, schedule: Schedule, draw: random.Random) -> None:
        self._zone, self._draw = ZoneInfo(calendar.timezone), draw
        special = [window for each in schedule.exceptions for window in each.windows]
        self._windows = [*schedule.windows, *special]
        self._days = [*_notable_days(calendar, schedule)]

    def instant(self) -> datetime:
        draw = self._draw
        day = draw.choice(self._days) + timedelta(days=draw.choice((-1, 0, 0, 1)))
        minute = draw.randrange(24 * 60)
        if self._windows:
            window = draw.choice(self._windows)
            if draw.random() < 1 - 2 * STRAYS:
                day += timedelta(days=(draw.choice(window.days) - day.weekday()) % 7)
            end = window.end if window.end > window.start else window.end + 24 * 60
            minute = draw.choice((window.start, end, draw.randrange(window.start, end)))
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001  (the wall's time)
        at = wall.replace(tzinfo=self._zone, fold=draw.choice((0, 1))).astimezone(UTC)
        return at + draw.choice(_JITTERS)


def _notable_days(calendar: Calendar, schedule: Schedule) -> Iterator[date]:
    """Yield clock changes, holidays, named days, closures and dates of 2026 to 2028, 29 February and plain days."""
    yield from (date(2028, 2, 29), date(2026, 9, 15), date(2026, 9, 19), date(2026, 9, 20))
    days = [datetime.fromtimestamp(change, UTC).date() for change in calendar.changes]
    days += calendar.holidays
    days += (day for name in schedule.closed_on for day in calendar.days.get(name, ())[::9])
    days += (edge.date() for each in calendar.closures for edge in (each.begins, each.ends))
    days += (edge for edge in (schedule.begins, schedule.ends) if edge)
    days += (edge for each in schedule.exceptions for edge in (each.begins, each.ends))
    yield from (day for day in days if 2026 <= day.year <= 2028)

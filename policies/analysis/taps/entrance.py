"""The way in at one door: which classes of taps the rules of some sites can tell apart there.

What can happen is a product of few things: who comes (standings.py), when (moments.py), how proven, with which
trainings, with whom beside them, in which mode of the door, how full. Each is reduced to what makes a difference at
this door; a tap shows each class.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import chain, product
from typing import NamedTuple

import msgspec

from policies.analysis.taps.cast import STRANGER, Cast, badge_of
from policies.analysis.taps.companies import ALONE, Company, Instant, Side, accompanying
from policies.analysis.taps.moments import Clock, Moment
from policies.analysis.taps.standings import FLAGS, Kind, Standings
from policies.building import Building, Passback
from policies.conditions import forbid_covers, newly_counted, rule_permit_covers
from policies.ids import CertificationId, DoorId, PersonId, ReaderId, ScheduleId, SpaceId
from policies.loader import Site
from policies.masks import bits, mask_of
from policies.policy import Rule, RuleEffect
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.scenarios import ANYONE, Who


class World(NamedTuple):
    """What all entrances share: whom and when the rules can tell apart, and who shows it."""

    standings: Standings
    clock: Clock
    cast: Cast


_Filling = Mapping[SpaceId, int] | None


class Case(msgspec.Struct, frozen=True):
    """One class of taps at one door: who comes, when and how.

    `company` is who proved themselves just before; `filling` are the counts (None: nobody knows them);
    `inside` says for how many seconds the person is in the inner space already (None: they are not).
    """

    kind: Kind
    moment: Moment
    mode: DoorMode = DoorMode.NORMAL
    proof: Assurance = Assurance.AUTHENTICATED
    trained: tuple[CertificationId, ...] = ()
    company: Company = ALONE
    filling: _Filling = None
    inside: float | None = None
    pin_ok: bool = True


class Entrance:
    """The way in at one door, and what makes a difference there.

    `readers` has the entry reader of the door in each site, None where there is none. `rules` are those that reach
    the door, each with its number among all the rules of the space. `kinds` and `moments` depend on the door's mode.
    """

    def __init__(
        self,
        door: DoorId,
        sites: Sequence[Site],
        world: World,
        who: Who = ANYONE,
        watched: Sequence[ScheduleId] = (),
    ) -> None:
        """Look at `door` with `who` in mind; instants are told apart by the `watched` schedules as well."""
        self.door = door
        self._world, self._clock, self._cast, self._watched = world, world.clock, world.cast, watched
        self._sites = [site if door in site.building.doors else None for site in sites]
        self._rules = [(side, rule) for side, site in enumerate(sites) for rule in site.policy.rules]
        self.doors = [site.building.doors[door] for site in self._sites if site]
        self.readers = tuple(_entry_reader(site, door) for site in self._sites)
        self.rules = {
            index: rule
            for index, (side, rule) in enumerate(self._rules)
            if (site := self._sites[side]) and _covers(rule, site.building, door)
        }
        self.proofs = self._proofs()
        self.trainings = self._trainings()
        self.fillings = self._fillings()
        self.insides = self._insides()
        self.pins = (True, False) if any(each.pin or each.card_pin for each in self.doors) else (True,)
        self.is_escorted = any(rule.escorted for rule in self.rules.values())
        self.is_paired = any(each.two_person for each in self.doors) or any(
            rule.accompanied for rule in self.rules.values()
        )
        covering = self._covered = {mode: self._covering(mode) for mode in DoorMode}
        self.kinds = {
            mode: world.standings.kinds(covering[mode], self._flags(mode), who) for mode in DoorMode
        }
        self.moments = {mode: self._moments(covering[mode]) for mode in DoorMode}
        self._people: dict[tuple[int, tuple[CertificationId, ...], PersonId | None], PersonId] = {}

    @cached_property
    def companies(self) -> tuple[Company, ...]:
        """Return who can be beside the person: nobody, a stranger, somebody who may enter too, who is their host."""
        if not (self.is_escorted or self.is_paired):
            return (ALONE,)
        mates = [Company((mate,)) for mate in self.mates] if self.is_paired else []
        hosts = [Company((mate,), mate) for mate in self.mates] if self.is_escorted else []
        twins = [Company((mate, twin), mate) for mate, twin in zip(self.mates, self.twins, strict=False)]
        return (ALONE, Company((STRANGER,)), *mates, *hosts, *twins)

    @cached_property
    def mates(self) -> tuple[PersonId, ...]:
        """Return people of whom at any instant one may enter without an escort, if anybody may."""
        return tuple(self._companion(kind, "mate") for kind in self._accompanying)

    @cached_property
    def twins(self) -> tuple[PersonId, ...]:
        """Return people just like the mates, where an escort may need a second person themselves."""
        takes_two = self.is_escorted and self.is_paired
        return tuple(self._companion(kind, "twin") for kind in self._accompanying) if takes_two else ()

    def _companion(self, kind: Kind, role: str) -> PersonId:
        return self._cast.person(kind.groups[0], self.trainings[-1], role)

    @cached_property
    def _accompanying(self) -> list[Kind]:
        modes = DoorMode.NORMAL, DoorMode.LOCKDOWN
        covering = self._covered[DoorMode.NORMAL] | self._covered[DoorMode.LOCKDOWN]
        kinds = self._world.standings.kinds(covering, ("exempt", "responder"))
        instants = {
            Instant(self.open_at(moment) & self._covered[mode], mode is DoorMode.LOCKDOWN, is_full)
            for mode in modes
            for moment in self.moments[mode]
            for is_full in ((False, True) if len(self.fillings) > 1 else (False,))
        }
        return accompanying(kinds, sorted(instants), self._sides)

    def lets_anybody_in(self, is_open: int, mode: DoorMode) -> bool:
        """Return whether somebody may enter without an escort, and so be one, while the rules `is_open` are."""
        now = Instant(is_open & self._covered[mode], mode is DoorMode.LOCKDOWN, is_full=False)
        return any(side.lets_in(kind.about, now) for side, kind in product(self._sides, self._accompanying))

    @cached_property
    def _sides(self) -> list[Side]:
        return [self._side(side) for side, reader in enumerate(self.readers) if reader is not None]

    def _side(self, side: int) -> Side:
        """Return the rules of a site as they bear on whoever accompanies somebody."""
        own = {index: rule for index, rule in self.rules.items() if self.side_of(index) == side}
        broken = {index for index, rule in own.items() if rule.schedule and self.column(index) is None}
        permits = {index for index, rule in own.items() if rule.effect is RuleEffect.PERMIT}
        full = {index for index, rule in own.items() if rule.full} - broken
        escorted = {index for index, rule in own.items() if rule.escorted}
        flags = self._world.standings.count + side * len(FLAGS)
        return Side(
            sum(1 << index for index in permits - escorted - broken),
            sum(1 << index for index in (own.keys() - permits - full) | broken),
            sum(1 << index for index in full),
            1 << flags + FLAGS.index("exempt"),
            1 << flags + FLAGS.index("responder"),
        )

    def open_at(self, moment: Moment) -> int:
        """Return the rules in their hours, those that nobody can evaluate among them, and all flags."""
        columns = {index: self.column(index) for index in self.rules}
        rules = sum(
            1 << index for index, column in columns.items() if column is None or moment.open >> column & 1
        )
        return rules | -1 << self._world.standings.count

    def column(self, index: int) -> int | None:
        """Return the bit of `Moment.open` for the hours of a rule; None if it has none, or nobody can tell."""
        side, schedule = self.side_of(index), self.rules[index].schedule
        is_told = schedule is not None and self._clock.is_told(side, schedule)
        return self._clock.column(side, schedule) if is_told else None

    def side_of(self, index: int) -> int:
        """Return the site whose rule has the number `index`."""
        return self._rules[index][0]

    def cases(
        self,
        *,
        modes: Iterable[DoorMode] = tuple(DoorMode),
        companies: Sequence[Company] | None = None,
        proofs: Sequence[Assurance] | None = None,
        trainings: Sequence[tuple[CertificationId, ...]] | None = None,
        pins: Sequence[bool] | None = None,
    ) -> Iterator[Case]:
        """Yield the classes, in each mode instant after instant; only those asked for where some are named."""
        for mode in modes:
            for moment, filling, inside, company, proof, trained, pin_ok, kind in product(
                self.moments[mode],
                self.fillings,
                self.insides,
                self.companies if companies is None else companies,
                self.proofs if proofs is None else proofs,
                self.trainings if trainings is None else trainings,
                self.pins if pins is None else pins,
                self.kinds[mode],
            ):
                yield Case(kind, moment, mode, proof, trained, company, filling, inside, pin_ok)

    def enlist(self) -> None:
        """Put everybody who can come into the cast, for a roster that is whole before the first tap."""
        hosts = dict.fromkeys(company.host for company in self.companies)
        for kinds, trained, host in product(self.kinds.values(), self.trainings, hosts):
            for kind in kinds:
                self._person(kind, trained, host)

    def tap(self, case: Case, side: int = 0) -> tuple[AccessRequest, LiveState]:
        """Return a tap of the class as a site reads it; raise ValueError if the site has no way in here."""
        reader = self.readers[side]
        if reader is None:
            raise ValueError(f"door {self.door}: no entry reader; expected a site that has one")
        person = self._person(case.kind, case.trained, case.company.host)
        badge = badge_of(person, case.proof)
        request = AccessRequest(case.moment.at, reader, badge, case.proof, case.pin_ok, case.company.people)
        modes = {} if case.mode is DoorMode.NORMAL else {self.door: case.mode}
        if case.inside is None:
            return request, LiveState(modes, case.filling, {}, {})
        site = self._sites[side]
        inner = site.building.doors[self.door].inner if site else SpaceId("")
        since = case.moment.at - timedelta(seconds=case.inside)
        return request, LiveState(modes, case.filling, {person: inner}, {person: since})

    def _person(self, kind: Kind, trained: tuple[CertificationId, ...], host: PersonId | None) -> PersonId:
        key = kind.about, trained, host
        name = self._people.get(key)
        if name is None:
            name = self._people[key] = self._cast.person(kind.groups[0], trained, host=host)
        return name

    def _covering(self, mode: DoorMode) -> int:
        """Return the rules that can decide here in the mode: none where it is locked, no permit where it is free."""
        covering = 0
        for index, rule in self.rules.items():
            counts = mode is not DoorMode.FREE or rule.effect is RuleEffect.FORBID
            if mode is not DoorMode.LOCKED and counts and (not rule.modes or mode in rule.modes):
                covering |= 1 << index
        return covering

    def _flags(self, mode: DoorMode) -> tuple[str, ...]:
        """Return the flags of tiers that make a difference here in the mode."""
        if mode is DoorMode.LOCKED:
            return ()
        lockdown = ("exempt",) if mode is DoorMode.LOCKDOWN else ()
        passback = ("passback_exempt",) if len(self.insides) > 1 else ()
        is_shared = passback or self.is_paired or len(self.fillings) > 1
        return (*lockdown, *passback, *(("responder",) if is_shared else ()))

    def _moments(self, covering: int) -> tuple[Moment, ...]:
        named = [(self._rules[index][0], self.rules[index].schedule) for index in bits(covering)]
        named += [
            (side, site.building.doors[self.door].card_pin) for side, site in enumerate(self._sites) if site
        ]
        named += [(side, schedule) for side in range(len(self._sites)) for schedule in self._watched]
        columns = {self._clock.column(side, schedule) for side, schedule in named}
        seen = mask_of(column in columns for column in range(self._clock.columns))
        merged: dict[int, Moment] = {}
        for moment in self._clock.moments:
            name = moment.open & seen
            known = merged.get(name, Moment(moment.at, 0, name))
            merged[name] = Moment(known.at, known.quarters | moment.quarters, name)
        return tuple(merged.values())

    def _proofs(self) -> tuple[Assurance, ...]:
        """Return the weakest proof of each class, from that of a bare UID on: no badge is accepted with less."""
        asked = {Assurance.UID, *(door.proof for door in self.doors)}
        asked |= {rule.assurance for rule in self.rules.values()}
        return tuple(proof for proof in Assurance if proof in asked and proof >= Assurance.UID)

    def _trainings(self) -> tuple[tuple[CertificationId, ...], ...]:
        """Return no training, what each rule asks for, and all of it."""
        asked = [tuple(sorted(rule.certifications)) for rule in self.rules.values()]
        whole = tuple(sorted(set(chain.from_iterable(asked))))
        return tuple(dict.fromkeys(((), *sorted(asked), whole)))

    def _fillings(self) -> tuple[_Filling, ...]:
        """Return nobody inside, each capacity that decides here reached alone, and counts that nobody knows."""
        counted: dict[SpaceId, set[int]] = {}
        for side, site in enumerate(self._sites):
            if site is None:
                continue
            by_rule = any(rule.full and self._rules[index][0] == side for index, rule in self.rules.items())
            for name in newly_counted(site.building, self.door):
                space = site.building.spaces[name]
                if space.capacity is not None and (space.enforced or by_rule):
                    counted.setdefault(name, set()).add(space.capacity)
        full = [{name: count} for name, counts in counted.items() for count in sorted(counts)]
        return ({}, *full, None) if counted else ({},)

    def _insides(self) -> tuple[float | None, ...]:
        timed = {door.passback_s for door in self.doors if door.passback is Passback.TIMED}
        if not timed and all(door.passback is not Passback.HARD for door in self.doors):
            return (None,)
        return (None, 0.0, *sorted(timed))


def _entry_reader(site: Site | None, door: DoorId) -> ReaderId | None:
    readers: Iterable[ReaderId] = (
        ()
        if site is None
        else (
            reader.id
            for reader in site.building.readers.values()
            if reader.door == door and reader.direction is Direction.ENTRY
        )
    )
    return next(iter(readers), None)


def _covers(rule: Rule, building: Building, door: DoorId) -> bool:
    covers = forbid_covers if rule.effect is RuleEffect.FORBID else rule_permit_covers
    return covers(rule, building, door)

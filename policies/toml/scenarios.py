"""scenarios.toml: people, single scenarios, matrices of expected decisions, and invariants."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

import msgspec

from policies.building import Building
from policies.decision import Effect, Reason
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    OrganisationId,
    PersonId,
    ReaderId,
    RuleId,
    ScheduleId,
    SpaceId,
    TierId,
)
from policies.policy import Policy
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, BadgeKind, Certification, Person, ResidentType, Roster
from policies.scenarios import ANYONE, Claim, Expected, Invariant, Scenarios, Trial, Who
from policies.schedule import Calendar, LocalTime
from policies.toml.tables import Document, Table, refuse_bad_ids, refuse_doubles, refuse_unknown
from policies.toml.times import in_reach

Proof = Literal["uid", "sun", "authenticated"]

_SIGNS = {"+": Effect.GRANT, "-": Effect.DENY, "?": Effect.PENDING}
_LEAST_ROWS = 2
_WORD = re.compile(r"\S+")
_NAMED = {
    "tiers": "tier",
    "doors": "door",
    "spaces": "space",
    "during": "schedule",
    "outside": "schedule",
    "except_tiers": "tier",
    "without": "certification",
}

_ThingT = TypeVar("_ThingT")
_ReadT = TypeVar("_ReadT")


class PersonForm(msgspec.Struct, frozen=True):
    """One `[[person]]` of the scenarios, with one badge."""

    id: PersonId
    type: ResidentType
    organisation: OrganisationId | None = None
    tiers: tuple[TierId, ...] = ()
    certifications: tuple[CertificationId, ...] = ()
    host: PersonId | None = None
    badge: BadgeKind = BadgeKind.DESFIRE


class TapForm(msgspec.Struct, frozen=True, rename={"company": "with"}):
    """How a tap is made: the badge's least proof, alone, in normal mode, where nothing is full, if not said."""

    assurance: Proof | None = None
    company: tuple[PersonId, ...] = ()
    mode: DoorMode = DoorMode.NORMAL
    counts: dict[SpaceId, int] = {}
    inside: bool = False
    pin: bool = True


class ScenarioForm(TapForm, frozen=True, kw_only=True, rename={"company": "with"}):
    """One `[[scenario]]`: a tap at `now`, local time, and what is expected."""

    id: str
    person: PersonId
    door: DoorId
    now: Any
    expect: Effect
    reason: Reason | None = None
    rules: tuple[RuleId, ...] | None = None
    next: Any = None
    way: Direction = Direction.ENTRY


class MatrixForm(TapForm, frozen=True, kw_only=True, rename={"company": "with"}):
    """One `[[matrix]]`: a line of doors, then a line a person, a sign a time: + granted, - refused, ? pending."""

    id: str
    times: tuple[Any, ...]
    table: str


class InvariantForm(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[always]]`, `[[never]]`, `[[never-alone]]` or `[[ways-out]]`; see `policies.scenarios.Invariant`."""

    id: str
    types: tuple[ResidentType, ...] = ()
    tiers: tuple[TierId, ...] = ()
    organisations: tuple[OrganisationId, ...] = ()
    except_types: tuple[ResidentType, ...] = ()
    except_tiers: tuple[TierId, ...] = ()
    doors: tuple[DoorId, ...] = ()
    spaces: tuple[SpaceId, ...] = ()
    modes: tuple[DoorMode, ...] = ()
    during: ScheduleId | None = None
    outside: ScheduleId | None = None
    without: tuple[CertificationId, ...] = ()
    assurance: Proof = "authenticated"


def read_scenarios(document: Document, building: Building, policy: Policy) -> Scenarios:
    """Read what can be read; every error is a finding of the document."""
    return _Reader(document, building, policy).read()


class _Reader:
    def __init__(self, document: Document, building: Building, policy: Policy) -> None:
        self.document, self.building, self.policy = document, building, policy
        self.people: dict[PersonId, PersonForm] = {}
        self.known: dict[str, set[str]] = {
            "tier": set(policy.tiers),
            "door": set(building.doors),
            "space": set(building.spaces),
            "schedule": set(policy.schedules),
            "certification": set(policy.certifications),
        }

    def read(self) -> Scenarios:
        tables = {
            name: self.document.tables(name)
            for name in ("person", "scenario", "matrix", *(claim.value for claim in Claim))
        }
        self.document.refuse_the_rest()
        invariants = [(claim, table) for claim in Claim for table in tables[claim.value]]
        refuse_bad_ids(tables["person"])
        refuse_bad_ids(tables["scenario"] + tables["matrix"] + [table for _, table in invariants])
        self.people = {form.id: form for form in _each(self._person, tables["person"])}
        self.known["person"] = set(self.people)
        trials = [*_each(self._scenario, tables["scenario"])]
        for table in tables["matrix"]:
            trials += self._matrix(table)
        return Scenarios(
            self.document.file,
            self._roster(),
            tuple(trials),
            tuple(_each(lambda pair: self._invariant(*pair), invariants)),
        )

    def _roster(self) -> Roster:
        people = [
            Person(
                form.id,
                form.type,
                form.organisation,
                form.tiers,
                tuple(map(Certification, form.certifications)),
                host=form.host,
            )
            for form in self.people.values()
        ]
        badges = [Badge(_badge(form.id), form.badge, form.id) for form in self.people.values()]
        return Roster.of(people, badges)

    def _refuse_unknown(self, table: Table, nouns: Mapping[str, str]) -> None:
        for key, noun in nouns.items():
            refuse_unknown(table, key, self.known[noun], noun)

    def _person(self, table: Table) -> PersonForm | None:
        self._refuse_unknown(table, {"tiers": "tier", "certifications": "certification"})
        refuse_doubles(table, ("tiers", "certifications"))
        return table.convert(PersonForm)

    def _scenario(self, table: Table) -> Trial | None:
        form = table.convert(ScenarioForm)
        self._refuse_unknown(table, {"person": "person", "with": "person", "door": "door"})
        self._check_counts(table)
        if form is None or form.person not in self.people or form.door not in self.building.doors:
            return None
        at = self._instant(form.now, table.faults("now"))
        due = None if form.next in (None, "never") else self._instant(form.next, table.faults("next"))
        reader = self._reader(form.door, form.way, table.faults("door"))
        if at is None or reader is None:
            return None
        expected = Expected(form.expect, form.reason, form.rules, due, form.next == "never")
        return Trial(form.id, table.line(), *self._tap(form, form.person, reader, at), expected)

    def _matrix(self, table: Table) -> list[Trial]:
        form = table.convert(MatrixForm)
        self._refuse_unknown(table, {"with": "person"})
        self._check_counts(table)
        if form is None:
            return []
        times = [
            self._instant(written, table.faults("times", number)) for number, written in enumerate(form.times)
        ]
        first = table.line("table") + (1 if "\n" in form.table else 0)
        rows = [
            (first + number, _WORD.findall(row))
            for number, row in enumerate(form.table.rstrip().split("\n"))
            if row.strip()
        ]
        if len(rows) < _LEAST_ROWS:
            table.fault(
                "table",
                "nothing is expected; expected a line of doors, and a line a person with a cell a door",
            )
            return []
        heading, doors = rows[0]
        readers = {
            door: self._reader(DoorId(door), Direction.ENTRY, self._fault_at(heading)) for door in doors
        }
        trials: list[Trial] = []
        for line, (person, *cells) in rows[1:]:
            fault = self._fault_at(line)
            if person not in self.people:
                fault(f"the person {person} does not exist; expected the id of a [[person]]")
            elif len(cells) != len(readers):
                fault(f"{person}: {len(cells)} cells; expected one a door, {len(readers)}")
            else:
                pairs = zip(readers.items(), cells, strict=True)
                trials += self._row(form, line, PersonId(person), pairs, times)
        return trials

    def _fault_at(self, line: int) -> Callable[[str], None]:
        return lambda message: self.document.fault(line, "table", message)

    def _row(
        self,
        form: MatrixForm,
        line: int,
        person: PersonId,
        cells: Iterable[tuple[tuple[str, ReaderId | None], str]],
        times: list[datetime | None],
    ) -> Iterable[Trial]:
        for (door, reader), signs in cells:
            if len(signs) != len(times) or set(signs) - set(_SIGNS):
                self._fault_at(line)(
                    f"{person}: {signs!r} at {door}; expected {len(times)} of + (granted), - (refused), ? (pending)"
                )
                continue
            for at, sign in zip(times, signs, strict=True):
                if reader is not None and at is not None:
                    local = self.policy.calendar.local(at)
                    name = f"{form.id}: {person} at {door}, {local.day} {local.minute // 60:02}:{local.minute % 60:02}"
                    yield Trial(name, line, *self._tap(form, person, reader, at), Expected(_SIGNS[sign]))

    def _tap(
        self, form: TapForm, person: PersonId, reader: ReaderId, at: datetime
    ) -> tuple[AccessRequest, LiveState]:
        door = self.building.readers[reader].door
        least = self.people[person].badge.least_proof
        proof = Assurance[form.assurance.upper()] if form.assurance else least
        modes = {} if form.mode is DoorMode.NORMAL else {door: form.mode}
        inner = self.building.doors[door].inner
        inside, since = ({person: inner}, {person: at}) if form.inside else ({}, {})
        return (
            AccessRequest(at, reader, _badge(person), proof, form.pin, form.company),
            LiveState(modes, form.counts, inside, since),
        )

    def _invariant(self, claim: Claim, table: Table) -> Invariant | None:
        form = table.convert(InvariantForm)
        self._refuse_unknown(table, _NAMED)
        if form is None:
            return None
        doors = tuple(
            door.id
            for door in self.building.doors.values()
            if door.id in form.doors
            or any(space in form.spaces for space in self.building.path_up(door.inner))
        )
        if (form.doors or form.spaces) and not doors:
            table.fault("spaces", "no door leads there; expected doors, or spaces with a door")
        who = Who(form.types, form.tiers, form.organisations, form.except_types, form.except_tiers)
        if claim is Claim.NEVER and who == ANYONE and not doors:
            table.fault("id", "it says that nobody enters anywhere; expected people, doors or spaces")
        return Invariant(
            form.id,
            table.line(),
            claim,
            who,
            doors,
            form.modes,
            form.during,
            form.outside,
            form.without,
            Assurance[form.assurance.upper()],
        )

    def _check_counts(self, table: Table) -> None:
        written = table.values.get("counts")
        for space in written if isinstance(written, dict) else ():
            if space not in self.building.spaces:
                table.fault("counts", f"the space {space} does not exist; expected the id of a space")

    def _reader(self, door: DoorId, way: Direction, fault: Callable[[str], None]) -> ReaderId | None:
        found = (
            reader.id
            for reader in self.building.readers.values()
            if reader.door == door and reader.direction is way
        )
        reader = next(found, None)
        if reader is None:
            what = f"has no {way.value} reader" if door in self.building.doors else "does not exist"
            fault(f"the door {door} {what}; expected a door with a reader for that way")
        return reader

    def _instant(self, written: object, fault: Callable[[str], None]) -> datetime | None:
        """Return the instant that a local time without an offset means: the earlier one where it comes twice."""
        if not isinstance(written, datetime) or written.tzinfo is not None:
            fault(
                f"{written!s} is no local time; expected one such as 2026-09-15T10:00:00, without an offset"
            )
            return None
        if in_reach(written, fault) is None:
            return None
        at = instant_of(self.policy.calendar, written)
        if at is None:
            fault(f"{written.isoformat()} does not exist on that day, when the clocks go forward")
        return at


def instant_of(calendar: Calendar, wall: datetime) -> datetime | None:
    """Return the first instant at which the wall shows the time `wall`; None if it never does."""
    for offset in sorted(set(calendar.offsets), reverse=True):
        at = wall.replace(tzinfo=UTC) - timedelta(seconds=offset)
        if calendar.local(at) == LocalTime(wall.date(), wall.hour * 60 + wall.minute):
            return at
    return None


def _badge(person: PersonId) -> BadgeId:
    return BadgeId(f"badge-{person}")


def _each(read: Callable[[_ThingT], _ReadT | None], things: Iterable[_ThingT]) -> list[_ReadT]:
    return [found for found in map(read, things) if found is not None]

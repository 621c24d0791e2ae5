"""scenarios.toml: people, what is expected of their taps (trials.py), and invariants."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from policies.building import Building
from policies.ids import PersonId
from policies.policy import Policy
from policies.request import Assurance
from policies.roster import Badge, Certification, Person, Roster
from policies.scenarios import ANYONE, Claim, Invariant, Scenarios, Who
from policies.toml.scenario_forms import InvariantForm, PersonForm
from policies.toml.tables import Document, Table, refuse_bad_ids, refuse_doubles, refuse_unknown
from policies.toml.trials import TrialReader, badge_of

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
        read = TrialReader(self.document, self.building, self.policy, self.people)
        trials = [*_each(read.scenario, tables["scenario"])]
        for table in tables["matrix"]:
            trials += read.matrix(table)
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
        badges = [Badge(badge_of(form.id), form.badge, form.id) for form in self.people.values()]
        return Roster.of(people, badges)

    def _refuse_unknown(self, table: Table, nouns: Mapping[str, str]) -> None:
        for key, noun in nouns.items():
            refuse_unknown(table, key, self.known[noun], noun)

    def _person(self, table: Table) -> PersonForm | None:
        self._refuse_unknown(table, {"tiers": "tier", "certifications": "certification"})
        refuse_doubles(table, ("tiers", "certifications"))
        return table.convert(PersonForm)

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


def _each(read: Callable[[_ThingT], _ReadT | None], things: Iterable[_ThingT]) -> list[_ReadT]:
    return [found for found in map(read, things) if found is not None]

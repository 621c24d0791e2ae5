"""Single scenarios and matrices of scenarios.toml: the taps to decide, each with what is expected of it."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from policies.building import Building
from policies.decision import Effect
from policies.ids import BadgeId, DoorId, PersonId, ReaderId
from policies.policy import Policy
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.scenarios import Expected, Trial
from policies.schedule import Calendar, LocalTime
from policies.toml.scenario_forms import MatrixForm, PersonForm, ScenarioForm, TapForm
from policies.toml.tables import Document, Table, refuse_unknown
from policies.toml.times import in_reach

_SIGNS = {"+": Effect.GRANT, "-": Effect.DENY, "?": Effect.PENDING}
_LEAST_ROWS = 2
_WORD = re.compile(r"\S+")


class TrialReader:
    """Reads taps of the people of a file; every error is a finding of the document."""

    def __init__(
        self, document: Document, building: Building, policy: Policy, people: Mapping[PersonId, PersonForm]
    ) -> None:
        self._document, self._building, self._policy, self._people = document, building, policy, people

    def scenario(self, table: Table) -> Trial | None:
        """Read one `[[scenario]]`; None if anything is wrong with it."""
        form = table.convert(ScenarioForm)
        refuse_unknown(table, "person", {*self._people}, "person")
        refuse_unknown(table, "door", {*self._building.doors}, "door")
        self._check_company(table)
        self._check_counts(table)
        if form is None or form.person not in self._people or form.door not in self._building.doors:
            return None
        at = self._instant(form.now, table.faults("now"))
        due = None if form.next in (None, "never") else self._instant(form.next, table.faults("next"))
        reader = self._reader(form.door, form.way, table.faults("door"))
        if at is None or reader is None:
            return None
        expected = Expected(form.expect, form.reason, form.rules, due, form.next == "never")
        return Trial(form.id, table.line(), *self._tap(form, form.person, reader, at), expected)

    def matrix(self, table: Table) -> list[Trial]:
        """Read one `[[matrix]]`, as far as it can be read."""
        form = table.convert(MatrixForm)
        self._check_company(table)
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
            if person not in self._people:
                fault(f"the person {person} does not exist; expected the id of a [[person]]")
            elif len(cells) != len(readers):
                fault(f"{person}: {len(cells)} cells; expected one a door, {len(readers)}")
            else:
                pairs = zip(readers.items(), cells, strict=True)
                trials += self._row(form, line, PersonId(person), pairs, times)
        return trials

    def _fault_at(self, line: int) -> Callable[[str], None]:
        return lambda message: self._document.fault(line, "table", message)

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
                    local = self._policy.calendar.local(at)
                    name = f"{form.id}: {person} at {door}, {local.day} {local.minute // 60:02}:{local.minute % 60:02}"
                    yield Trial(name, line, *self._tap(form, person, reader, at), Expected(_SIGNS[sign]))

    def _tap(
        self, form: TapForm, person: PersonId, reader: ReaderId, at: datetime
    ) -> tuple[AccessRequest, LiveState]:
        door = self._building.readers[reader].door
        least = self._people[person].badge.least_proof
        proof = Assurance[form.assurance.upper()] if form.assurance else least
        modes = {} if form.mode is DoorMode.NORMAL else {door: form.mode}
        inner = self._building.doors[door].inner
        inside, since = ({person: inner}, {person: at}) if form.inside else ({}, {})
        return (
            AccessRequest(at, reader, badge_of(person), proof, form.pin, form.company),
            LiveState(modes, form.counts, inside, since),
        )

    def _check_company(self, table: Table) -> None:
        refuse_unknown(table, "with", {*self._people}, "person")

    def _check_counts(self, table: Table) -> None:
        written = table.values.get("counts")
        for space in written if isinstance(written, dict) else ():
            if space not in self._building.spaces:
                table.fault("counts", f"the space {space} does not exist; expected the id of a space")

    def _reader(self, door: DoorId, way: Direction, fault: Callable[[str], None]) -> ReaderId | None:
        found = (
            reader.id
            for reader in self._building.readers.values()
            if reader.door == door and reader.direction is way
        )
        reader = next(found, None)
        if reader is None:
            what = f"has no {way.value} reader" if door in self._building.doors else "does not exist"
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
        at = instant_of(self._policy.calendar, written)
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


def badge_of(person: PersonId) -> BadgeId:
    """Return the one badge that a person of the scenarios has."""
    return BadgeId(f"badge-{person}")

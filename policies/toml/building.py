"""building.toml: `[site]`, `[[use]]`, `[[space]]` and `[[door]]` with its readers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

import msgspec

from policies.building import Building, Door, Passback, Reader, Space, SpaceKind
from policies.errors import BuildingError
from policies.ids import DoorId, ReaderId, SiteId, SpaceId, UseId
from policies.request import Assurance, Direction, DoorMode
from policies.toml.tables import Document, Table, check_id, refuse_bad_ids, refuse_unknown
from policies.toml.words import meant
from policies.ways import only_by_release, unreachable, without_way_out


class SiteForm(msgspec.Struct, frozen=True):
    """The `[site]`."""

    id: SiteId


class UseForm(msgspec.Struct, frozen=True):
    """One `[[use]]`, what rooms are for."""

    id: UseId


_PartT = TypeVar("_PartT", Space, Door)
_Proof = Literal["none", "uid", "sun", "authenticated"]


class DoorForm(Door, frozen=True):
    """One `[[door]]`, with the readers on its sides."""

    proof: _Proof = "none"  # type: ignore[assignment]  # a word in the file, a rank in the building
    entry_reader: ReaderId | None = None
    exit_reader: ReaderId | None = None


_DOOR_FIELDS = Door.__struct_fields__
_TIMES = (
    "strike_time_s", "extended_strike_time_s", "held_after_s", "two_person_s", "passback_s", "pre_alert_s",
)  # fmt: skip  # a table
_REFUSING = frozenset({Passback.HARD, Passback.TIMED})
_MOST_PEOPLE = 1_000_000
_LONGEST_S = 7 * 24 * 60 * 60
"""A week: no door waits longer, and every clock and date can still be reckoned with."""
_READERS = (("entry_reader", Direction.ENTRY), ("exit_reader", Direction.EXIT))


def read_building(document: Document, schedules: set[str] | None) -> Building | None:
    """Return the building, or None if anything is wrong with it. `schedules` are the ids that doors may name."""
    site_table, uses = document.table("site"), document.tables("use")
    spaces, doors = document.tables("space"), document.tables("door")
    document.refuse_the_rest()
    for tables in (uses, spaces, doors):
        refuse_bad_ids(tables)
    for table in uses:
        table.convert(UseForm)
    for table in spaces:
        refuse_unknown(table, "use", {use.id for use in uses}, "use")
    for table in doors:
        refuse_unknown(table, "card_pin", schedules, "schedule")
    site = site_table.convert(SiteForm) if site_table else None
    if site_table:
        check_id(site_table, "id")
    read_spaces = [table.convert(Space) for table in spaces]
    read_doors = [table.convert(DoorForm) for table in doors]
    _check_spaces(spaces, read_spaces)
    _check_doors(doors, read_doors, spaces)
    for table, door in zip(doors, read_doors, strict=True):
        if door is not None:
            _check_modes(table, door, schedules)
    _check_ways(spaces, doors)
    if site is None or None in read_spaces or None in read_doors:
        return None
    forms = [door for door in read_doors if door is not None]
    try:
        return Building.of(
            site.id,
            filter(None, read_spaces),
            map(_door, forms),
            [each for door in forms for each in _readers(door)],
        )
    except BuildingError:
        return None  # reported above, with its line


def _door(form: DoorForm) -> Door:
    door = Door(*(getattr(form, name) for name in _DOOR_FIELDS))
    return msgspec.structs.replace(door, proof=Assurance[str(form.proof).upper()])


def _readers(form: DoorForm) -> Iterable[Reader]:
    for key, direction in _READERS:
        reader: ReaderId | None = getattr(form, key)
        if reader is not None:
            yield Reader(reader, form.id, direction)


def _check_spaces(tables: list[Table], spaces: list[Space | None]) -> None:
    parents = {table.id: table.values.get("parent") for table in tables}
    for table, space in zip(tables, spaces, strict=True):
        parent = parents[table.id]
        if not isinstance(parent, str):
            pass  # none, or no name at all, which its conversion has reported
        elif parent not in parents:
            missing = f"the space {parent} does not exist; expected the id of a space"
            table.fault("parent", missing + meant(parent, parents))
        elif table.id in _above(parents, table.id):
            table.fault("parent", f"it lies inside itself, by way of {parent}")
        if space is not None:
            _check_space(table, space)


def _above(parents: Mapping[str, object], space: str) -> set[str]:
    seen: set[str] = set()
    step = parents.get(space)
    while isinstance(step, str) and step not in seen:
        seen.add(step)
        step = parents.get(step)
    return seen


def _check_space(table: Table, space: Space) -> None:
    if space.kind is SpaceKind.OUTSIDE and space.parent is not None:
        table.fault("parent", "the outside lies in nothing; expected no parent")
    if space.capacity is not None and not 0 <= space.capacity <= _MOST_PEOPLE:
        table.fault("capacity", f"{space.capacity} people; expected 0 or more, up to {_MOST_PEOPLE}")
    if space.enforced and space.capacity is None:
        table.fault("enforced", "there is nothing to enforce; expected a capacity beside it")
    if space.plan is not None and not (space.plan.width > 0 and space.plan.depth > 0):
        table.fault("plan", "expected a width and a depth above 0 metres")


def _check_ways(tables: list[Table], doors: list[Table]) -> None:
    """Report spaces without a way in or out, whatever else is wrong with the building, if ways can be told at all."""
    try:
        building = Building.of(
            SiteId(""),
            [_part(each, Space) for each in tables],
            [_part(each, Door) for each in doors],
            _exits(doors),
        )
    except (msgspec.ValidationError, BuildingError):
        return  # reported, with its line
    for spaces, problem in (
        (unreachable(building), "no door leads there from outside; expected a chain of doors"),
        (
            without_way_out(building),
            "one leaves it by readers alone; expected a handle, button or release",
        ),
        (
            only_by_release(building),
            "one leaves it only once a fire has released its doors; expected an exit_button or an exit_reader",
        ),
    ):
        for table in tables:
            if table.id in spaces:
                table.fault("id", problem)


def _exits(doors: list[Table]) -> Iterable[Reader]:
    """Yield a reader for each door that has one on its way out, whatever it is called."""
    for number, table in enumerate(doors):
        if "exit_reader" in table.values:
            yield Reader(ReaderId(str(number)), DoorId(table.id), Direction.EXIT)


_WAYS = ("id", "kind", "parent", "outer", "inner", "exit_button", "release_input")
"""What of spaces and doors says which ways there are."""


def _part(table: Table, kind: type[_PartT]) -> _PartT:
    """Read only what says which ways there are; raise `ValidationError` for what does not."""
    written = {key: value for key, value in table.values.items() if key in _WAYS}
    return msgspec.convert({"name": {"fr": "", "en": ""}} | written, kind)


def _check_modes(table: Table, door: DoorForm, schedules: set[str] | None) -> None:
    for number, scheduled in enumerate(door.modes):
        fault = table.faults("modes", number)
        if schedules is not None and scheduled.schedule not in schedules:
            fault(f"the schedule {scheduled.schedule} does not exist; expected the id of a schedule")
        if scheduled.mode is DoorMode.LOCKDOWN:
            fault("a lockdown has its own release and comes by no schedule; expected normal, free or locked")
        if not door.may_be(scheduled.mode):
            fault(
                f"a free door cannot wait for the others of interlock {door.interlock}; expected normal or locked"
            )
        if scheduled.first_person_in and scheduled.mode is not DoorMode.FREE:
            fault(f"{scheduled.mode.value} does not wait for the first person; expected free")


def _check_doors(tables: list[Table], doors: list[DoorForm | None], spaces: list[Table]) -> None:
    known = {table.id: table for table in spaces}
    inhabited_above = {str(table.values.get("parent", "")) for table in spaces}
    taken: dict[str, str] = {}
    for table, door in zip(tables, doors, strict=True):
        for side in ("outer", "inner"):
            space = table.values.get(side)
            if isinstance(space, str) and space not in known:
                missing = f"the space {space} does not exist; expected the id of a space"
                table.fault(side, missing + meant(space, known))
            elif isinstance(space, str) and space in inhabited_above:
                table.fault(side, f"the space {space} has spaces inside it; expected one of those")
        if door is not None:
            _check_door(table, door, taken)
    _check_together([(table, door) for table, door in zip(tables, doors, strict=True) if door is not None])


def _check_together(read: list[tuple[Table, DoorForm]]) -> None:
    """Report what is wrong with a door beside others: those of its space, its interlock and its release line."""
    doors = [door for _, door in read]
    heard = {door.release for door in doors if door.release_input}
    groups = Counter(door.interlock for door in doors)
    for table, door in read:
        if door.passback is Passback.HARD:
            _check_hard_passback(table, door, doors)
        if door.interlock is not None:
            _check_interlock(table, door, groups[door.interlock])
        if door.release is not None and door.release not in heard:
            table.fault(
                "release", f"no door of the line {door.release} has a release_input; expected one at least"
            )


def _check_door(table: Table, door: DoorForm, taken: dict[str, str]) -> None:
    if door.outer == door.inner:
        table.fault("inner", f"both sides are {door.inner}; expected two different spaces")
    for key in _TIMES:
        seconds: float = getattr(door, key)
        if not 0 < seconds <= _LONGEST_S:
            table.fault(key, f"{seconds} seconds; expected more than 0, up to {_LONGEST_S} (a week)")
    if door.passback_alone and door.passback not in _REFUSING:
        table.fault(
            "passback_alone", f"{door.passback.value} refuses nobody; expected hard or timed beside it"
        )
    if door.extended_strike_time_s < door.strike_time_s:
        table.fault(
            "extended_strike_time_s", f"expected at least the strike time, {door.strike_time_s} seconds"
        )
    for key, _ in _READERS:
        reader: ReaderId | None = getattr(door, key)
        if reader is None:
            continue
        check_id(table, key)
        if reader in taken:
            table.fault(
                key, f"the reader {reader} is already at door {taken[reader]}; expected one of its own"
            )
        taken[reader] = door.id


def _check_interlock(table: Table, door: DoorForm, doors: int) -> None:
    """Refuse an interlock of one door, and one of whose doors nobody would know whether it is open."""
    if doors == 1:
        table.fault("interlock", f"no other door is of interlock {door.interlock}; expected two or more")
    if not door.contact:
        table.fault(
            "contact",
            f"nothing tells whether a door of interlock {door.interlock} is open; expected contact = true",
        )


def _check_hard_passback(table: Table, door: DoorForm, doors: list[DoorForm]) -> None:
    """Refuse hard anti-passback where one can leave without a badge: the next entry would be refused for nothing."""
    way_out = next((other.id for other in doors if _leads_out_unread(other, door.inner)), None)
    if way_out is not None:
        table.fault(
            "passback",
            f"hard, but one leaves {door.inner} by door {way_out} without a badge; expected soft, or a reader for "
            "leaving and no exit_button at every door of the space",
        )


def _leads_out_unread(door: DoorForm, space: SpaceId) -> bool:
    if door.inner == space:
        return door.exit_reader is None or door.exit_button
    return door.outer == space and door.entry_reader is None

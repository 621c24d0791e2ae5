"""Two sites compared: who gains a door and who loses one, where and when, each with a tap that shows it.

Exact over the request space of both (taps/space.py). Who holds more than others that gain or lose alike is not told
again. Taps inwards only: who leaves is always let out.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from policies.analysis.changes.doorways import Doorway, Turn, Turning
from policies.analysis.taps.flips import Outcome, Tap, outcome, told
from policies.analysis.taps.moments import Moment
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import Group
from policies.building import Door, ScheduledMode
from policies.ids import DoorId, ScheduleId
from policies.request import DoorMode
from policies.roster import ResidentType


class Difference(msgspec.Struct, frozen=True):
    """Everybody of the groups, at the doors in the modes, at the `quarters` of the space's clock; one tap shows it.

    Whoever holds more tiers than a group says may turn with it.
    """

    turn: Turn
    modes: tuple[DoorMode, ...]
    doors: tuple[DoorId, ...]
    groups: tuple[Group, ...]
    quarters: int
    tap: Tap
    old: Outcome
    new: Outcome


class Timetable(msgspec.Struct, frozen=True):
    """Doors that by their schedules are in another mode than before at the `quarters` of the space's clock."""

    doors: tuple[DoorId, ...]
    old: ScheduledMode | None
    new: ScheduledMode | None
    quarters: int


def timetables(space: Space) -> tuple[Timetable, ...]:
    """Return where the doors that both sites have are in another mode by schedule; None stands for the normal one."""
    before, after = (site.building.doors for site in space.sites)
    found: dict[object, Timetable] = {}
    for name in (each for each in before if each in after):
        turned: dict[tuple[ScheduledMode | None, ScheduledMode | None], int] = {}
        for moment in space.world.clock.moments:
            old, new = (
                _mode(space, side, door, moment) for side, door in enumerate((before[name], after[name]))
            )
            if old != new:
                turned[old, new] = turned.get((old, new), 0) | moment.quarters
        for (old, new), quarters in turned.items():
            known = found.get((old, new, quarters), Timetable((), old, new, quarters))
            found[old, new, quarters] = msgspec.structs.replace(known, doors=(*known.doors, name))
    return tuple(found.values())


def _mode(space: Space, side: int, door: Door, moment: Moment) -> ScheduledMode | None:
    """Return the door's mode by schedule at the moment, whatever the schedule is called."""
    columns = ((each, space.world.clock.column(side, each.schedule)) for each in door.modes)
    now = (each for each, column in columns if column is not None and moment.open >> column & 1)
    mode = next(now, None)
    return None if mode is None else msgspec.structs.replace(mode, schedule=ScheduleId(""))


def diff(space: Space) -> tuple[Difference, ...]:
    """Return what the second site of `space` decides otherwise than the first: losses first, in normal mode first."""
    found = [each for entrance in space.entrances() for each in _told(space, Doorway(space, entrance))]
    by_doors = _merged(found, lambda each: each.modes, lambda one, two: {"doors": (*one.doors, *two.doors)})
    whole = _merged(by_doors, lambda each: each.doors, lambda one, two: {"modes": (*one.modes, *two.modes)})
    modes, turns = list(DoorMode), list(Turn)
    return tuple(sorted(whole, key=lambda each: (modes.index(each.modes[0]), turns.index(each.turn))))


def _merged(
    found: Iterable[Difference],
    apart: Callable[[Difference], object],
    both: Callable[[Difference, Difference], dict[str, Any]],
) -> list[Difference]:
    """Return the differences, those made one that are not `apart` and have the same people, times and effects."""
    known: dict[object, Difference] = {}
    for each in found:
        key = apart(each), each.turn, each.groups, each.quarters, each.old.effect, each.new.effect
        one = known.get(key)
        known[key] = msgspec.structs.replace(one, **both(one, each)) if one else each
    return list(known.values())


def _plainest(turned: Iterable[Turning]) -> Iterator[tuple[Turning, Group, int]]:
    """Yield each group with the quarters in which it turns and no plainer one does, the plainest first."""
    known: dict[object, list[tuple[Group, int]]] = {}
    every = ((each, group) for each in turned for group in each.kind.groups)
    for each, group in sorted(every, key=lambda pair: len(pair[1].tiers[0])):
        told = known.setdefault((each.turn, each.mode), [])
        left = each.quarters
        for plainer, quarters in told:
            if quarters & left and _includes(plainer, group):
                left &= ~quarters
        if left:
            told.append((group, left))
            yield each, group, left


def _includes(plainer: Group, group: Group) -> bool:
    """Return whether everybody of `group` is of `plainer`, or holds more tiers than somebody who is."""
    return (
        set(group.types) <= set(plainer.types)
        and set(group.organisations) <= set(plainer.organisations)
        and all(any(set(fewer) <= set(tiers) for fewer in plainer.tiers) for tiers in group.tiers)
    )


def _told(space: Space, doorway: Doorway) -> Iterator[Difference]:
    """Yield who turns at one door, those together that turn alike and at the same times."""
    entrance = doorway.entrance
    alike: dict[object, tuple[Turning, list[Group]]] = {}
    for each, group, quarters in _plainest(doorway.turned()):
        key = each.turn, each.mode, quarters, each.example.old, each.example.new
        alike.setdefault(key, (each._replace(quarters=quarters), []))[1].append(group)
    roster = space.roster()
    for each, groups in alike.values():
        moment = msgspec.structs.replace(
            each.example.case.moment, at=space.world.clock.witness(each.quarters)
        )
        case = msgspec.structs.replace(each.example.case, moment=moment)
        side = 0 if entrance.readers[0] else 1
        yield Difference(
            each.turn,
            (each.mode,),
            (entrance.door,),
            _joined(groups),
            each.quarters,
            told(entrance, case, entrance.tap(case, side)[0], roster),
            *map(outcome, doorway.decisions(case)),
        )


def _joined(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return the groups as few: types with the same organisations and tiers together, and so on."""
    types: dict[object, Group] = {}
    whole: dict[object, Group] = {}
    for each in groups:
        key: object = each.organisations, each.tiers
        known = types.get(key, msgspec.structs.replace(each, types=()))
        both = {*known.types, *each.types}
        types[key] = msgspec.structs.replace(known, types=tuple(one for one in ResidentType if one in both))
    for each in types.values():
        key = each.types, each.tiers
        known = whole.get(key, msgspec.structs.replace(each, organisations=()))
        both_of = sorted({*known.organisations, *each.organisations}, key=lambda one: one or "")
        whole[key] = msgspec.structs.replace(known, organisations=tuple(both_of))
    tiers: dict[object, Group] = {}
    for each in whole.values():
        key = each.types, each.organisations
        known = tiers.get(key, msgspec.structs.replace(each, tiers=()))
        tiers[key] = msgspec.structs.replace(known, tiers=tuple(dict.fromkeys((*known.tiers, *each.tiers))))
    return tuple(tiers.values())

"""What differs between two sites in words, French and English: who gains or loses which doors, and when."""

from collections.abc import Iterator, Sequence

from policies.analysis.changes.diff import Difference, Timetable
from policies.analysis.changes.doorways import Turn
from policies.analysis.changes.week import DaysAlike, Stretch, Week, only_day, usual_week
from policies.analysis.phrases import (
    AND,
    COMMA,
    EFFECTS,
    MODES,
    NOTHING,
    WEEKDAYS,
    glued,
    joined,
    organisations_told,
    plain,
    tap_told,
    tiers_told,
    types_told,
)
from policies.analysis.taps.flips import Outcome
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import Group
from policies.building import ScheduledMode
from policies.decision import Effect, Message
from policies.ids import DoorId
from policies.request import DoorMode
from policies.schedule import Weekday

SAME = Message("rien ne change pour personne", "nothing changes for anybody")

_MOST_NAMED = 4
"""Groups and doors in one sentence; more are counted."""

_BAR = plain(" | ")
_WEEK = len(Weekday)
_WHOLE_DAY = (Stretch("00:00", "24:00"),)
_TURNS = {
    Turn.GAINS: Message("+ peuvent entrer : ", "+ may enter: "),
    Turn.LOSES: Message("− ne peuvent plus entrer : ", "- may no longer enter: "),
}


def difference_told(difference: Difference, space: Space) -> Message:
    """Return two lines: who turns where and when, and a tap that shows it."""
    who = _counted([_group(each) for each in difference.groups], plain("; "))
    parts = (
        who,
        _doors(difference.doors, space),
        _modes(difference.modes),
        when_told(difference.quarters, space),
    )
    old, new = (_outcome(each) for each in (difference.old, difference.new))
    side = space.sites[1] if difference.tap.door in space.sites[1].building.doors else space.sites[0]
    tap = tap_told(difference.tap, side.building, side.policy.calendar)
    example = glued(Message("\n    par exemple ", "\n    such as "), tap, plain(": "), old, plain(" → "), new)
    return glued(_TURNS[difference.turn], joined(parts, _BAR), example)


def timetable_told(timetable: Timetable, space: Space) -> Message:
    """Return the doors that change their mode by schedule, and when."""
    change = glued(_scheduled(timetable.old), plain(" → "), _scheduled(timetable.new))
    parts = (_doors(timetable.doors, space), change, when_told(timetable.quarters, space))
    return glued(plain("~ "), joined(parts, _BAR))


def when_told(quarters: int, space: Space) -> Message:
    """Return when, as a usual week on the wall of the second site's building."""
    clock, calendar = space.world.clock, space.sites[1].policy.calendar
    week = usual_week(clock, calendar, quarters)
    if not week.usual and (once := only_day(clock, calendar, quarters)):
        return Message(f"une fois, le {once}", f"once, on {once}")
    usual = joined(_days(each) for each in week.usual)
    return joined((usual, _others(week)), plain(" "))


def _others(week: Week) -> Message:
    if not week.usual:
        days = week.other_days
        if not days:
            return Message(
                f"pas dans l’année qui vient, mais comme le {week.first}",
                f"not in the year ahead, but as on {week.first}",
            )
        return Message(
            f"{days} jour{'s' if days > 1 else ''} par an, dès le {week.first}",
            f"{days} day{'s' if days > 1 else ''} a year, from {week.first} on",
        )
    if not week.other_days:
        return NOTHING
    days = week.other_days
    return Message(
        f"(autrement {days} jour{'s' if days > 1 else ''} par an, comme les jours fériés)",
        f"(otherwise on {days} day{'s' if days > 1 else ''} a year, such as holidays)",
    )


def _days(alike: DaysAlike) -> Message:
    hours = plain(" ".join(f"{each.since}–{each.until}" for each in alike.hours))
    if len(alike.days) == _WEEK:
        is_always = alike.hours == _WHOLE_DAY
        return (
            Message("à toute heure", "at any hour")
            if is_always
            else glued(Message("chaque jour ", "daily "), hours)
        )
    return glued(joined(_runs(alike.days), AND), plain(" "), hours)


def _runs(names: Sequence[str]) -> Iterator[Message]:
    """Yield weekdays, three and more in a row as from the first to the last."""
    days = [Weekday[name.upper()] for name in names]
    while days:
        run = [day for place, day in enumerate(days) if day == days[0] + place]
        if run[2:]:  # two days are named, more are a range
            yield joined((WEEKDAYS[run[0]], WEEKDAYS[run[-1]]), Message(" à ", " to "))
        else:
            yield from (WEEKDAYS[day] for day in run)
        days = days[len(run) :]


def _group(group: Group) -> Message:
    parts = types_told(group.types), organisations_told(group.organisations), tiers_told(group.tiers)
    return joined(parts)


def _doors(doors: Sequence[DoorId], space: Space) -> Message:
    names = []
    for door in doors:
        known = space.sites[1].building.doors.get(door) or space.sites[0].building.doors[door]
        names.append(Message(known.name.fr, known.name.en))
    return _counted(names)


def _counted(names: Sequence[Message], by: Message = COMMA) -> Message:
    more = len(names) - _MOST_NAMED
    rest = Message(f" et {more} de plus", f" and {more} more") if more > 0 else NOTHING
    return glued(joined(names[:_MOST_NAMED], by), rest)


def _modes(modes: Sequence[DoorMode]) -> Message:
    """Return the modes; the normal one goes without saying."""
    if DoorMode.NORMAL not in modes:
        return joined((MODES[mode] for mode in modes), AND)
    also = Message("aussi en confinement", "in lockdown as well")
    return also if DoorMode.LOCKDOWN in modes else NOTHING


def _scheduled(mode: ScheduledMode | None) -> Message:
    if mode is None:
        return MODES[DoorMode.NORMAL]
    waits = (
        Message(" dès la première personne", " from the first person on") if mode.first_person_in else NOTHING
    )
    return glued(MODES[mode.mode], waits)


def _outcome(outcome: Outcome) -> Message:
    why = ", ".join(outcome.rules) if outcome.effect is Effect.GRANT else outcome.reason.value
    return glued(EFFECTS[outcome.effect], plain(f" ({why})") if why else NOTHING)

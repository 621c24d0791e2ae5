"""Wrong times: windows moved by a quarter-hour, on a day too few or too many, flags flipped, dates and days lost."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from policies.ids import DaysId, ScheduleId
from policies.loader import Site
from policies.schedule import (
    GRID_MINUTES,
    MINUTES_PER_DAY,
    Calendar,
    Closure,
    Schedule,
    SpecialDays,
    Weekday,
    Window,
)
from tests.policies.mutants.sites import Mutant, less_one, with_policy, with_schedule

_QUARTER, _DAY = timedelta(minutes=GRID_MINUTES), timedelta(days=1)
_STEPS = (-GRID_MINUTES, GRID_MINUTES)
_ALSACE_ONLY = ((4, 3), (12, 26))
"""Good Friday of 2026 and 26 December: what the subdivision `GES` silently loses."""


def wrong_times(site: Site) -> Iterator[Mutant]:
    """Yield every mutant of every schedule that a rule names, and of the calendar."""
    named = dict.fromkeys(rule.schedule for rule in site.policy.rules if rule.schedule is not None)
    for name in named:
        for what, changes in (
            *_windows(site.policy.schedules[name]),
            *_flags(site.policy.schedules[name]),
            *_dates(site.policy.schedules[name]),
        ):
            yield Mutant(f"{name}: {what}", with_schedule(site, ScheduleId(name), **changes))
    for what, calendar in _calendars(site.policy.calendar):
        yield Mutant(f"calendar: {what}", with_policy(site, calendar=calendar))


def _windows(schedule: Schedule) -> Iterator[tuple[str, dict[str, object]]]:
    windows = schedule.windows
    for number, window in enumerate(windows):
        before, after = windows[:number], windows[number + 1 :]
        for what, changed in _moved(window):
            yield f"window {number + 1} {what}", {"windows": (*before, changed, *after)}
        for what, changed in _on_other_days(window):
            yield f"window {number + 1} {what}", {"windows": (*before, changed, *after)}
        yield f"window {number + 1} dropped", {"windows": (*before, *after)}


def _moved(window: Window) -> Iterator[tuple[str, Window]]:
    for step in _STEPS:
        start, end = window.start + step, window.end + step
        if 0 <= start < MINUTES_PER_DAY:
            yield f"begins {step:+} min", msgspec.structs.replace(window, start=start)
        if 0 < end <= MINUTES_PER_DAY:
            yield f"ends {step:+} min", msgspec.structs.replace(window, end=end)


def _on_other_days(window: Window) -> Iterator[tuple[str, Window]]:
    for day, others in less_one(window.days):
        yield f"not on {day.name}", msgspec.structs.replace(window, days=others)
    for day in Weekday:
        if day not in window.days:
            yield f"on {day.name} too", msgspec.structs.replace(window, days=(*window.days, day))


def _flags(schedule: Schedule) -> Iterator[tuple[str, dict[str, object]]]:
    for flag in ("on_holidays", "on_closures"):
        yield f"{flag} flipped", {flag: not getattr(schedule, flag)}


def _dates(schedule: Schedule) -> Iterator[tuple[str, dict[str, object]]]:
    if schedule.closed_on:
        yield "closed_on dropped", {"closed_on": ()}
    for limit in ("begins", "ends"):
        if date := getattr(schedule, limit):
            yield f"{limit} dropped", {limit: None}
            for step in (-_DAY, _DAY):
                yield f"{limit} {step.days:+} day", {limit: date + step}
    if schedule.exceptions:
        yield "exceptions dropped", {"exceptions": ()}
        yield "exceptions shut", {"exceptions": tuple(_shut(each) for each in schedule.exceptions)}
    for number, special in enumerate(schedule.exceptions):
        for window in special.windows:
            for what, changed in _moved(window):
                others = list(schedule.exceptions)
                others[number] = msgspec.structs.replace(special, windows=(changed,))
                yield f"exception {what}", {"exceptions": tuple(others)}


def _shut(special: SpecialDays) -> SpecialDays:
    return msgspec.structs.replace(special, windows=())


def _calendars(calendar: Calendar) -> Iterator[tuple[str, Calendar]]:
    yield "no holidays", msgspec.structs.replace(calendar, holidays=())
    for lost in _ALSACE_ONLY:
        kept = tuple(day for day in calendar.holidays if (day.month, day.day) != lost)
        yield f"{lost} no holiday", msgspec.structs.replace(calendar, holidays=kept)
    yield (
        "winter all year",
        msgspec.structs.replace(calendar, offsets=(min(calendar.offsets),) * len(calendar.offsets)),
    )
    for name, days in calendar.days.items():
        yield f"{name} a day late", _with_days(calendar, name, tuple(day + _DAY for day in days))
    for closure in calendar.closures:
        yield f"{closure.id} dropped", _with_closures(calendar, closure)
        for limit in ("begins", "ends"):
            for step in (-_QUARTER, _QUARTER):
                moved = msgspec.structs.replace(closure, **{limit: getattr(closure, limit) + step})
                yield (
                    f"{closure.id} {limit} {step // timedelta(minutes=1):+} min",
                    _with_closures(calendar, closure, moved),
                )


def _with_days(calendar: Calendar, name: DaysId, days: tuple[object, ...]) -> Calendar:
    return msgspec.structs.replace(calendar, days=calendar.days | {name: days})


def _with_closures(calendar: Calendar, closure: Closure, *changed: Closure) -> Calendar:
    closures = tuple(new for old in calendar.closures for new in (changed if old is closure else (old,)))
    return msgspec.structs.replace(calendar, closures=closures)

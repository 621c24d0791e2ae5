"""calendar.toml: `[[schedule]]`, windows of a week with its dates, exceptions, holidays and closures."""

from collections.abc import Iterable
from datetime import date

import msgspec

from policies.ids import DaysId, ScheduleId
from policies.schedule import MINUTES_PER_DAY, Schedule, SpecialDays, Weekday, Window
from policies.toml.tables import Table, refuse_unknown
from policies.toml.times import Clock, Day, Fault, day_of, minutes_of, weekdays_of

_FROM_UNTIL = {"start": "from", "end": "until"}
_DAY = tuple(Weekday)


class WindowForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=_FROM_UNTIL):
    """`{ days = ["mon-fri"], from = 08:00:00, until = 18:00:00 }`."""

    days: tuple[str, ...]
    start: Clock
    end: Clock


class HoursForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=_FROM_UNTIL):
    """The same of one day."""

    start: Clock
    end: Clock


class ExceptionForm(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"begins": "from", "ends": "until"}
):
    """`{ on = 2026-12-24, windows = [{ from = …, until = … }] }`, or `from` and `until` for several days."""

    windows: tuple[HoursForm, ...]
    on: Day = None
    begins: Day = None
    ends: Day = None


class ScheduleForm(msgspec.Struct, frozen=True, rename={"begins": "from", "ends": "until"}):
    """One `[[schedule]]`."""

    id: ScheduleId
    windows: tuple[WindowForm, ...]
    on_holidays: bool = False
    on_closures: bool = False
    closed_on: tuple[DaysId, ...] = ()
    begins: Day = None
    ends: Day = None
    exceptions: tuple[ExceptionForm, ...] = ()


def read_schedules(tables: Iterable[Table], days: set[str]) -> tuple[Schedule, ...]:
    """Return the schedules that can be read; `days` are the ids of all `[[days]]`."""
    return tuple(filter(None, (_read(table, days) for table in tables)))


def _read(table: Table, days: set[str]) -> Schedule | None:
    refuse_unknown(table, "closed_on", days, "days")
    form = table.convert(ScheduleForm)
    if form is None:
        return None
    begins, ends = _dates(form.begins, form.ends, table.faults("from"), table.faults("until"))
    return Schedule(
        form.id,
        tuple(
            _window(window.days, window, table.faults("windows", number))
            for number, window in enumerate(form.windows)
        ),
        form.on_holidays,
        form.on_closures,
        form.closed_on,
        begins,
        ends,
        tuple(filter(None, (_exception(table, *numbered) for numbered in enumerate(form.exceptions)))),
    )


def _window(days: tuple[str, ...] | None, hours: WindowForm | HoursForm, fault: Fault) -> Window:
    """Return the window; `days` is None for the hours of an exception, which hold on whatever day it is."""
    weekdays = _DAY if days is None else weekdays_of(days, fault)
    if not (days is None or days):
        fault("no days; expected at least one of mon to sun")
    start, end = minutes_of(hours.start, fault), minutes_of(hours.end, fault)
    if start == MINUTES_PER_DAY:
        fault("it begins at 24:00; expected 00:00 of the next day")
    if start == end:
        fault("it is empty, as it ends when it begins; the whole day is 00:00 until 24:00")
    return Window(weekdays, start, end)


def _exception(table: Table, number: int, form: ExceptionForm) -> SpecialDays | None:
    fault = table.faults("exceptions", number)
    if (form.on is None) == (form.begins is None and form.ends is None):
        fault("expected either the day it is on, or the days from and until")
        return None
    if form.on is not None:
        day = day_of(form.on, fault)
        begins, ends = day, None if day is None else date.fromordinal(day.toordinal() + 1)
    else:
        begins, ends = _dates(form.begins, form.ends, fault, fault)
    if form.on is None and (form.begins is None or form.ends is None):
        fault("expected the days from and until")
    if begins is None or ends is None:
        return None
    return SpecialDays(begins, ends, tuple(_window(None, hours, fault) for hours in form.windows))


def _dates(
    begins: object, ends: object, fault_begins: Fault, fault_ends: Fault
) -> tuple[date | None, date | None]:
    first = None if begins is None else day_of(begins, fault_begins)
    last = None if ends is None else day_of(ends, fault_ends)
    if first is not None and last is not None and last <= first:
        fault_ends(f"{last} is not after {first}; expected the first day on which it no longer holds")
    return first, last

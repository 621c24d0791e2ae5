"""calendar.toml: the time zone, holidays, other days, closures and schedules.

All that depends on a library is compiled here into a `Calendar`, so that doors need none and none changes a decision.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from policies.ids import ClosureId, DaysId
from policies.schedule import FIRST_YEAR, GRID_MINUTES, LAST_YEAR, Calendar, Closure, Schedule
from policies.toml.schedules import read_schedules
from policies.toml.tables import Document, Table, refuse_bad_ids
from policies.toml.times import (
    Day,
    Fault,
    Moment,
    day_of,
    days_between,
    moment_of,
)

_DAY_S = 24 * 60 * 60


class CalendarForm(msgspec.Struct, frozen=True):
    """The `[calendar]`. The years are those that holidays and clock changes are compiled for."""

    timezone: str
    country: str
    first_year: int
    last_year: int
    subdivision: str | None = None


class SpanForm(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"begins": "from", "ends": "until"}
):
    """`{ from = 2026-10-26, until = 2026-11-02 }`."""

    begins: Day
    ends: Day


class DaysForm(msgspec.Struct, frozen=True):
    """One `[[days]]`: from the holidays library, by country, or written out as `on` days and `spans`."""

    id: DaysId
    country: str | None = None
    subdivision: str | None = None
    category: str = "public"
    on: tuple[Day, ...] = ()
    spans: tuple[SpanForm, ...] = ()


class ClosureForm(msgspec.Struct, frozen=True, rename={"begins": "from", "ends": "until"}):
    """One `[[closure]]`."""

    id: ClosureId
    begins: Moment
    ends: Moment


class Times(NamedTuple):
    """What calendar.toml holds, read; `calendar` is None if anything is wrong with it."""

    calendar: Calendar | None
    schedules: tuple[Schedule, ...]
    schedule_ids: set[str] | None


def read_calendar(document: Document) -> Times:
    """Read what can be read."""
    table = document.table("calendar")
    days, closures, schedules = (document.tables(name) for name in ("days", "closure", "schedule"))
    document.refuse_the_rest()
    for tables in (days, closures, schedules):
        refuse_bad_ids(tables)
    form = table.convert(CalendarForm) if table else None
    calendar = _calendar(table, form) if table and form else None
    if form is not None and calendar is not None:
        named = [_days(each, form) for each in days]
        shut = [_closure(each) for each in closures]
        calendar = msgspec.structs.replace(
            calendar,
            days=dict(filter(None, named)),
            closures=tuple(filter(None, shut)),
        )
        calendar = None if None in named or None in shut else calendar
    read = read_schedules(schedules, {each.id for each in days})
    return Times(calendar, read, {each.id for each in schedules} if document.is_read else None)


def _calendar(table: Table, form: CalendarForm) -> Calendar | None:
    if not FIRST_YEAR <= form.first_year <= form.last_year <= LAST_YEAR:
        table.fault("first_year", f"expected {FIRST_YEAR} <= first_year <= last_year <= {LAST_YEAR}")
        return None
    offsets = _offsets(table, form)
    holidays = _holidays(table, form.country, form.subdivision, "public", _years(form))
    if offsets is None or holidays is None:
        return None
    return Calendar(form.timezone, tuple(offsets), tuple(offsets.values()), holidays)


def _days(table: Table, form: CalendarForm) -> tuple[DaysId, tuple[date, ...]] | None:
    days = table.convert(DaysForm)
    if days is None:
        return None
    found: set[date] = set()
    if days.country is not None:
        holidays = _holidays(table, days.country, days.subdivision, days.category, _years(form))
        if holidays is None:
            return None
        found.update(holidays)
    elif "subdivision" in table.values or "category" in table.values:
        table.fault("country", "missing; expected the country of the subdivision or category")
    for number, each in enumerate(days.on):
        day = day_of(each, table.faults("on", number))
        found.update([day] if day else [])
    for number, span in enumerate(days.spans):
        found.update(_span(span, table.faults("spans", number)))
    if not found:
        table.fault("id", "there are no days in it; expected a country, or days `on` or in `spans`")
    return days.id, tuple(sorted(found))


def _span(span: SpanForm, fault: Fault) -> set[date]:
    begins, ends = day_of(span.begins, fault), day_of(span.ends, fault)
    if begins is None or ends is None:
        return set()
    if not begins < ends:
        fault(f"{ends} is not after {begins}; expected the first day that is no longer in it")
    return set(days_between(begins, ends))


def _closure(table: Table) -> Closure | None:
    form = table.convert(ClosureForm)
    if form is None:
        return None
    begins = moment_of(form.begins, table.faults("from"))
    ends = moment_of(form.ends, table.faults("until"))
    if begins is None or ends is None:
        return None
    if not begins < ends:
        table.fault(
            "until", f"{ends.isoformat()} is not after {begins.isoformat()}; expected when it opens again"
        )
    return Closure(form.id, begins, ends)


def _years(form: CalendarForm) -> range:
    return range(form.first_year, form.last_year + 1)


def _offsets(table: Table, form: CalendarForm) -> dict[int, int] | None:
    """Return the seconds east of UTC from each instant on at which they change."""
    try:
        zone = ZoneInfo(form.timezone)
    except (ValueError, OSError, KeyError):
        table.fault("timezone", f"{form.timezone!r} is no time zone; expected a name such as Europe/Paris")
        return None
    begin = int(datetime(form.first_year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(form.last_year + 1, 1, 1, tzinfo=UTC).timestamp())
    changes = {begin: _offset(zone, begin)}
    for day in range(begin, end, _DAY_S):
        if _offset(zone, day) != _offset(zone, day + _DAY_S):
            change = _first_changed(zone, day, day + _DAY_S)
            changes[change] = _offset(zone, change)
    if any(offset % (GRID_MINUTES * 60) for offset in changes.values()):
        table.fault(
            "timezone", f"{form.timezone} is not offset by quarter-hours in those years; expected one that is"
        )
        return None
    return changes


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _first_changed(zone: ZoneInfo, before: int, after: int) -> int:
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _holidays(
    table: Table, country: str, subdivision: str | None, category: str, years: range
) -> tuple[date, ...] | None:
    """Return the days of one category, refusing aliases, retired names and what has no days.

    For France, the alias GES loses two of Alsace's days, and school holidays are by zone: asked for the subdivision
    6AE, the library answers with none (docs/domain.md, 3.6).
    """
    import holidays  # noqa: PLC0415  (a door computer gets the days compiled and does without the library)

    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        table.fault("country", f"{country!r} is not known; expected an ISO 3166 code such as FR")
        return None
    if subdivision is not None and subdivision not in supported[country]:
        known = ", ".join(supported[country]) or "none"
        table.fault("subdivision", f"{subdivision!r} is not known; expected one of {known}")
        return None
    categories = getattr(holidays, country).supported_categories
    if category not in categories:
        table.fault("category", f"{category!r} is not known; expected one of {', '.join(categories)}")
        return None
    found = holidays.country_holidays(country, subdivision, years=years, categories=(category,))
    if not found:
        where = f"{country} {subdivision or ''}".strip()
        table.fault(
            "category",
            f"{where} has no {category} holidays; for French schools expected `Zone B` or the like",
        )
        return None
    return tuple(sorted(found))

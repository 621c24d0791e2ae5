"""calendar.toml: the time zone and the public holidays, compiled into a `Calendar` so that doors need no library."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from policies.schedule import GRID_MINUTES, Calendar
from policies.toml.tables import Document, Table

_DAY_S = 24 * 60 * 60
_EARLIEST, _LATEST = 1970, 2100


class _CalendarForm(msgspec.Struct, frozen=True):
    timezone: str
    country: str
    first_year: int
    last_year: int
    subdivision: str | None = None


def read_calendar(document: Document) -> Calendar | None:
    """Return the compiled calendar, or None if anything is wrong with it."""
    table = document.table("calendar")
    document.refuse_the_rest()
    form = table.convert(_CalendarForm) if table else None
    if table is None or form is None:
        return None
    if not _EARLIEST <= form.first_year <= form.last_year <= _LATEST:
        table.fault("first_year", f"expected {_EARLIEST} <= first_year <= last_year <= {_LATEST}")
        return None
    offsets, holidays = _offsets(table, form), _holidays(table, form)
    if offsets is None or holidays is None:
        return None
    return Calendar(form.timezone, tuple(offsets), tuple(offsets.values()), holidays)


def _offsets(table: Table, form: _CalendarForm) -> dict[int, int] | None:
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


def _holidays(table: Table, form: _CalendarForm) -> tuple[date, ...] | None:
    """Return the holidays, refusing aliases and retired names: for France, GES loses two of Alsace's days."""
    import holidays  # noqa: PLC0415  (a door computer gets the days compiled and does without the library)

    supported = holidays.list_supported_countries(include_aliases=False)
    if form.country not in supported:
        table.fault("country", f"{form.country!r} is not known; expected an ISO 3166 code such as FR")
        return None
    if form.subdivision is not None and form.subdivision not in supported[form.country]:
        known = ", ".join(supported[form.country]) or "none"
        table.fault("subdivision", f"{form.subdivision!r} is not known; expected one of {known}")
        return None
    years = range(form.first_year, form.last_year + 1)
    return tuple(sorted(holidays.country_holidays(form.country, form.subdivision, years=years)))

"""Days and wall times as forms tell them: those that a building's calendar holds, so that arithmetic never runs out."""

from datetime import date, datetime, tzinfo
from typing import Annotated

from pydantic import AfterValidator

_YEARS = range(1970, 2200)
"""A calendar is compiled for a few years; beyond, days mean nothing."""


def _of_the_calendar(day: date) -> date:
    """Return the day; raise `ValueError` for one that no calendar of a building holds."""
    if day.year not in _YEARS:
        raise ValueError(f"{day.isoformat()}: expected a day from {_YEARS[0]} to {_YEARS[-1]}")
    return day


def read_day(text: str) -> date | None:
    """Read a day as a form's field tells it; None for what is none, or no calendar holds."""
    try:
        return _of_the_calendar(date.fromisoformat(text))
    except ValueError:
        return None


Day = Annotated[date, AfterValidator(_of_the_calendar)]


def wall_time(text: str, zone: tzinfo) -> datetime:
    """Read a time of the building's wall clock; raise `ValueError` for what is none, or no calendar holds."""
    told = datetime.fromisoformat(text)
    _of_the_calendar(told)
    return told.replace(tzinfo=zone)

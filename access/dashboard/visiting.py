"""What the visits' page shows of a visit and of a visitor who was here before, and what its form holds."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from pydantic import BaseModel, Field

from access.dashboard.days import Day
from access.dashboard.render import Renderer
from access.names import are_namesakes
from access.services.visits import VisitState
from access.services.welcome import Stay
from policies.building import Building
from policies.ids import PersonId

_LATE_AFTER = timedelta(minutes=15)
_USUAL_STAY = timedelta(hours=2)


_Short = Annotated[str, Field(max_length=200)]
NEW = "*"
"""What a form says instead of a known visitor's id: they were never here."""


class Draft(BaseModel):
    """The form of a new visit as it was filled in; times are as the building's wall shows them.

    `person` is the visitor who was here before, or `NEW`; nothing where nobody was asked which of them it is.
    `looks` asks for those of the name, and expects nobody yet.
    """

    name: _Short = ""
    person: _Short = ""
    looks: bool = False
    host: _Short = ""
    since: _Short = ""
    until: _Short = ""
    space: _Short = ""
    here: bool = False
    csrf: _Short = ""


class Step(BaseModel):
    """The form beside a visit: the badge to lend, the version that was shown, and the day of the page."""

    badge: _Short = ""
    version: int = 0
    day: Day | None = None
    csrf: _Short = ""


class Line(msgspec.Struct, frozen=True):
    """A visit in words. `note` is what a desk should look at: late, or here for too long."""

    id: str
    version: int
    state: VisitState
    visitor: str
    about: str
    hours: str
    told: str
    note: str


class Known(msgspec.Struct, frozen=True):
    """A visitor who was here before, in words: the host and the day of their last visit tell namesakes apart."""

    id: PersonId
    name: str
    about: str


def known(stay: Stay, renderer: Renderer) -> Known:
    """Return what is shown of a visitor by their last visit."""
    words, visit = renderer.words, stay.visit
    day = words(_LAST[visit.state], day=renderer.dated(visit.valid_from))
    suspended = words("status-suspended") if stay.is_suspended else ""
    about = (words("visit-of", host=stay.host), stay.organisation, day, suspended)
    return Known(visit.person, stay.visitor, " · ".join(filter(None, about)))


class Filled(msgspec.Struct, frozen=True):
    """A form with whom it may mean: visitors of that name who were here before, and hosts by id and name."""

    draft: Draft
    known: Sequence[Known] = ()
    hosts: Sequence[tuple[PersonId, str]] = ()

    @property
    def fault(self) -> str:
        """Return why it will not do, or nothing."""
        name, person = self.draft.name, self.draft.person
        if not name.strip():
            return "refused-visit-name"
        if person not in {"", NEW, *(one.id for one in self.known)}:
            return "refused-visitor-unknown"
        if not person and any(are_namesakes(one.name, name) for one in self.known):
            return "refused-visitor-which"
        if len(self.hosts) != 1:
            return "refused-visit-hosts" if self.hosts else "refused-visit-host"
        return ""


def drafted(now: datetime, wall: Callable[[datetime], str]) -> Draft:
    """Return an empty form: from now on, for the usual time."""
    return Draft(since=wall(now), until=wall(now + _USUAL_STAY))


def line(stay: Stay, building: Building, renderer: Renderer, now: datetime) -> Line:
    """Return what is shown of a visit."""
    visit, words = stay.visit, renderer.words
    known = [building.spaces[one].name for one in visit.spaces if one in building.spaces]
    known += [building.doors[one].name for one in visit.doors if one in building.doors]
    how = (
        words("visit-escorted")
        if visit.escorted
        else words("visit-alone", places=", ".join(map(words.pick, known)))
    )
    about = [words("visit-of", host=stay.host), stay.organisation, how]
    if visit.badge is not None:
        about.append(words("visit-badge", badge=visit.badge))
    hours = f"{_clock(visit.valid_from, renderer, now)} – {_clock(visit.valid_until, renderer, now)}"
    return Line(
        visit.id,
        visit.version,
        visit.state,
        stay.visitor,
        " · ".join(filter(None, about)),
        hours,
        _told(stay, renderer),
        _note(stay, renderer, now),
    )


def _clock(at: datetime, renderer: Renderer, now: datetime) -> str:
    """Write a time of today as the clock shows it, any other with its day."""
    zone = renderer.timezone
    is_today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return renderer.time(at)[:5] if is_today else renderer.moment(at)[:-3]


def _told(stay: Stay, renderer: Renderer) -> str:
    visit, words = stay.visit, renderer.words
    if visit.state is VisitState.CANCELLED:
        return words("visit-cancelled")
    came = words("visit-came", time=renderer.time(visit.arrived_at)[:5]) if visit.arrived_at else ""
    left = words("visit-left", time=renderer.time(visit.left_at)[:5]) if visit.left_at else ""
    return " · ".join(filter(None, (came, left)))


def _note(stay: Stay, renderer: Renderer, now: datetime) -> str:
    visit = stay.visit
    if stay.is_suspended and visit.state in {VisitState.EXPECTED, VisitState.ARRIVED}:
        return renderer.words("status-suspended")
    if visit.state is VisitState.EXPECTED and visit.valid_from + _LATE_AFTER < now:
        return renderer.words("visit-late")
    if visit.state is VisitState.ARRIVED and visit.valid_until < now:
        return renderer.words("visit-overdue", time=_clock(visit.valid_until, renderer, now))
    return ""


_LAST = {
    VisitState.EXPECTED: "visitor-expected",
    VisitState.ARRIVED: "visitor-here",
    VisitState.LEFT: "visitor-came",
    VisitState.CANCELLED: "visitor-missed",
}

"""Operators' word to one door, from its page or panel: let somebody in, set a mode until a time, re-arm."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from access.dashboard.days import wall_time
from access.dashboard.front import Front
from access.dashboard.guard import GuardedRoute
from access.dashboard.telling import Telling, Work
from access.services.doors import Doors, Slot
from policies.ids import DoorId
from policies.request import DoorMode

_COMMANDS = "doors:write"
_MODES = {mode.value: mode for mode in (DoorMode.FREE, DoorMode.LOCKED, DoorMode.NORMAL)}
_AS_SCHEDULED = "scheduled"

_Text = Annotated[str, Form(max_length=1000)]


def orders(front: Front, doors: Doors, telling: Telling) -> APIRouter:
    """Return the routes of the forms."""
    forms = _Orders(front, doors, telling)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/doors/{door}/unlock", forms.unlock, methods=["POST"])
    routes.add_api_route("/doors/{door}/rearm", forms.rearm, methods=["POST"])
    routes.add_api_route("/doors/{door}/mode", forms.set_mode, methods=["POST"])
    return routes


class _Orders:
    def __init__(self, front: Front, doors: Doors, telling: Telling) -> None:
        self._front, self._doors, self._telling = front, doors, telling

    async def unlock(self, request: Request, door: str, reason: _Text = "", csrf: _Text = "") -> Response:
        """Let somebody in once."""
        return await self._once(request, partial(self._doors.unlock, DoorId(door)), reason, csrf)

    async def rearm(self, request: Request, door: str, reason: _Text = "", csrf: _Text = "") -> Response:
        """Lock a door again after a release."""
        return await self._once(request, partial(self._doors.rearm, DoorId(door)), reason, csrf)

    async def set_mode(
        self,
        request: Request,
        door: str,
        mode: _Text = "",
        until: _Text = "",
        reason: _Text = "",
        csrf: _Text = "",
    ) -> Response:
        """Set a mode until a time of the building's clock, or leave the door to its schedule."""
        operator = await self._telling.entitled(request, _COMMANDS, csrf)
        if isinstance(operator, Response):
            return operator
        if mode not in _MODES and mode != _AS_SCHEDULED:
            return Response(status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            ends = self._instant(until) if mode in _MODES else None
        except ValueError:
            return self._telling.refused(request, operator, "refused-until")
        work = partial(self._doors.set_mode, DoorId(door), _MODES.get(mode), ends, Slot.OPERATOR)
        is_below = mode in _MODES and self._doors.is_locked_down(DoorId(door), self._front.now())
        note = "said-waits-for-lockdown" if is_below else ""
        return await self._telling.tell(request, operator, work, reason, note=note)

    async def _once(self, request: Request, work: Work, reason: str, csrf: str) -> Response:
        operator = await self._telling.entitled(request, _COMMANDS, csrf)
        if isinstance(operator, Response):
            return operator
        return await self._telling.tell(request, operator, work, reason, is_once=True)

    def _instant(self, until: str) -> datetime:
        """Read a time of the building's wall clock; raise `ValueError` for what is none."""
        return wall_time(until, self._front.broadcast.timezone)

"""Pages for a wall and for everybody: no names, and for everybody no small groups either.

The public page is off unless the site turns it on. It changes every quarter-hour: what it shows in between is what it
showed at its beginning, so that two looks tell no more than one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from access.dashboard.front import Front, language
from access.dashboard.guard import GuardedRoute
from access.dashboard.render import fill_step
from access.dashboard.words import Language
from access.occupancy.history import UNKNOWN
from access.occupancy.live import LiveBuilding
from access.occupancy.privacy import publish, step_before
from policies.building import Building, Space, SpaceKind
from policies.ids import SpaceId

_SEES_COUNTS = "occupancy:read"
_PUBLIC = frozenset({SpaceKind.SITE, SpaceKind.BUILDING, SpaceKind.LEVEL})

_LanguageAsked = Annotated[Language | None, Query(alias="lang")]


def open_pages(front: Front, building: Building) -> APIRouter:
    """Return the routes of the pages."""
    pages = _Open(front, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/kiosk", pages.kiosk, methods=["GET"])
    if front.is_public:
        routes.add_api_route("/public", pages.public, methods=["GET"])
    return routes


class _Open:
    def __init__(self, front: Front, building: Building) -> None:
        self._front, self._building = front, building
        self._shown: dict[SpaceId, int | None] = {}
        self._step: datetime | None = None

    async def kiosk(self, request: Request, asked: _LanguageAsked = None) -> Response:
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        live = self._front.broadcast.live
        live.advance(self._front.now())
        counts = live.counts()
        spoken = asked or language(request)
        renderer = self._front.broadcast.renderers[spoken]
        rows = [
            (
                level,
                counts[level.level.id],
                fill_step(counts[level.level.id].count, counts[level.level.id].capacity),
            )
            for level in renderer.levels
        ]
        roots = [one.id for one in self._building.children(None) if one.id in counts]
        sparks = self._front.broadcast.sparks.at(self._front.now())
        flow = live.flow(self._front.now())
        return self._front.page(
            request, spoken, "kiosk.html", operator=operator.name, inside=sum(counts[root].count for root in roots),
            spark=sparks.get(roots[0], "") if len(roots) == 1 else "", rows=rows, flow=flow,
            now=renderer.time(self._front.now()),
        )  # fmt: skip

    async def public(self, request: Request, asked: _LanguageAsked = None) -> Response:
        spoken = asked or language(request)
        shown = self._published()
        rows = [
            (one, shown[one.id], len(self._building.path_up(one.id)) - 1, _share(shown[one.id], one.capacity))
            for one in _tree(self._building, None)
        ]
        at = self._front.broadcast.renderers[spoken].time(self._step)[:5]
        return self._front.page(request, spoken, "public.html", operator=None, rows=rows, at=at)

    def _published(self) -> dict[SpaceId, int | None]:
        """Return what is shown of the quarter-hour's beginning, whenever in it somebody looks first."""
        now = self._front.now()
        step = step_before(now)
        if step != self._step:
            live = self._front.broadcast.live
            live.advance(now)
            counts = {space: _then(live, space, count.count, step) for space, count in live.counts().items()}
            self._shown, self._step = publish(self._building, counts), step
        return self._shown


def _then(live: LiveBuilding, space: SpaceId, count_now: int, step: datetime) -> int:
    """Return the count at `step` as it was written down; where nothing is, that of now."""
    written = live.trail(space, step, 0, 1)
    return written[0] if written and written[0] != UNKNOWN else count_now


def _share(count: int | None, capacity: int | None) -> float | None:
    return count / capacity if count is not None and capacity else None


def _tree(building: Building, parent: SpaceId | None) -> Iterator[Space]:
    """Yield the spaces that everybody may see, each before those inside it."""
    for space in building.children(parent):
        if space.kind in _PUBLIC:
            yield space
            yield from _tree(building, space.id)

"""Pages for a wall, for companies and for everybody: no names, and for the last two no small groups either.

The public page is off unless the site turns it on. What companies and everybody see changes every quarter-hour: in
between they are shown its beginning, so that two looks tell no more than one.
"""

from collections.abc import Collection, Iterator

from fastapi import APIRouter, Request, Response

from access.dashboard.front import Front, language
from access.dashboard.guard import GuardedRoute
from access.dashboard.ports import Actor
from access.dashboard.render import fill_step
from policies.building import Building, Space, SpaceKind

_SEES_COUNTS = "occupancy:read"
_PUBLIC = frozenset({SpaceKind.SITE, SpaceKind.BUILDING, SpaceKind.LEVEL})
_INSIDE = frozenset(SpaceKind) - {SpaceKind.OUTSIDE}


def open_pages(front: Front, building: Building) -> APIRouter:
    """Return the routes of the pages."""
    pages = _Open(front, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/kiosk", pages.kiosk, methods=["GET"])
    routes.add_api_route("/spaces", pages.spaces, methods=["GET"])
    if front.is_public:
        routes.add_api_route("/public", pages.public, methods=["GET"])
    return routes


class _Open:
    def __init__(self, front: Front, building: Building) -> None:
        self._front, self._building = front, building

    async def kiosk(self, request: Request) -> Response:
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        live = self._front.broadcast.live
        live.advance(self._front.now())
        counts = live.counts()
        spoken = language(request)
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
            request,
            spoken,
            "kiosk.html",
            operator=operator,
            inside=sum(counts[root].count for root in roots),
            spark=sparks.get(roots[0], "") if len(roots) == 1 else "",
            rows=rows,
            flow=flow,
            now=renderer.time(self._front.now()),
        )

    async def public(self, request: Request) -> Response:
        return self._disclosed(request, "public.html", _PUBLIC)

    async def spaces(self, request: Request) -> Response:
        """Show companies every space, as far as it is disclosed."""
        operator = await self._front.entitled(request, _SEES_COUNTS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        return self._disclosed(request, "spaces.html", _INSIDE, operator)

    def _disclosed(
        self,
        request: Request,
        template: str,
        kinds: Collection[SpaceKind],
        operator: Actor | None = None,
    ) -> Response:
        spoken = language(request)
        disclosed = self._front.broadcast.disclosure.at(self._front.now())
        rows = [(one, disclosed[one.id], depth) for one, depth in _tree(self._building, kinds)]
        step = next(one.as_of for one in disclosed.values())
        at = self._front.broadcast.renderers[spoken].time(step)[:5]
        return self._front.page(request, spoken, template, operator, rows=rows, at=at)


def _tree(building: Building, kinds: Collection[SpaceKind]) -> Iterator[tuple[Space, int]]:
    """Yield the spaces of some kinds, each before those inside it, with how deep it lies."""
    below = building.tree()
    waiting = [(space, 0) for space in reversed(below[None])]
    while waiting:
        space, depth = waiting.pop()
        if space.kind in kinds:
            yield space, depth
            waiting += [(child, depth + 1) for child in reversed(below.get(space.id, ()))]

"""Lists in pages: `?limit=&after=`, the next page in the `Link` header (RFC 8288) and in the body."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from access.services.listing import ID, Key, Listing, cursor

_ItemT = TypeVar("_ItemT")
_ListedT = TypeVar("_ListedT")

_LONGEST = 2_000
"""A cursor of a list sorted by name has the name in it."""

Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
After = Annotated[
    str | None, Query(max_length=_LONGEST, description="the cursor that the page before ended with")
]

LIMIT = 100


class Page(BaseModel, Generic[_ItemT]):
    """One page of a list; `next` is the address of the page after it, null on the last."""

    items: list[_ItemT]
    next: str | None


def page(
    request: Request,
    response: Response,
    items: Sequence[_ItemT],
    limit: int,
    cursor: Callable[[_ItemT], str],
) -> Page[_ItemT]:
    """Return a page of `items`, of which one more than `limit` was asked for to know whether there is a next."""
    shown = list(items[:limit])
    if len(items) <= limit:
        return Page(items=shown, next=None)
    url = request.url.include_query_params(after=cursor(shown[-1]))
    following = f"{url.path}?{url.query}"
    response.headers["Link"] = f'<{following}>; rel="next"'
    return Page(items=shown, next=following)


class Paging:
    """One request for a page of a list that can be sorted."""

    def __init__(
        self, request: Request, response: Response, limit: Limit = LIMIT, after: After = None
    ) -> None:
        self._request, self._response = request, response
        self._limit, self._after = limit, after

    def listing(self, sort: str) -> Listing:
        """Return what to read: one more than is shown, to know whether there is a next."""
        return Listing(self._limit + 1, self._after, sort)

    def page(
        self, found: Sequence[_ListedT], sort: str, show: Callable[[_ListedT], _ItemT], key: Key = ID
    ) -> Page[_ItemT]:
        """Return the page of what was found, each as it is shown; `key` are the attributes that tell them apart."""
        ended = cursor(found[self._limit - 1], sort, key) if len(found) > self._limit else ""
        return page(self._request, self._response, list(map(show, found)), self._limit, lambda _: ended)


Paged = Annotated[Paging, Depends()]

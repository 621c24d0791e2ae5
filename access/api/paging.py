"""Lists in pages: `?limit=&after=`, the next page in the `Link` header (RFC 8288) and in the body."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel

from access.errors import Invalid

_ItemT = TypeVar("_ItemT")

Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
After = Annotated[str | None, Query(max_length=200, description="the cursor that the page before ended with")]

LIMIT = 100


_MOST_DIGITS = 18
"""Any number of so many digits is one that a database holds."""


def number_after(after: str | None, what: str) -> int | None:
    """Return the number that a cursor is, for lists in the order of numbers; None for the first page."""
    if not after:
        return None
    if not (after.isascii() and after.isdecimal() and len(after) <= _MOST_DIGITS):
        raise Invalid(f"after: expected the cursor of a page of {what}")
    return int(after)


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

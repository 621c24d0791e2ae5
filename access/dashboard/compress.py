"""Bodies made small for the line, where the browser takes gzip (RFC 9110, 12.5.3). Streams go out as they are.

That pages with a token are compressed is no oracle for others (BREACH): the cookies are `SameSite=Strict`, so no other
site can have this browser ask for such a page.
"""

import gzip

from fastapi import Request, Response

_LEAST = 1_000
"""Below that the head of an answer weighs more than its body."""

_QUICK, _SMALL = 4, 9


def small(body: bytes) -> bytes:
    """Return the body as small as gzip makes it, for what is kept for good."""
    return gzip.compress(body, _SMALL, mtime=0)


def for_line(request: Request, response: Response) -> Response:
    """Return the response with its body compressed, if that helps and the browser takes it."""
    response.headers["vary"] = "accept-encoding"
    if takes_gzip(request) and len(response.body) >= _LEAST:
        response.body = gzip.compress(response.body, _QUICK, mtime=0)
        response.headers["content-encoding"] = "gzip"
        response.headers["content-length"] = str(len(response.body))
    return response


def takes_gzip(request: Request) -> bool:
    """Return whether the visitor's browser takes gzip."""
    asked = request.headers.get("accept-encoding", "").lower()
    codings = {part.split(";")[0].strip(): part for part in asked.split(",")}
    return "gzip" in codings and codings["gzip"].replace(" ", "") not in ("gzip;q=0", "gzip;q=0.0")

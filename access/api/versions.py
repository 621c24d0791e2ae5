"""Versions of things: an `ETag` on what is read, `If-Match` on what is written (RFC 9110, section 13)."""

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from access.api.problems import PreconditionMissing
from access.errors import Invalid

_TAG = re.compile(r'"(\d{1,18})"')


def tag(response: Response, version: int) -> None:
    """Say which version the answer shows."""
    response.headers["ETag"] = f'"{version}"'


def _optional(if_match: Annotated[str | None, Header()] = None) -> int | None:
    if if_match is None or if_match == "*":
        return None
    match = _TAG.fullmatch(if_match)
    if match is None:
        raise Invalid('If-Match: expected the ETag of what was read, in quotes, as "3"')
    return int(match[1])


def _required(if_match: Annotated[str | None, Header()] = None) -> int | None:
    if if_match is None:
        raise PreconditionMissing("If-Match: expected the ETag of what is to be changed")
    return _optional(if_match)


Expected = Annotated[int | None, Depends(_required)]
"""The version that a change is about; None for `*`, any version."""

PerhapsExpected = Annotated[int | None, Depends(_optional)]
"""As `Expected`, for verbs that mean the same whatever changed meanwhile."""

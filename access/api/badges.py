"""`/v1/badges`: issue, read, change, and the verbs of a badge's life."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from access.api.desk import AtDesk, needs_within
from access.api.once import OnceRoute
from access.api.paging import LIMIT, After, Limit, Page, page
from access.api.schemas import BadgeBody, BadgeChange, NewBadge, Replacement
from access.api.versions import Expected, PerhapsExpected, tag
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.rights import Actor, Scope
from policies.ids import BadgeId, PersonId

routes = APIRouter(prefix="/v1/badges", tags=["badges"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs_within(Scope.BADGES_READ))]
_Writes = Annotated[Actor, Depends(needs_within(Scope.BADGES_WRITE))]


@routes.get("")
def list_badges(
    request: Request,
    response: Response,
    desk: AtDesk,
    actor: _Reads,
    person: str | None = None,
    limit: Limit = LIMIT,
    after: After = None,
) -> Page[BadgeBody]:
    """List badges by identifier; those of one person only, if named."""
    found = desk.services.badges.within(actor.reach).page(
        BadgeId(after) if after else None, limit + 1, PersonId(person) if person else None
    )
    return page(request, response, [_body(badge) for badge in found], limit, lambda badge: badge.id)


@routes.post("", status_code=HTTPStatus.CREATED)
def issue(new: NewBadge, response: Response, desk: AtDesk, actor: _Writes) -> BadgeBody:
    """Issue a badge."""
    record = BadgeRecord(
        BadgeId(new.id),
        new.kind,
        PersonId(new.person) if new.person is not None else None,
        new.status,
        new.valid_from,
        new.valid_until,
    )
    badge = desk.services.badges.within(actor.reach).add([record], actor.name, desk.now())[0]
    response.headers["Location"] = f"/v1/badges/{badge.id}"
    tag(response, badge.version)
    return _body(badge)


@routes.get("/{badge}")
def read(badge: str, response: Response, desk: AtDesk, actor: _Reads) -> BadgeBody:
    """Read a badge."""
    found = desk.services.badges.within(actor.reach).get(BadgeId(badge))
    tag(response, found.version)
    return _body(found)


@routes.patch("/{badge}")
def change(
    badge: str, changes: BadgeChange, response: Response, desk: AtDesk, actor: _Writes, expected: Expected
) -> BadgeBody:
    """Change what is sent of a badge (RFC 7396)."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    after = desk.services.badges.within(actor.reach).change(
        BadgeId(badge),
        lambda before: msgspec.structs.replace(before, **sent),
        actor.name,
        desk.now(),
        expected,
    )
    tag(response, after.version)
    return _body(after)


@routes.post("/{badge}/replace", status_code=HTTPStatus.CREATED)
def replace(
    badge: str,
    fresh: Replacement,
    response: Response,
    desk: AtDesk,
    actor: _Writes,
    expected: PerhapsExpected,
) -> BadgeBody:
    """Give the holder another badge; the old one is dead from the same moment on."""
    record = BadgeRecord(
        BadgeId(fresh.id), fresh.kind, None, fresh.status, fresh.valid_from, fresh.valid_until
    )
    mine = desk.services.badges.within(actor.reach)
    new = mine.replace(BadgeId(badge), record, actor.name, desk.now(), expected)
    response.headers["Location"] = f"/v1/badges/{new.id}"
    tag(response, new.version)
    return _body(new)


@routes.post("/{badge}/{verb}")
def say(
    badge: str,
    verb: BadgeVerb,
    response: Response,
    desk: AtDesk,
    actor: _Writes,
    expected: PerhapsExpected,
) -> BadgeBody:
    """Suspend, activate, report or revoke a badge; doors know within moments."""
    after = desk.services.badges.within(actor.reach).say(
        BadgeId(badge), verb, actor.name, desk.now(), expected
    )
    tag(response, after.version)
    return _body(after)


def _body(badge: BadgeRecord) -> BadgeBody:
    return BadgeBody.model_validate(msgspec.to_builtins(badge))

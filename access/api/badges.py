"""`/v1/badges`: issue, read, change, and the verbs of a badge's life."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Response

from access.api.desk import AtDesk, needs_within
from access.api.once import OnceRoute
from access.api.paging import Page, Paged
from access.api.schemas import BadgeBody, BadgeChange, NewBadge, Replacement
from access.api.sheets import AsForm, cells, described, sheet
from access.api.versions import Expected, PerhapsExpected, tag
from access.services.badges import BadgeFilter, BadgeRecord, BadgeVerb
from access.services.listing import every
from access.services.rights import Actor, Scope
from policies.ids import BadgeId, PersonId
from policies.roster import BadgeKind, BadgeStatus

routes = APIRouter(prefix="/v1/badges", tags=["badges"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs_within(Scope.BADGES_READ))]
_Writes = Annotated[Actor, Depends(needs_within(Scope.BADGES_WRITE))]
_Sort = Literal[
    "id", "-id", "issued_at", "-issued_at", "last_used", "-last_used", "valid_until", "-valid_until"
]
_HEADS = (
    "id",
    "kind",
    "person",
    "status",
    "valid_from",
    "valid_until",
    "issued_at",
    "last_used",
    "replaced_by",
)


def _chosen(
    person: str | None = None, status: BadgeStatus | None = None, kind: BadgeKind | None = None
) -> BadgeFilter:
    return BadgeFilter(PersonId(person) if person else None, status, kind)


_Chosen = Annotated[BadgeFilter, Depends(_chosen)]


@routes.get("")
def list_badges(
    paging: Paged,
    desk: AtDesk,
    actor: _Reads,
    chosen: _Chosen,
    sort: _Sort = "id",
) -> Page[BadgeBody]:
    """List badges."""
    found = desk.services.badges.within(actor.reach).page(chosen, paging.listing(sort))
    return paging.page(found, sort, _body)


@routes.get(".csv", response_class=Response, responses=described("every badge that is chosen"))
def export(desk: AtDesk, actor: _Reads, form: AsForm, chosen: _Chosen, sort: _Sort = "id") -> Response:
    """Download badges as CSV."""
    badges = desk.services.badges.within(actor.reach)
    rows = every(partial(badges.page, chosen), sort)
    return sheet("badges", _HEADS, (cells(_body(badge), _HEADS) for badge in rows), form)


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

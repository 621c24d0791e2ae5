"""`/v1/events` and `/v1/passages`: what happened, the newest first, for security and auditors only.

Nobody is in them, unless they are opened for a purpose and a reason, which the audit keeps.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from access.api.desk import AtDesk, Desk, needs
from access.api.paging import LIMIT, After, Limit, Page, page
from access.api.schemas import Instant
from access.api.sheets import AsForm, Form, cells, described, sheet
from access.errors import Invalid
from access.services.events import Filter, Opening, Place, Purpose
from access.services.given import Given
from access.services.rights import Actor, Scope
from policies.decision import Effect, Flag, Reason
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.request import DoorMode
from readers.wire.events import Count, Event, EventType
from readers.wire.events import Instant as WireInstant

routes = APIRouter(prefix="/v1", tags=["events"])

_Reads = Annotated[Actor, Depends(needs(Scope.EVENTS_READ))]


class EventBody(BaseModel):
    """An event without what only the chain needs. `person` and `badge` are null unless it was opened for a purpose.

    `command` is the one that a door answers, or that its `mode` comes from; lists tell who gave it, and why.
    """

    id: str
    source: str
    epoch: int
    seq: int
    at: AwareDatetime
    type: EventType
    door: str | None = None
    reader: str | None = None
    space: str | None = None
    origin: str | None = None
    decision: str | None = None
    effect: Effect | None = None
    reason: Reason | None = None
    inwards: Reason | None = None
    rules: list[str] = []
    flags: list[Flag] = []
    policy_version: str | None = None
    person: str | None = None
    badge: str | None = None
    cause: str | None = None
    mode: DoorMode | None = None
    command: str | None = None
    ordered_by: str | None = None
    ordered_why: str | None = None


def _chosen(
    since: Instant | None = None,
    until: Instant | None = None,
    door: str | None = None,
    space: str | None = None,
    person: str | None = None,
    effect: Effect | None = None,
    reason: Reason | None = None,
) -> Filter:
    return Filter(
        since,
        until,
        (),
        DoorId(door) if door else None,
        SpaceId(space) if space else None,
        PersonId(person) if person else None,
        effect,
        reason,
    )


def _opening(
    desk: AtDesk,
    actor: _Reads,
    purpose: Annotated[Purpose | None, Query(description="what people's events are opened for")] = None,
    why: Annotated[str | None, Query(max_length=300, description="in words; the audit keeps it")] = None,
) -> Opening | None:
    if purpose is None and why is None:
        return None
    if purpose is None or why is None:
        raise Invalid("purpose, why: expected both, or neither and nobody in the answer")
    return Opening(purpose, why, actor.name, desk.now())


class _Question(msgspec.Struct, frozen=True):
    """Which events, and why they are opened with the people in them, if they are."""

    chosen: Filter
    opening: Opening | None


def _question(
    chosen: Annotated[Filter, Depends(_chosen)], opening: Annotated[Opening | None, Depends(_opening)]
) -> _Question:
    return _Question(chosen, opening)


_Asked = Annotated[_Question, Depends(_question)]


@routes.get("/events")
def list_events(
    request: Request,
    response: Response,
    desk: AtDesk,
    asked: _Asked,
    types: Annotated[list[EventType], Query(alias="type")] = [],  # noqa: B006  (FastAPI copies it)
    limit: Limit = LIMIT,
    after: After = None,
) -> Page[EventBody]:
    """List events, the newest first."""
    chosen = msgspec.structs.replace(asked.chosen, types=tuple(types))
    return _page(request, response, desk, _Question(chosen, asked.opening), limit, after)


@routes.get("/events.csv", response_class=Response, responses=described("every event that is chosen"))
def export_events(
    desk: AtDesk,
    asked: _Asked,
    form: AsForm,
    types: Annotated[list[EventType], Query(alias="type")] = [],  # noqa: B006  (FastAPI copies it)
) -> Response:
    """Download events as CSV, the newest first."""
    return _sheet("events", desk, asked, tuple(types), form)


@routes.get("/passages.csv", response_class=Response, responses=described("every passage that is chosen"))
def export_passages(desk: AtDesk, asked: _Asked, form: AsForm) -> Response:
    """Download passages as CSV, the newest first."""
    return _sheet("passages", desk, asked, (EventType.PASSAGE,), form)


@routes.get("/passages")
def list_passages(
    request: Request,
    response: Response,
    desk: AtDesk,
    asked: _Asked,
    limit: Limit = LIMIT,
    after: After = None,
) -> Page[EventBody]:
    """List passages, the newest first."""
    passages = msgspec.structs.replace(asked.chosen, types=(EventType.PASSAGE,))
    return _page(request, response, desk, _Question(passages, asked.opening), limit, after)


_NOBODY: Mapping[str, Given] = {}


def _page(
    request: Request, response: Response, desk: Desk, asked: _Question, limit: int, after: str | None
) -> Page[EventBody]:
    events, place = desk.services.events, _place(after) if after else None
    if asked.opening is None:
        found = events.newest(asked.chosen, place, limit + 1)
    else:
        found = events.opened(asked.chosen, asked.opening, place, limit + 1)
    given = events.given(found)
    return page(request, response, [_body(event, given) for event in found], limit, _cursor)


def _sheet(name: str, desk: Desk, asked: _Question, types: tuple[EventType, ...], form: Form) -> Response:
    chosen = msgspec.structs.replace(asked.chosen, types=types)
    found = desk.services.events.all(chosen, asked.opening)
    heads = tuple(head for head in EventBody.model_fields if not head.startswith("ordered_"))
    return sheet(name, heads, (cells(_body(event), heads) for event in found), form)


def _body(event: Event, given: Mapping[str, Given] = _NOBODY) -> EventBody:
    body = EventBody.model_validate(msgspec.to_builtins(event))
    order = given.get(event.command) if event.command is not None else None
    if order is not None:
        body.ordered_by, body.ordered_why = order.actor, order.reason
    return body


def _cursor(event: EventBody) -> str:
    place = msgspec.json.encode(Place(event.at, SourceId(event.source), event.epoch, event.seq))
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = _PLACE.decode(base64.urlsafe_b64decode(padded))
        return Place(place.at.astimezone(UTC), SourceId(place.source), place.epoch, place.seq)
    except (binascii.Error, ValueError, OverflowError, msgspec.DecodeError) as error:
        raise Invalid("after: expected the cursor of a page of events") from error


class _Cursor(msgspec.Struct, frozen=True):
    """A place as it comes back: nothing in it is to be trusted."""

    at: WireInstant
    source: Annotated[str, msgspec.Meta(pattern="^[^\0]*$")]
    epoch: Count
    seq: Count


_PLACE = msgspec.json.Decoder(_Cursor)

"""`POST /v1/authorize`: a decision for a third party's controller. A refusal is an answer, 200, like a grant."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from access.api.desk import AtDesk, Settled
from access.api.schemas import BadgeIdentifier, Id, Instant
from access.errors import Invalid, NotFound
from access.services.decisions import Question
from access.services.rights import READER
from policies.decision import Effect, Reason
from policies.ids import BadgeId, ReaderId
from policies.request import Assurance
from policies.roster import BadgeKind

routes = APIRouter(prefix="/v1", tags=["authorize"])

_FIRST_YEAR, _LAST_YEAR = 1970, 2199  # a calendar is compiled for a few years; beyond, hours mean nothing


class BadgeRead(BaseModel):
    """A badge as the controller read it."""

    kind: BadgeKind
    id: BadgeIdentifier


class Tap(BaseModel):
    """What is asked. `deadline_ms` is the caller's own: a later answer counts as none, and the caller refuses."""

    reader: Id
    badge: BadgeRead
    assurance: Annotated[str, Field(pattern="^(none|uid|sun|authenticated)$")]
    deadline_ms: Annotated[int, Field(ge=1)] | None = None


class MessageBody(BaseModel):
    """One sentence for the person at the door."""

    fr: str
    en: str


class Decided(BaseModel):
    """The answer. `event` is null for a dry run."""

    effect: Effect
    reason: Reason
    rules: list[str]
    unlock_ms: int
    message: MessageBody
    event: str | None


@routes.post("/authorize")
def authorize(
    tap: Tap,
    desk: AtDesk,
    actor: Settled,
    *,
    dry_run: Annotated[bool, Query(description="decide without recording")] = False,
    at: Annotated[Instant | None, Query(description="when; for a dry run only")] = None,
) -> Decided:
    """Decide one tap at a reader, with a key that has `reader:DOOR` of its door."""
    side = desk.services.building.readers.get(ReaderId(tap.reader))
    if side is None:
        raise Invalid(f"reader {tap.reader}: there is no such reader")
    actor.require(f"{READER}{side.door}")
    if at is not None and not dry_run:
        raise Invalid("at: only a dry run decides for another time")
    if at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise Invalid(f"at: expected a time from {_FIRST_YEAR} to {_LAST_YEAR}")
    if desk.authorizer is None:
        raise NotFound("authorize: this server decides for no controllers")
    question = Question(side.id, tap.badge.kind, BadgeId(tap.badge.id), Assurance[tap.assurance.upper()])
    answer = desk.authorizer.decide(question, at or desk.now(), record=not dry_run)
    return Decided.model_validate(msgspec.to_builtins(answer))

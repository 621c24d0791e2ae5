"""`/v1/certifications`: who is trained for which machine, until when; what ends soon is warned of."""

from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from access.api.desk import AtDesk, needs_within
from access.api.once import OnceRoute
from access.api.paging import Page, Paged
from access.api.schemas import Id, Instant, Sent, Word
from access.api.sheets import AsForm, described, table
from access.services.certifications import (
    CertificationFilter,
    CertificationRecord,
    Level,
    Warned,
    warning,
)
from access.services.listing import Key, every
from access.services.rights import Actor, Scope
from policies.ids import CertificationId, PersonId

routes = APIRouter(prefix="/v1/certifications", tags=["certifications"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_READ))]
_Writes = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_WRITE))]
_Days = Annotated[int | None, Query(ge=0, le=3660, description="those that end within so many days, or have")]


_Sort = Literal["person", "-person", "until", "-until"]
_KEY: Key = ("person", "id")


class NewCertification(Sent):
    """A training to give, or to renew: for ever where `until` is null."""

    person: Id
    id: Id
    until: Instant | None = None
    level: Level = Level.AUTONOMOUS


class Revocation(Sent):
    """Why a training is taken back."""

    reason: Annotated[str, Field(min_length=1, max_length=300)]


class CertificationShown(BaseModel):
    """A training; `warning` says how near its end is: 30 days, 7 days, or past."""

    person: str
    id: str
    until: datetime | None
    level: Level
    granted_by: str
    granted_at: datetime | None
    warning: Warned | None


def _chosen(
    desk: AtDesk,
    person: Word | None = None,
    certification: Word | None = None,
    ending_within_days: _Days = None,
) -> CertificationFilter:
    return CertificationFilter(
        PersonId(person) if person else None,
        CertificationId(certification) if certification else None,
        None if ending_within_days is None else desk.now() + timedelta(days=ending_within_days),
    )


_Chosen = Annotated[CertificationFilter, Depends(_chosen)]


@routes.get("")
def list_certifications(
    paging: Paged, desk: AtDesk, actor: _Reads, chosen: _Chosen, sort: _Sort = "person"
) -> Page[CertificationShown]:
    """List trainings; those of one person, of one machine, or that end soon only, if asked."""
    found = desk.services.certifications.within(actor.reach).page(chosen, paging.listing(sort))
    return paging.page(found, sort, partial(_shown, now=desk.now()), _KEY)


@routes.get(".csv", response_class=Response, responses=described("every training that is chosen"))
def export(desk: AtDesk, actor: _Reads, form: AsForm, chosen: _Chosen, sort: _Sort = "person") -> Response:
    """Download trainings as CSV."""
    rows = every(partial(desk.services.certifications.within(actor.reach).page, chosen), sort, _KEY)
    return table("certifications", CertificationShown, map(partial(_shown, now=desk.now()), rows), form)


@routes.post(
    "", status_code=HTTPStatus.CREATED, responses={404: {"description": "there is nobody with this id"}}
)
def give(new: NewCertification, response: Response, desk: AtDesk, actor: _Writes) -> CertificationShown:
    """Give a training, or renew the one that is held."""
    now = desk.now()
    record = CertificationRecord(
        CertificationId(new.id), new.until, person=PersonId(new.person), level=new.level
    )
    given = desk.services.certifications.within(actor.reach).give(record, actor.name, now)
    response.headers["Location"] = f"/v1/certifications/{given.person}/{given.id}"
    return _shown(given, now)


@routes.get("/{person}/{certification}")
def read(person: str, certification: str, desk: AtDesk, actor: _Reads) -> CertificationShown:
    """Read one training of one person."""
    found = desk.services.certifications.within(actor.reach).get(
        PersonId(person), CertificationId(certification)
    )
    return _shown(found, desk.now())


@routes.post("/{person}/{certification}/revoke", status_code=HTTPStatus.NO_CONTENT)
def revoke(person: str, certification: str, why: Revocation, desk: AtDesk, actor: _Writes) -> None:
    """Take a training back, with a reason that the audit keeps."""
    desk.services.certifications.within(actor.reach).revoke(
        PersonId(person), CertificationId(certification), why.reason, actor.name, desk.now()
    )


def _shown(record: CertificationRecord, now: datetime) -> CertificationShown:
    return CertificationShown.model_validate(
        msgspec.structs.asdict(record) | {"warning": warning(record.until, now)}
    )

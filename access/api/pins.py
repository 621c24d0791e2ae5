"""`/v1/people/{id}/pin`: give somebody a PIN or take it back. It is never told again, to nobody."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field, SecretStr

from access.api.desk import AtDesk, needs_within
from access.api.schemas import Sent
from access.services.rights import Actor, Scope
from policies.ids import PersonId

routes = APIRouter(prefix="/v1/people", tags=["people"])

_Writes = Annotated[Actor, Depends(needs_within(Scope.BADGES_WRITE))]


class PinSet(Sent):
    """A new PIN: 4 to 8 digits."""

    pin: Annotated[SecretStr, Field(max_length=8)]


@routes.put("/{person}/pin", status_code=HTTPStatus.NO_CONTENT)
def set_pin(person: str, asked: PinSet, desk: AtDesk, actor: _Writes) -> None:
    """Give somebody a PIN, in the place of any other."""
    known = desk.services.people.within(actor.reach).get(PersonId(person))
    desk.services.pins.set(known.id, asked.pin.get_secret_value(), actor.name, desk.now())


@routes.delete("/{person}/pin", status_code=HTTPStatus.NO_CONTENT)
def drop_pin(person: str, desk: AtDesk, actor: _Writes) -> None:
    """Take somebody's PIN back: doors that ask for one refuse them from then on."""
    known = desk.services.people.within(actor.reach).get(PersonId(person))
    desk.services.pins.drop(known.id, actor.name, desk.now())

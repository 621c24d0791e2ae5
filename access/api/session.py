"""`/v1/session`: operators sign in by password; the session travels in a cookie that no script reads."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field, SecretStr

from access.api.desk import SESSION_COOKIE, Anyone, AtDesk, csrf_token
from access.api.schemas import Sent
from access.errors import NotSignedIn
from access.services.sessions import SignedIn

routes = APIRouter(prefix="/v1/session", tags=["session"])

_Password = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class SignIn(Sent):
    """Name and password."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: _Password


class NewPassword(Sent):
    """A new password: at least 12 characters, hard to guess. `current` is the one in use, unless it works once."""

    password: _Password
    current: _Password | None = None


class SessionBody(BaseModel):
    """Who is signed in. `csrf` goes into the `X-CSRF-Token` header of every write."""

    operator: str
    scopes: list[str]
    organisation: str | None
    space: str | None
    must_set_password: bool
    csrf: str
    expires_at: AwareDatetime | None = None


@routes.post(
    "",
    responses={
        HTTPStatus.UNAUTHORIZED: {
            "description": "the name or the password is wrong, or sign-in rests after too many failures"
        }
    },
)
def sign_in(asked: SignIn, request: Request, response: Response, desk: AtDesk) -> SessionBody:
    """Sign in; the session that the browser held until now ends."""
    held, password = request.cookies.get(SESSION_COOKIE), asked.password.get_secret_value()
    opened = desk.services.sessions.sign_in(asked.name, password, desk.now(), held)
    return _begin(request, response, opened)


@routes.get("")
def read(request: Request, actor: Anyone) -> SessionBody:
    """Say who is signed in."""
    token = _token(request)
    return SessionBody(
        operator=actor.name,
        scopes=sorted(actor.scopes),
        organisation=actor.reach.organisation,
        space=actor.reach.space,
        must_set_password=actor.must_set_password,
        csrf=csrf_token(token),
    )


@routes.post("/password")
def set_password(
    asked: NewPassword, request: Request, response: Response, desk: AtDesk, _actor: Anyone
) -> SessionBody:
    """Set a new password; every other session of the operator ends."""
    current = asked.current.get_secret_value() if asked.current is not None else None
    new = asked.password.get_secret_value()
    opened = desk.services.sessions.set_password(_token(request), new, desk.now(), current)
    return _begin(request, response, opened)


@routes.delete("", status_code=HTTPStatus.NO_CONTENT)
def sign_out(request: Request, response: Response, desk: AtDesk, _actor: Anyone) -> None:
    """Sign out."""
    desk.services.sessions.sign_out(_token(request))
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")


def _token(request: Request) -> str:
    token = request.cookies.get(SESSION_COOKIE)
    if token is None:
        raise NotSignedIn("a key has no session: sign in")
    return token


def _begin(request: Request, response: Response, opened: SignedIn) -> SessionBody:
    response.set_cookie(
        SESSION_COOKIE,
        opened.token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return SessionBody(
        operator=opened.actor.name,
        scopes=sorted(opened.actor.scopes),
        organisation=opened.actor.reach.organisation,
        space=opened.actor.reach.space,
        must_set_password=opened.actor.must_set_password,
        csrf=csrf_token(opened.token),
        expires_at=opened.expires_at,
    )

"""What every endpoint works with, and who is asking: a key in the header, or a session in a cookie.

A session's writes need the token that only pages of this site know, so that no other site can make a browser write
(OWASP, "Cross-Site Request Forgery Prevention"). Everything is refused until somebody is known to ask.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Depends, Request

from access.errors import NotAllowed, NotSignedIn
from access.services import Services
from access.services.decisions import Decides
from access.services.rights import Actor, Scope

SESSION_COOKIE = "totem_session"
CSRF_HEADER = "X-CSRF-Token"
_ASKED_BY = "asked_by"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Desk(msgspec.Struct, frozen=True):
    """The site's services, its time, who decides for foreign controllers, and whether the bus is there."""

    services: Services
    now: Callable[[], datetime]
    authorizer: Decides | None = None
    is_connected: Callable[[], bool] = lambda: True


def desk(request: Request) -> Desk:
    """Return the app's desk."""
    found: Desk = request.app.state.desk
    return found


AtDesk = Annotated[Desk, Depends(desk)]


def csrf_token(session_token: str) -> str:
    """Return what a session's writes must carry: known to whoever holds the session, and to no other site."""
    return hashlib.sha256(b"totem csrf\n" + session_token.encode()).hexdigest()


def anyone(request: Request, at_desk: AtDesk) -> Actor:
    """Return who is asking, even with a one-time password; raise `NotSignedIn` for nobody."""
    actor = _who(request, at_desk)
    if not hasattr(request.state, _ASKED_BY):
        setattr(request.state, _ASKED_BY, actor)
    return actor


def asked_by(request: Request) -> Actor | None:
    """Return who asked when the request came; None where it was asked of nobody."""
    asked: Actor | None = getattr(request.state, _ASKED_BY, None)
    return asked


def _who(request: Request, at_desk: Desk) -> Actor:
    services, now = at_desk.services, at_desk.now()
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise NotSignedIn("Authorization: expected Bearer and a key")
        return services.keys.of(secret.strip(), now)
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise NotSignedIn("sign in, or send a key as Authorization: Bearer")
    actor = services.sessions.of_session(token, now)
    if request.method not in _SAFE:
        sent = request.headers.get(CSRF_HEADER, "")
        if not secrets.compare_digest(sent.encode(), csrf_token(token).encode()):
            raise NotAllowed(f"{CSRF_HEADER}: expected the token that came with the sign-in")
    return actor


Anyone = Annotated[Actor, Depends(anyone)]


def settled(actor: Anyone) -> Actor:
    """Return who is asking; raise `NotAllowed` while they hold a one-time password."""
    if actor.must_set_password:
        raise NotAllowed(f"{actor.name}: set a new password first")
    return actor


Settled = Annotated[Actor, Depends(settled)]


def needs(scope: Scope) -> Callable[[Actor], Actor]:
    """Return a dependency on a right."""

    def entitled(actor: Settled) -> Actor:
        actor.require(scope)
        return actor

    return entitled


def needs_within(scope: Scope) -> Callable[[Actor], Actor]:
    """Return a dependency on a right that may hold for one organisation or space: the endpoint looks at the reach."""

    def entitled(actor: Settled) -> Actor:
        actor.require_within(scope)
        return actor

    return entitled

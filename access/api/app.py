"""The HTTP interface put together. Nothing is open but `/healthz` and signing in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from fastapi import FastAPI

from access.api import (
    audit,
    authorize,
    badges,
    building,
    certifications,
    docs,
    doors,
    events,
    grants,
    health,
    history,
    holds,
    imports,
    keys,
    latency,
    metrics,
    occupancy,
    operators,
    organisations,
    people,
    pins,
    policies,
    privacy,
    problems,
    rollcall,
    session,
    visits,
)
from access.api.addresses import WithoutNul
from access.api.bodies import BoundedBodies
from access.api.description import describe
from access.api.desk import Desk
from access.api.downloads import Downloads
from access.api.headers import SecurityHeaders
from access.services import Services
from access.services.decisions import Decides

VERSION = "1"


def create_app(
    services: Services,
    now: Callable[[], datetime],
    authorizer: Decides | None = None,
    is_connected: Callable[[], bool] = lambda: True,
) -> FastAPI:
    """Return the application. `now` is the building's time; `is_connected` says whether the bus is there."""
    app = FastAPI(
        title=f"Totem at {services.building.site}",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.desk = Desk(services, now, authorizer, is_connected)
    # As they are: what `include_router` takes in is worked out again, in the first requests.
    for resource in (
        health,
        session,
        people,
        pins,
        badges,
        certifications,
        grants,
        visits,
        policies,
        organisations,
        building,
        doors,
        history,  # before `occupancy`, whose {space} would take its words
        occupancy,
        rollcall,
        events,
        authorize,
        latency,
        metrics,
        operators,
        keys,
        audit,
        privacy,
        holds,
        imports,
        docs,
    ):
        app.router.routes.extend(resource.routes.routes)
    problems.install(app)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]  # as FastAPI asks for it
    app.add_middleware(Downloads)
    app.add_middleware(BoundedBodies)
    app.add_middleware(WithoutNul)
    app.add_middleware(SecurityHeaders)
    return app

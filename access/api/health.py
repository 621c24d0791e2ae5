"""`/healthz` says that the process answers, to anybody; `/readyz` whether it can serve, to whoever may ask."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, Settled

routes = APIRouter(tags=["health"])


_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": dict[str, bool], "description": "one of them is not there"}
}


@routes.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer."""
    return {"status": "ok"}


@routes.get("/readyz", responses=_NOT_READY)
async def readyz(response: Response, desk: AtDesk, _actor: Settled) -> dict[str, bool]:
    """Say whether the database and the bus are there, 503 if one is not; and whether taps are answered here now.

    One that stands by answers none, and is ready all the same. `holds`: it answers for the site; `answers`: at every
    door. One that has just followed another holds, and does not answer yet where it matters who is where.
    """
    ready = {"database": await run_in_threadpool(desk.services.is_ready), "bus": desk.is_connected()}
    if not all(ready.values()):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    authorizer = desk.authorizer
    if authorizer is None:
        return ready
    return {**ready, "holds": authorizer.is_holding, "answers": authorizer.is_answering}

"""`/metrics` for Prometheus: how long taps took, and the alerts at limits. Few series, whatever the building's size."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse

from access.api.desk import AtDesk, needs
from access.api.latency import expect_told_of_taps, exposition
from access.occupancy.limits import STEPS, Limit
from access.services.decisions import Decides
from access.services.limits import LimitAlerts
from access.services.rights import Actor, Scope

routes = APIRouter(tags=["metrics"])

_Sees = Annotated[Actor, Depends(needs(Scope.BUILDING_READ))]
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@routes.get("/metrics", response_class=PlainTextResponse)
async def metrics(desk: AtDesk, actor: _Sees) -> Response:
    """Tell Prometheus how long taps took, and at how many spaces limits stand to whoever may read counts."""
    expect_told_of_taps(actor)
    authorizer = desk.authorizer
    parts = [exposition(authorizer.latency()), _turn(authorizer)] if authorizer is not None else []
    if actor.may(Scope.OCCUPANCY_READ):
        parts.append(_limits(desk.services.limits))
    return PlainTextResponse("".join(parts), media_type=_TEXT)


def _turn(authorizer: Decides) -> str:
    """Return whether it is this authorizer that answers, and its newest epoch."""
    holds, answers = "totem_authorizer_holds", "totem_authorizer_answers"
    epoch = "totem_authorizer_epoch"
    lines = (
        f"# HELP {holds} Whether this authorizer answers for the site; one that stands by does not.",
        f"# TYPE {holds} gauge",
        f"{holds} {authorizer.is_holding:d}",
        f"# HELP {answers} Whether it answers at every door, those included where it matters who is where.",
        f"# TYPE {answers} gauge",
        f"{answers} {authorizer.is_answering:d}",
        f"# HELP {epoch} The number of its newest term.",
        f"# TYPE {epoch} gauge",
        f"{epoch} {authorizer.epoch}",
    )
    return "\n".join((*lines, ""))


def _limits(alerts: LimitAlerts) -> str:
    stands, reached = "totem_spaces_at_limit", "totem_limits_reached_total"
    lines = (
        f"# HELP {stands} Spaces that stand at a share of their capacity, in percent, or above.",
        f"# TYPE {stands} gauge",
        *_series(stands, alerts.standing),
        f"# HELP {reached} How often a space reached it since the start.",
        f"# TYPE {reached} counter",
        *_series(reached, alerts.reached),
    )
    return "\n".join((*lines, ""))


def _series(name: str, numbers: Mapping[Limit, int]) -> list[str]:
    return [f'{name}{{percent="{step.value}"}} {numbers[step]}' for step in STEPS]

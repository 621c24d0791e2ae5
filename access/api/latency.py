"""How fast doors are answered: `/v1/doors/{id}/latency` for people, `/metrics` for Prometheus. It names nobody."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel

from access.api.desk import AtDesk, needs
from access.errors import NotFound
from access.services.decisions import SiteLatency
from access.services.rights import Actor, Scope
from policies.ids import DoorId

routes = APIRouter(tags=["latency"])

_Sees = Annotated[Actor, Depends(needs(Scope.BUILDING_READ))]
_US_PER_S = 1_000_000
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class StageBody(BaseModel):
    """How long a stage took `n` taps, in microseconds."""

    n: int
    p50_us: int
    p99_us: int
    worst_us: int


class LatencyBody(BaseModel):
    """What was measured at a door since then: by stage, and how many taps missed their deadline."""

    door: str
    since: AwareDatetime
    misses: int
    stages: dict[str, StageBody]


@routes.get("/v1/doors/{door}/latency")
async def read_latency(door: str, desk: AtDesk, _actor: _Sees) -> LatencyBody:
    """Read how long the last hour's taps of a controller's door took, from arrival to answer."""
    if DoorId(door) not in desk.services.building.doors:
        raise NotFound(f"door {door}: there is no such door")
    found = desk.authorizer.latency_of(DoorId(door)) if desk.authorizer is not None else None
    if found is None:
        raise NotFound(f"door {door}: no controller of it has asked here lately")
    return LatencyBody.model_validate({"door": door} | msgspec.to_builtins(found))


@routes.get("/metrics")
async def metrics(desk: AtDesk, _actor: _Sees) -> Response:
    """Tell Prometheus how long taps took, by stage, and how many missed their deadline."""
    authorizer = desk.authorizer
    if authorizer is None:
        return Response("", media_type=_TEXT)
    told = _exposition(authorizer.latency()) + _turn(answers=authorizer.is_answering, epoch=authorizer.epoch)
    return Response(told, media_type=_TEXT)


def _turn(*, answers: bool, epoch: int) -> str:
    """Return whether it is this authorizer that answers, and its newest epoch."""
    return (
        "# HELP totem_authorizer_answers Whether this authorizer answers for the site; a standby does not.\n"
        "# TYPE totem_authorizer_answers gauge\n"
        f"totem_authorizer_answers {answers:d}\n"
        "# HELP totem_authorizer_epoch The number of its newest term.\n"
        "# TYPE totem_authorizer_epoch gauge\n"
        f"totem_authorizer_epoch {epoch}\n"
    )


def _exposition(measured: SiteLatency) -> str:
    """Return the figures in Prometheus' text format: one histogram by stage, however many doors there are."""
    name, lines = "totem_authorize_seconds", []
    for stage, within in measured.within.items():
        label, total = f'stage="{stage}"', measured.total[stage]
        for bound, count in zip(measured.bounds_us, within, strict=True):
            lines.append(f'{name}_bucket{{{label},le="{bound / _US_PER_S:g}"}} {count}')
        lines.append(f'{name}_bucket{{{label},le="+Inf"}} {total}')
        lines.append(f"{name}_count{{{label}}} {total}")
    misses = "totem_authorize_deadline_misses_total"
    return "\n".join(
        (
            f"# HELP {name} How long controllers' taps took, by stage.",
            f"# TYPE {name} histogram",
            *lines,
            f"# HELP {misses} Taps that were not answered within their deadline.",
            f"# TYPE {misses} counter",
            f"{misses} {measured.misses}",
            "",
        )
    )

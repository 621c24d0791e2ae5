"""How fast doors are answered: `/v1/doors/{id}/latency` for people, and what `/metrics` says of it. It names nobody."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel

from access.api.desk import AtDesk, needs
from access.errors import NotAllowed, NotFound
from access.services.decisions import SiteLatency
from access.services.rights import Actor, Scope
from policies.ids import DoorId

routes = APIRouter(tags=["latency"])

_Sees = Annotated[Actor, Depends(needs(Scope.BUILDING_READ))]
_US_PER_S = 1_000_000


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
async def read_latency(door: str, desk: AtDesk, actor: _Sees) -> LatencyBody:
    """Read how long the last hour's taps of a controller's door took, from arrival to answer; not for companies."""
    expect_told_of_taps(actor)
    if DoorId(door) not in desk.services.building.doors:
        raise NotFound(f"door {door}: there is no such door")
    found = desk.authorizer.latency_of(DoorId(door)) if desk.authorizer is not None else None
    if found is None:
        raise NotFound(f"door {door}: no controller of it has asked here lately")
    return LatencyBody.model_validate({"door": door} | msgspec.to_builtins(found))


def expect_told_of_taps(actor: Actor) -> None:
    """Raise `NotAllowed` for companies: who sees taps one by one counts small groups (docs/domain.md, 6)."""
    if actor.reach.sees_disclosed_only:
        raise NotAllowed("companies are not told how many taps there were")


def exposition(measured: SiteLatency) -> str:
    """Return the figures in Prometheus' text format: one histogram by stage, however many doors there are."""
    name, lines = "totem_authorize_seconds", []
    for stage, within in measured.within.items():
        label, total = f'stage="{stage}"', measured.total[stage]
        for bound, count in zip(measured.bounds_us, within, strict=True):
            lines.append(f'{name}_bucket{{{label},le="{bound / _US_PER_S:g}"}} {count}')
        lines.append(f'{name}_bucket{{{label},le="+Inf"}} {total}')
        lines.append(f"{name}_sum{{{label}}} {measured.sum_us[stage] / _US_PER_S:.6f}")
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

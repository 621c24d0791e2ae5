"""`/v1/policies`: propose rules, have them examined, activate them, roll back."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, Field

from access.api.desk import AtDesk, Desk, needs
from access.api.once import OnceRoute
from access.api.paging import Page, Paged
from access.api.schemas import Sent
from access.api.shapes import LabelBody
from access.services.examination import Examination
from access.services.listing import SEQ
from access.services.policies import PolicyRecord
from access.services.rights import Actor, Scope

routes = APIRouter(prefix="/v1/policies", tags=["policies"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs(Scope.POLICIES_READ))]
_Writes = Annotated[Actor, Depends(needs(Scope.POLICIES_WRITE))]
_Sort = Literal["seq", "-seq"]
_Text = Annotated[str, Field(min_length=1, max_length=500_000)]


_Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class NewPolicy(Sent):
    """Files to propose, as TOML; those not sent stay as they are in force."""

    policy: _Text | None = None
    calendar: _Text | None = None
    scenarios: _Text | None = None
    note: Annotated[str, Field(min_length=1, max_length=300)]


class PolicyShown(BaseModel):
    """A version of the rules. `version` is the name that decisions carry; `active_since` is null unless in force."""

    id: int
    version: str
    note: str
    proposed_by: str
    proposed_at: datetime
    active_since: datetime | None


class PolicyFiles(PolicyShown):
    """A version of the rules with its files."""

    files: dict[str, str]


class ExaminationShown(BaseModel):
    """What tests and invariants said, and what the policy changes for whom, in words."""

    passes: bool
    version: str
    trials: int
    invariants: int
    failures: list[str]
    broken: list[str]
    uncovered: list[str]
    missing: dict[str, int]
    diff: list[LabelBody]


@routes.get("")
def list_policies(paging: Paged, desk: AtDesk, _actor: _Reads, sort: _Sort = "-seq") -> Page[PolicyShown]:
    """List policies, the newest first if not asked for the other way."""
    found, since = desk.services.policies.page(paging.listing(sort)), _active_since(desk)
    return paging.page(found, sort, lambda policy: PolicyShown.model_validate(_fields(policy, since)), SEQ)


@routes.post("", status_code=HTTPStatus.CREATED)
def propose(new: NewPolicy, response: Response, desk: AtDesk, actor: _Writes) -> PolicyShown:
    """Propose rules; files that do not load are refused with every error's file, line and key."""
    files = {
        f"{name}.toml": text
        for name in ("policy", "calendar", "scenarios")
        if (text := getattr(new, name)) is not None
    }
    policy = desk.services.policies.propose(files, new.note, actor.name, desk.now())
    response.headers["Location"] = f"/v1/policies/{policy.seq}"
    return PolicyShown.model_validate(_fields(policy, _active_since(desk)))


@routes.post("/rollback")
def roll_back(desk: AtDesk, actor: _Writes) -> ExaminationShown:
    """Let the rules take force again that were before these."""
    return _shown(desk.services.policies.roll_back(actor.name, desk.now()))


@routes.get("/{policy}")
def read(policy: _Number, desk: AtDesk, _actor: _Reads) -> PolicyFiles:
    """Read a policy with its files."""
    found = desk.services.policies.get(policy)
    return PolicyFiles.model_validate(_fields(found, _active_since(desk)) | {"files": dict(found.files)})


@routes.get("/{policy}/examination")
def examine(policy: _Number, desk: AtDesk, _actor: _Reads) -> ExaminationShown:
    """Put a policy to its scenarios and invariants, and beside the rules in force."""
    return _shown(desk.services.policies.examine(policy, desk.now()))


@routes.post("/{policy}/activate")
def activate(policy: _Number, desk: AtDesk, actor: _Writes) -> ExaminationShown:
    """Let a policy take force at every door, if it passes; the answer says in words what it changed."""
    return _shown(desk.services.policies.activate(policy, actor.name, desk.now()))


def _active_since(desk: Desk) -> tuple[int, datetime] | None:
    newest = desk.services.policies.activations(1)
    return (newest[0].policy, newest[0].at) if newest else None


def _fields(policy: PolicyRecord, active: tuple[int, datetime] | None) -> dict[str, object]:
    since = active[1] if active is not None and active[0] == policy.seq else None
    fields = msgspec.structs.asdict(policy)
    return fields | {"id": fields.pop("seq"), "active_since": since}


def _shown(examination: Examination) -> ExaminationShown:
    fields = msgspec.structs.asdict(examination) | {"passes": examination.passes}
    fields["diff"] = [LabelBody(fr=each.fr, en=each.en) for each in examination.diff]
    return ExaminationShown.model_validate(fields)

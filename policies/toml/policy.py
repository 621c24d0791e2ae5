"""policy.toml: the tiers, organisations and certifications that rules name; `[[permit]]` and `[[forbid]]`."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, TypeVar

import msgspec

from policies.ids import (
    CertificationId,
    DoorId,
    OrganisationId,
    RuleId,
    ScheduleId,
    SpaceId,
    TierId,
    UseId,
)
from policies.policy import Rule, RuleEffect, Tier
from policies.request import Assurance, DoorMode
from policies.roster import ResidentType
from policies.toml.tables import Document, Table, refuse_bad_ids, refuse_doubles, refuse_unknown

_EFFECTS = {"permit": RuleEffect.PERMIT, "forbid": RuleEffect.FORBID}
_PROOF_KEYS = ("certifications", "assurance", "escorted", "accompanied")
_SETS = ("types", "tiers", "organisations", "spaces", "doors", "uses", "certifications", "modes")

_NameT = TypeVar("_NameT")
_Some = Annotated[tuple[_NameT, ...], msgspec.Meta(min_length=1)]
"""What a rule is about, where it says so. An empty list would lift the condition: a permit's last tier, once taken out,
would open the door to everybody."""

Known = Mapping[str, set[str] | None]
"""The ids that a rule may name, by the key it names them under; None where their file could not be read."""


class OrganisationForm(msgspec.Struct, frozen=True):
    """One `[[organisation]]` that rules name. Others may exist; no rule is about them alone."""

    id: OrganisationId


class CertificationForm(msgspec.Struct, frozen=True):
    """One `[[certification]]` that rules ask for."""

    id: CertificationId


class RuleForm(msgspec.Struct, frozen=True):
    """One `[[permit]]` or `[[forbid]]`; see `policies.policy.Rule`."""

    id: RuleId
    types: _Some[ResidentType] = ()
    tiers: _Some[TierId] = ()
    organisations: _Some[OrganisationId] = ()
    spaces: _Some[SpaceId] = ()
    doors: _Some[DoorId] = ()
    uses: _Some[UseId] = ()
    schedule: ScheduleId | None = None
    modes: _Some[DoorMode] = ()
    certifications: _Some[CertificationId] = ()
    assurance: Literal["uid", "sun", "authenticated"] | None = None
    escorted: bool = False
    accompanied: bool = False
    full: bool = False


class Rules(NamedTuple):
    """What policy.toml holds, read; schedules and the calendar come from a file of their own."""

    tiers: tuple[Tier, ...]
    organisations: tuple[OrganisationId, ...]
    certifications: tuple[CertificationId, ...]
    rules: tuple[Rule, ...]


def read_policy(document: Document, known: Known) -> Rules:
    """Read what can be read. `known` has the ids of the other files, under `spaces`, `doors`, `uses`, `schedule`."""
    tiers, organisations = document.tables("tier"), document.tables("organisation")
    certifications = document.tables("certification")
    rules = sorted(document.tables("permit") + document.tables("forbid"), key=lambda table: table.line())
    document.refuse_the_rest()
    for tables in (tiers, organisations, certifications, rules):
        refuse_bad_ids(tables)
    _refuse_loops(tiers)
    own = {"tiers": tiers, "organisations": organisations, "certifications": certifications}
    every = {**known, **{key: {table.id for table in tables} for key, tables in own.items()}}
    return Rules(
        tuple(filter(None, (_read_tier(table, every["tiers"]) for table in tiers))),
        tuple(form.id for form in filter(None, (each.convert(OrganisationForm) for each in organisations))),
        tuple(form.id for form in filter(None, (each.convert(CertificationForm) for each in certifications))),
        tuple(filter(None, (_read_rule(table, every) for table in rules))),
    )


def _read_tier(table: Table, tiers: set[str] | None) -> Tier | None:
    refuse_unknown(table, "includes", tiers, "tier")
    refuse_doubles(table, ["includes"])
    return table.convert(Tier)


def _refuse_loops(tiers: list[Table]) -> None:
    """Report the tiers that include themselves, at the tier that brings them back: one that is meant is not there."""
    includes = {table.id: _names(table, "includes") for table in tiers}
    for table in tiers:
        for number, tier in enumerate(includes[table.id]):
            if table.id in _with_all_included(tier, includes):
                table.fault("includes", f"it includes itself, by way of {tier}; expected other tiers", number)


def _with_all_included(tier: str, includes: Mapping[str, list[str]]) -> set[str]:
    found, to_do = {tier}, [tier]
    while to_do:
        new = set(includes.get(to_do.pop(), ())) - found
        found |= new
        to_do += sorted(new)
    return found


def _names(table: Table, key: str) -> list[str]:
    """Return the names in the array under `key`; what is no name its conversion reports."""
    written = table.values.get(key)
    return [name for name in written if isinstance(name, str)] if isinstance(written, list) else []


def _read_rule(table: Table, known: Known) -> Rule | None:
    form = table.convert(RuleForm)
    effect = _EFFECTS[table.name]
    for key, ids in known.items():
        refuse_unknown(table, key, ids, key.removesuffix("s"))
    refuse_doubles(table, _SETS)
    if not any(key in table.values for key in ("spaces", "doors", "uses")):
        table.fault("spaces", "it covers nothing; expected spaces, doors or uses")
    _refuse_what_turns_around(table, effect)
    if form is None:
        return None
    return Rule(
        form.id,
        effect,
        form.types,
        form.tiers,
        form.organisations,
        form.spaces,
        form.doors,
        form.schedule,
        form.certifications,
        Assurance[form.assurance.upper()] if form.assurance else Assurance.NONE,
        form.escorted,
        form.uses,
        form.modes,
        form.accompanied,
        form.full,
    )


def _refuse_what_turns_around(table: Table, effect: RuleEffect) -> None:
    """Refuse conditions that would let pass who proves less, or who comes when it is full."""
    if effect is RuleEffect.PERMIT and "full" in table.values:
        table.fault("full", "a permit must not need a full space; write a forbid, or remove it")
    for key in _PROOF_KEYS if effect is RuleEffect.FORBID else ():
        if key in table.values:
            table.fault(key, "a forbid must not depend on proof, or who proves less would pass; remove it")

"""policy.toml: `[[tier]]`, `[[schedule]]`, and the rules, `[[permit]]` and `[[forbid]]`."""

import re
from collections.abc import Callable
from typing import Literal

import msgspec

from policies.ids import CertificationId, DoorId, OrganisationId, RuleId, ScheduleId, SpaceId, TierId
from policies.policy import Rule, RuleEffect, Tier
from policies.request import Assurance
from policies.roster import ResidentType
from policies.schedule import GRID_MINUTES, MINUTES_PER_DAY, Schedule, Weekday, Window
from policies.toml.tables import Document, Table, check_id, refuse_bad_ids

_EFFECTS = {"permit": RuleEffect.PERMIT, "forbid": RuleEffect.FORBID}
_PROOF_KEYS = ("certifications", "assurance", "escorted")
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


class _WindowForm(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "until"}
):
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    start: str
    end: str


class _ScheduleForm(msgspec.Struct, frozen=True):
    id: ScheduleId
    windows: tuple[_WindowForm, ...]
    on_holidays: bool = False


class _RuleForm(msgspec.Struct, frozen=True):
    id: RuleId
    types: tuple[ResidentType, ...] = ()
    tiers: tuple[TierId, ...] = ()
    organisations: tuple[OrganisationId, ...] = ()
    spaces: tuple[SpaceId, ...] = ()
    doors: tuple[DoorId, ...] = ()
    schedule: ScheduleId | None = None
    certifications: tuple[CertificationId, ...] = ()
    assurance: Literal["uid", "sun", "authenticated"] | None = None
    escorted: bool = False


class Rules(msgspec.Struct, frozen=True):
    """What policy.toml holds, read; the calendar comes from a file of its own."""

    tiers: tuple[Tier, ...]
    schedules: tuple[Schedule, ...]
    rules: tuple[Rule, ...]


def read_policy(document: Document, spaces: set[str] | None, doors: set[str] | None) -> Rules:
    """Read what can be read. `spaces` and `doors` are the building's ids; None where its file could not be read."""
    tiers, schedules = document.tables("tier"), document.tables("schedule")
    rules = sorted(document.tables("permit") + document.tables("forbid"), key=lambda table: table.line())
    document.refuse_the_rest()
    for tables in (tiers, schedules, rules):
        refuse_bad_ids(tables)
    known = {
        "spaces": spaces,
        "doors": doors,
        "tiers": {table.id for table in tiers},
        "schedule": {table.id for table in schedules},
    }
    return Rules(
        tuple(filter(None, (table.convert(Tier) for table in tiers))),
        tuple(filter(None, map(_read_schedule, schedules))),
        tuple(filter(None, (_read_rule(table, known) for table in rules))),
    )


def _read_schedule(table: Table) -> Schedule | None:
    form = table.convert(_ScheduleForm)
    if form is None:
        return None
    windows = tuple(_read_window(table, number, window) for number, window in enumerate(form.windows))
    return Schedule(form.id, windows, form.on_holidays)


def _read_window(table: Table, number: int, window: _WindowForm) -> Window:
    def fault(message: str) -> None:
        table.fault("windows", f"window {number + 1}: {message}", number)

    if not window.days:
        fault("no days; expected at least one of mon to sun")
    start, end = _minutes(window.start, fault), _minutes(window.end, fault)
    if start == MINUTES_PER_DAY:
        fault("it begins at 24:00; expected 00:00 of the next day")
    if start == end:
        fault(f"it is empty: from {window.start} until {window.end}; the whole day is 00:00 until 24:00")
    return Window(tuple(Weekday[day.upper()] for day in window.days), start, end)


def _minutes(clock: str, fault: Callable[[str], None]) -> int:
    """Return the minute of the day that `clock` shows, reporting what is no time or off the grid."""
    match = _CLOCK.fullmatch(clock)
    minutes = int(match[1]) * 60 + int(match[2]) if match else 0
    if match is None or minutes > MINUTES_PER_DAY:
        fault(f"{clock!r} is no time; expected HH:MM, 00:00 to 24:00")
    elif minutes % GRID_MINUTES:
        fault(f"{clock} is off the grid; expected a quarter-hour: :00, :15, :30 or :45")
    return minutes


def _read_rule(table: Table, known: dict[str, set[str] | None]) -> Rule | None:
    form = table.convert(_RuleForm)
    effect = _EFFECTS[table.name]
    for key, ids in known.items():
        _refuse_unknown(table, key, ids)
    for key in ("organisations", "certifications"):
        check_id(table, key)
    if not (table.values.get("spaces") or table.values.get("doors")):
        table.fault("spaces", "it covers nothing; expected spaces or doors")
    if effect is RuleEffect.FORBID:
        for key in _PROOF_KEYS:
            if key in table.values:
                table.fault(
                    key, "a forbid must not depend on proof, or who proves less would pass; remove it"
                )
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
    )


def _refuse_unknown(table: Table, key: str, known: set[str] | None) -> None:
    written = table.values.get(key, [])
    names = written if isinstance(written, list) else [written]
    for element, name in enumerate(names):
        if isinstance(name, str) and known is not None and name not in known:
            noun = key.removesuffix("s")
            table.fault(
                key,
                f"the {noun} {name} does not exist; expected the id of a {noun}",
                element if isinstance(written, list) else -1,
            )

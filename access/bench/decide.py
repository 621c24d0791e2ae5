"""`totem bench decide`: a full decision over the shipped policy, beside an empty call, a dict, the interpreter, Cedar.

The subject is `Engine.decide` with its Decision and reason. The taps are a seeded day of a thousand people, mixed as
at a building's doors: most are granted, some come at the wrong hour or to the wrong door, a few badges are unknown.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import policies
from access.bench.report import NotBuilt, Options, Report, Size, machine
from access.bench.rounds import ROUNDS, measure
from policies.decision import Decision
from policies.engine import Engine
from policies.ids import BadgeId, PersonId, TierId
from policies.loader import Site, load
from policies.request import AccessRequest, Assurance, LiveState
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from policies.rules import interpret

Contest = Callable[[AccessRequest, LiveState], object]

_SEED = 7
_PEOPLE = 1_000
_TAPS = 20_000
_MORNING = datetime(2026, 9, 15, 5, tzinfo=UTC)
_SECONDS_BETWEEN_TAPS = 3
_UNKNOWN_SHARE = 0.01
_OWN_DOOR_SHARE = 0.85
_TYPE_OF_TIER = {
    "school": ResidentType.STUDENT,
    "company": ResidentType.CORPORATE,
    "module": ResidentType.STARTUP,
    "coworking": ResidentType.COWORKER,
    "fablab": ResidentType.MAKER,
    "visitor": ResidentType.VISITOR,
    "contractor": ResidentType.CONTRACTOR,
    "security": ResidentType.SECURITY,
    "emergency": ResidentType.EMERGENCY,
}


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"decide: size {options.size.value} is not built yet; expected building")
    day = site_and_taps()
    site = day.site
    state = LiveState({}, dict.fromkeys(site.building.spaces, 0), {})
    contestants = _contestants(day, state)
    results = measure(contestants, [(tap, state) for tap in day.taps], options.seconds)
    granted = sum(day.engine.decide(tap, state).grants for tap in day.taps)
    return Report(
        bench="decide",
        machine=machine(),
        config={
            "size": options.size.value,
            "policy_version": site.policy.version,
            "rules": len(site.policy.rules),
            "doors": len(site.building.doors),
            "people": len(day.roster.people),
            "taps": len(day.taps),
            "granted_share": round(granted / len(day.taps), 3),
            "seed": _SEED,
            "rounds": ROUNDS,
            "seconds": options.seconds,
        },
        results=results,
        ratios={
            f"decide/{name}.p50": results["decide"].p50_us / max(results[name].p50_us, 0.001)
            for name in contestants
            if name != "decide"
        },
    )


class Day(NamedTuple):
    """Who is there, and the taps of their day."""

    site: Site
    roster: Roster
    engine: Engine
    taps: list[AccessRequest]


def site_and_taps() -> Day:
    """Return the shipped site with its seeded day."""
    site = load(Path(policies.__file__).parent / "km0")
    roster = _roster(site)
    engine = Engine(site.policy, site.building, roster)
    return Day(site, roster, engine, _taps(site, roster, engine))


def empty(request: AccessRequest, state: LiveState) -> None:
    """Cost what any call costs."""


def _contestants(day: Day, state: LiveState) -> dict[str, Contest]:
    prepared = {(tap.reader, tap.badge): day.engine.decide(tap, state) for tap in day.taps}

    def look_up(request: AccessRequest, _: LiveState) -> Decision:
        return prepared[request.reader, request.badge]

    contestants: dict[str, Contest] = {
        "decide": day.engine.decide,
        "empty": empty,
        "dict": look_up,
        "naive": partial(interpret, day.site.policy, day.site.building, day.roster),
    }
    if find_spec("cedarpy") is not None:
        from access.bench.cedar import CedarYardstick

        contestants["cedar"] = CedarYardstick(day.site, day.roster, day.taps).decide
    return contestants


def _roster(site: Site) -> Roster:
    """Return people spread over the policy's tiers, each with a cryptographic badge."""
    tiers = list(site.policy.tiers)
    people = [_person(number, tiers[number % len(tiers)]) for number in range(_PEOPLE)]
    badges = [
        Badge(BadgeId(f"04{number:012x}"), BadgeKind.DESFIRE, who.id) for number, who in enumerate(people)
    ]
    return Roster.of(people, badges)


def _person(number: int, tier: TierId) -> Person:
    kind = _TYPE_OF_TIER.get(tier.split("-")[0], ResidentType.STAFF)
    return Person(PersonId(f"p{number}"), kind, tiers=(tier,))


def _taps(site: Site, roster: Roster, engine: Engine) -> list[AccessRequest]:
    """Return a day's taps in order of time: people mostly try doors that open to their kind by day."""
    draw = random.Random(_SEED)  # noqa: S311  (a seeded day, no secret)
    readers, badges = list(site.building.readers), list(roster.badges)
    own: dict[BadgeId, list[str]] = {}
    taps: list[AccessRequest] = []
    for number in range(_TAPS):
        at = _MORNING + timedelta(seconds=number * _SECONDS_BETWEEN_TAPS)
        badge = draw.choice(badges)
        if badge not in own:
            noon = _MORNING.replace(hour=10)
            tries = [AccessRequest(noon, reader, badge, Assurance.AUTHENTICATED) for reader in readers]
            own[badge] = [tap.reader for tap in tries if engine.decide(tap, LiveState()).grants]
        known_doors = [reader for reader in readers if reader in own[badge]]
        reader = draw.choice(known_doors if draw.random() < _OWN_DOOR_SHARE else readers)
        shown = BadgeId("08ffffffffffff") if draw.random() < _UNKNOWN_SHARE else badge
        taps.append(AccessRequest(at, reader, shown, Assurance.AUTHENTICATED))
    return taps

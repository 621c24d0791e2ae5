"""`totem bench city`: a million people and ten thousand doors beside the shipped building, in one run.

The subject is `Engine.decide` over the city; the yardsticks are an empty call and the same call over the building.
`person` changes one of the million, `who-can` finds all of them that one door opens to. `config` has the memory that
the loaded roster holds, as the system counts it.
"""

import gc
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from access.bench.city_site import BUILDINGS, DOORS, PEOPLE, city, people, taps
from access.bench.decide import empty, site_and_taps
from access.bench.report import Options, Report, machine
from access.bench.rounds import ROUNDS, measure
from policies.analysis.questions.census import Census
from policies.analysis.questions.entrants import Entrants, who_can
from policies.engine import Engine
from policies.ids import DoorId
from policies.loader import Site
from policies.request import AccessRequest, Assurance, LiveState
from policies.roster import Person, Roster

_SEED = 7
_TAPS = 20_000
_MORNING = datetime(2026, 9, 15, 5, tzinfo=UTC)
_PAGE_BYTES = 4096
_DOORS_A_BUILDING = DOORS // BUILDINGS
_SAMPLED = 500
"""One person in so many is changed."""


def run(options: Options) -> Report:
    """Load the city and measure."""
    shipped = site_and_taps()
    before = _resident_bytes()
    engine, sample = _load(shipped.site)
    held = _resident_bytes() - before
    quiet = LiveState({}, {}, {})
    share = options.seconds / 4
    decided = [(tap, quiet) for tap in _taps(engine)]
    results = measure({"decide": engine.decide, "empty": empty}, decided, share)
    there = LiveState({}, dict.fromkeys(shipped.site.building.spaces, 0), {})
    at_home = [(tap, there) for tap in shipped.taps]
    results |= measure({"building": shipped.engine.decide}, at_home, share)
    results |= measure({"person": partial(_change, engine)}, [(person, None) for person in sample], share)
    census = Census(engine.holders)
    doors = [DoorId(f"b{house}-d{house % _DOORS_A_BUILDING}") for house in range(BUILDINGS)]
    asked = [(door, _MORNING + timedelta(hours=5)) for door in doors]

    def ask(door: DoorId, at: datetime) -> Entrants:
        return who_can(engine, door, at, census)

    results |= measure({"who-can": ask}, asked, share)
    return Report(
        bench="city",
        machine=machine(),
        config={
            "people": PEOPLE,
            "doors": DOORS,
            "spaces": len(engine.building.spaces),
            "rules": len(engine.policy.rules),
            "roster_mb": round(held / 1e6),
            "seed": _SEED,
            "rounds": ROUNDS,
            "seconds": options.seconds,
        },
        results=results,
        ratios={
            "city/building.p50": results["decide"].p50_us / results["building"].p50_us,
            "city/empty.p50": results["decide"].p50_us / max(results["empty"].p50_us, 0.001),
        },
    )


def _load(shipped: Site) -> tuple[Engine, list[Person]]:
    """Return the engine with everybody in it, and some of the people to change."""
    site = city(shipped)
    engine = Engine(site.policy, site.building, Roster({}, {}))
    sample: list[Person] = []
    gc.disable()  # nothing here is garbage, and looking through a million people for it takes longer than they do
    try:
        for number, (person, badge) in enumerate(people(_SEED)):
            engine.put_person(person)
            engine.put_badge(badge)
            if number % _SAMPLED == 0:
                sample.append(person)
    finally:
        gc.enable()
    return engine, sample


def _change(engine: Engine, person: Person, _: None) -> None:
    engine.put_person(person)


def _taps(engine: Engine) -> list[AccessRequest]:
    """Return a day's taps: people mostly try doors of their own building. Readers are named as the shipped day does."""
    readers = {reader: reader for reader in engine.portals}
    return [
        AccessRequest(
            _MORNING + timedelta(seconds=3 * number), readers[reader], badge, Assurance.AUTHENTICATED
        )
        for number, (reader, badge) in enumerate(taps(_SEED, _TAPS))
    ]


def _resident_bytes() -> int:
    """Return the memory of this process as the system counts it, garbage aside."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES

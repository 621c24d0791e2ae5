"""`totem bench replay`: half a million past taps decided again by two policies, beside reading their lines alone.

The subject is what `totem policy replay` does with a file of events when one rule has gone; the yardsticks decode the
same lines, and decide the same taps by one engine.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from access.bench.decide import Day, site_and_taps
from access.bench.report import NotBuilt, Options, Report, Size, machine
from access.bench.rounds import ROUNDS, measure
from access.services.past_taps import PastTaps
from policies.analysis.changes.replay import Replay
from policies.ids import SourceId
from policies.request import AccessRequest, LiveState
from readers.wire.events import Draft, EventType, Inputs, seal

_TAPS = 500_000
_SEED = 7
_MORNING = datetime(2026, 9, 15, 5, tzinfo=UTC)
_BETWEEN = timedelta(seconds=8)
"""A building's pace: about ten thousand taps a day."""


def run(options: Options) -> Report:
    """Write the events, and measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"replay: size {options.size.value} is not built; expected building")
    day = site_and_taps()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        path.write_bytes(b"".join(_lines(day)))
        results = measure(_contestants(day, path), [(None, None)] * ROUNDS, options.seconds)
    return Report(
        bench="replay",
        machine=machine(),
        config={"taps": _TAPS, "seed": _SEED, "rounds": ROUNDS, "seconds": options.seconds},
        results=results,
        ratios={
            f"replay/{name}.p50": results["replay"].p50_us / results[name].p50_us
            for name in ("decode", "decide")
        },
    )


def _contestants(day: Day, path: Path) -> dict[str, Callable[[None, None], object]]:
    rules = tuple(rule for rule in day.site.policy.rules if rule.id != "cafeteria")
    new = day.site._replace(policy=msgspec.structs.replace(day.site.policy, rules=rules))
    state = LiveState()
    taps = [
        AccessRequest(tap.at, tap.reader, tap.badge, tap.assurance, tap.pin_ok)
        for tap in PastTaps([path]).taps()
    ]

    def replay(_: None, __: None) -> int:
        return sum(1 for _ in Replay(day.site, new, day.roster).flips(PastTaps([path]).taps()))

    def decode(_: None, __: None) -> int:
        return sum(1 for _ in PastTaps([path]).taps())

    def decide(_: None, __: None) -> int:
        return sum(day.engine.decide(tap, state).grants for tap in taps)

    return {"replay": replay, "decode": decode, "decide": decide}


def _lines(day: Day) -> list[bytes]:
    draw = random.Random(_SEED)  # noqa: S311  (a seeded log, no secret)
    lines, prev = [], "0" * 64
    for seq in range(1, _TAPS + 1):
        tap = draw.choice(day.taps)
        decision = day.engine.decide(tap, LiveState())
        draft = Draft(
            _MORNING + seq * _BETWEEN,
            EventType.DECISION,
            decision.door,
            tap.reader,
            decision.space,
            effect=decision.effect,
            reason=decision.reason,
            rules=decision.rules,
            policy_version=day.site.policy.version,
            inputs=Inputs(tap.assurance),
            person=decision.person,
            badge=tap.badge,
        )
        sealed = seal(draft, SourceId("bench"), 1, seq, prev, f"{seq:032x}")
        lines.append(sealed.line + b"\n")
        prev = sealed.digest
    return lines

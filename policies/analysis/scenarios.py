"""Run what somebody expects of a policy: each tap decided, each invariant asked over the whole request space.

`run_tests` is what a policy must pass before it is put in force; it reads nothing and needs no clock.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timezone
from pathlib import Path

import msgspec

from policies.analysis.invariants import Broken, broken_invariants
from policies.analysis.when import next_grant
from policies.decision import Decision
from policies.engine import Engine
from policies.errors import Finding, LoadError
from policies.ids import RuleId
from policies.loader import Site
from policies.request import DoorMode
from policies.scenarios import Scenarios, Trial
from policies.schedule import Calendar
from policies.toml.scenarios import read_scenarios
from policies.toml.tables import Document
from policies.toml.words import meant

SCENARIOS = "scenarios.toml"


class Failure(msgspec.Struct, frozen=True):
    """A tap that is not decided as expected, with what was: `line` is where the file says otherwise."""

    file: str
    line: int
    name: str
    expected: str
    decided: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}: expected {self.expected}, got {self.decided}"


class Report(msgspec.Struct, frozen=True):
    """What came of the tests. `uncovered` are the rules that determine no decision of any scenario."""

    trials: int
    invariants: int
    failures: tuple[Failure, ...]
    broken: tuple[Broken, ...]
    uncovered: tuple[RuleId, ...]

    @property
    def passes(self) -> bool:
        """Whether everything is as expected; uncovered rules are a remark."""
        return not (self.failures or self.broken)


def load_scenarios(directory: Path, site: Site) -> Scenarios:
    """Read scenarios.toml beside the policy of `site`; raise `LoadError` with every finding if there is any."""
    findings: list[Finding] = []
    scenarios = read_scenarios(Document(directory / SCENARIOS, findings), site.building, site.policy)
    if findings:
        raise LoadError(directory, tuple(sorted(findings)))
    return scenarios


def run_tests(site: Site, scenarios: Scenarios) -> Report:
    """Decide every trial and ask every invariant."""
    engine = Engine(site.policy, site.building, scenarios.roster)
    met: set[RuleId] = set()
    failures: list[Failure] = []
    # By their time: the engine remembers what is open.
    for trial in sorted(scenarios.trials, key=lambda each: each.request.at):
        decision = engine.decide(trial.request, trial.state)
        met.update(decision.rules)
        failures += (
            _failure(scenarios.file, trial, decision, mismatch)
            for mismatch in _mismatches(engine, trial, decision)
        )
    return Report(
        len(scenarios.trials),
        len(scenarios.invariants),
        tuple(sorted(failures, key=lambda failure: failure.line)),
        broken_invariants(site, scenarios),
        tuple(rule.id for rule in site.policy.rules if rule.id not in met),
    )


def _failure(file: str, trial: Trial, decision: Decision, mismatch: tuple[str, str]) -> Failure:
    expected, got = mismatch
    if got == decision.effect.value:
        got = f"{got} ({_said(decision)})"
    return Failure(file, trial.line, trial.name, expected, got)


def _said(decision: Decision) -> str:
    rules = f" by {', '.join(decision.rules)}" if decision.rules else ""
    return f"{decision.reason.value}{rules}"


def _mismatches(engine: Engine, trial: Trial, decision: Decision) -> Iterator[tuple[str, str]]:
    """Yield what was expected and what came instead; what follows from another mismatch is not told."""
    expected = trial.expected
    if decision.effect is not expected.effect:
        yield expected.effect.value, decision.effect.value
        return
    if expected.reason is not None and decision.reason is not expected.reason:
        yield expected.reason.value, _said(decision)
        return
    if expected.rules is not None and set(decision.rules) != set(expected.rules):
        gone = "".join(_gone(engine, rule) for rule in expected.rules)
        yield f"rules {_listed(expected.rules)}", f"rules {_listed(decision.rules)}{gone}"
    if expected.next is not None or expected.never:
        modes = {engine.portals[trial.request.reader].door: DoorMode.NORMAL} | dict(trial.state.modes)
        found = next_grant(engine, trial.request, msgspec.structs.replace(trial.state, modes=modes))
        if found != expected.next:
            calendar = engine.policy.calendar
            yield f"next {_on_the_wall(expected.next, calendar)}", f"next {_on_the_wall(found, calendar)}"


def _on_the_wall(at: datetime | None, calendar: Calendar) -> str:
    """Return the building's own time, which is what the file says, with the offset that it has then."""
    if at is None:
        return "never"
    day, minute = calendar.local(at)
    wall = datetime.combine(day, time(*divmod(minute, 60)), UTC)
    return at.astimezone(timezone(wall - at.replace(second=0, microsecond=0))).isoformat()


def _gone(engine: Engine, rule: RuleId) -> str:
    """Return that there is no such rule, with the one that it may have been; nothing if there is."""
    known = [each.id for each in engine.policy.rules]
    is_there = rule in known or rule.startswith("grant:")
    return "" if is_there else f"; there is no rule {rule}{meant(rule, known)}"


def _listed(rules: Iterable[RuleId]) -> str:
    return ", ".join(sorted(rules)) or "none"

"""What a lived stretch of time came to, told from the events that reached the store. Equal for equal seeds."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from policies.building import Building, SpaceKind
from policies.decision import Effect
from policies.ids import SpaceId
from policies.presence import Passage, Presence
from readers.wire.events import Event, EventType


class Peak(msgspec.Struct, frozen=True):
    """The most people inside at once, and the first instant of it in UTC."""

    people: int
    at: datetime | None


class Summary(msgspec.Struct, frozen=True):
    """The account of a simulation. `final` leaves out the spaces where nobody is."""

    taps: int
    grants: int
    denials: dict[str, int]
    passages: int
    peak: Peak
    final: dict[SpaceId, int]

    def __str__(self) -> str:
        lines = [
            f"taps      {self.taps:6}",
            f"grants    {self.grants:6}",
            f"denials   {sum(self.denials.values()):6}",
        ]
        lines += [f"          {number:6}  {reason}" for reason, number in self.denials.items()]
        lines += [f"passages  {self.passages:6}"]
        at = f"  at {self.peak.at:%Y-%m-%d %H:%M:%S} UTC" if self.peak.at else ""
        lines += [f"peak      {self.peak.people:6}{at}", "final"]
        lines += [f"          {number:6}  {space}" for space, number in self.final.items()]
        return "\n".join(lines)


class Tally:
    """Takes in each event once, in any order, and sums up at the end."""

    def __init__(self, building: Building) -> None:
        self._building = building
        self._effects: Counter[Effect] = Counter()
        self._denials: Counter[str] = Counter()
        self._passages: list[Passage] = []

    def take(self, events: Iterable[Event]) -> None:
        """Count the events in."""
        for event in events:
            if event.type is EventType.DECISION and event.effect is not None:
                self._effects[event.effect] += 1
                if event.effect is Effect.DENY and event.reason is not None:
                    self._denials[event.reason.value] += 1
            elif event.type is EventType.PASSAGE and event.door and event.origin and event.space:
                self._passages.append(
                    Passage(
                        event.at,
                        event.source,
                        event.epoch,
                        event.seq,
                        event.door,
                        event.origin,
                        event.space,
                        event.person,
                    )
                )

    def sum_up(self) -> Summary:
        """Fold what was taken in."""
        presence, peak = self._relive()
        counts = presence.counts()
        return Summary(
            taps=self._effects.total(),
            grants=self._effects[Effect.GRANT],
            denials=dict(sorted(self._denials.items())),
            passages=len(self._passages),
            peak=peak,
            final={space: number for space, number in counts.items() if number > 0},
        )

    def _relive(self) -> tuple[Presence, Peak]:
        """Fold the passages in their order, and look at the total whenever somebody came in from outside."""
        presence, peak = Presence(self._building), Peak(0, None)
        sites = [space.id for space in self._building.children(None) if space.kind is not SpaceKind.OUTSIDE]
        for passage in sorted(self._passages):
            presence.add([passage])
            if self._building.spaces[passage.origin].kind is SpaceKind.OUTSIDE:
                counts = presence.counts()
                people = sum(counts[site] for site in sites)
                if people > peak.people:
                    peak = Peak(people, passage.at)
        return presence, peak

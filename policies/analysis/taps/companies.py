"""Who can be beside somebody at one door: nobody, a stranger, and as few people as make a difference.

Whoever is beside counts for one thing, whether they may enter here without an escort (`rules.Entry`). So people
are chosen of whom at any instant one may in every site, or else one in each. Who enters only beside another gains and
loses with that other, of whom it is told.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from policies.analysis.taps.standings import Kind
from policies.ids import PersonId
from policies.masks import mask_of


class Company(NamedTuple):
    """The people beside somebody, and which of them is their host."""

    people: tuple[PersonId, ...] = ()
    host: PersonId | None = None

    def is_in(self, other: "Company") -> bool:
        """Return whether all of these are in the other one, a host as the host."""
        return {*self.people} <= {*other.people} and self.host in {None, other.host}


ALONE = Company()


class Instant(NamedTuple):
    """What can decide at some instant: the rules that are open, in a mode, with or without those over full spaces."""

    open: int
    is_lockdown: bool
    is_full: bool


class Side(NamedTuple):
    """The rules of one site at the door, as masks over all sites' rules, and the bits of two flags of tiers.

    `permits` ask for no escort. `forbids` always hold, `full` only when there is no room; what cannot be evaluated
    is among the `forbids`.
    """

    permits: int
    forbids: int
    full: int
    exempt: int
    responder: int

    def lets_in(self, about: int, now: Instant) -> bool:
        """Return whether somebody on whom the rules `about` bear may enter then, as trained and proven as can be."""
        if now.is_lockdown and not about & self.exempt:
            return False
        refusing = self.forbids | (self.full if now.is_full and not about & self.responder else 0)
        return bool(about & now.open & self.permits) and not about & now.open & refusing


def accompanying(kinds: Iterable[Kind], instants: Sequence[Instant], sides: Sequence[Side]) -> list[Kind]:
    """Return few of the `kinds`: whenever one of all may enter, one of these may, in every side or else in each.

    One alone where somebody may at every instant: the plainest of them.
    """
    plainest = sorted(kinds, key=lambda kind: len(kind.groups[0].tiers[0]))
    always = (kind for kind in plainest if _times(kind, instants, sides) == _all(instants))
    if (one := next(always, None)) is not None:
        return [one]
    chosen: list[Kind] = []
    for some in (sides, *((side,) for side in sides)):
        times = {kind: _times(kind, instants, some) for kind in plainest}
        left = _all(instants)
        for kind in (*chosen, *sorted(plainest, key=lambda kind: -times[kind].bit_count())):
            if left & times[kind] and kind not in chosen:
                chosen.append(kind)
            left &= ~times[kind]
    return chosen


def _times(kind: Kind, instants: Sequence[Instant], sides: Sequence[Side]) -> int:
    """Return at which of the instants the people may enter, in all of the sides."""
    return mask_of(all(side.lets_in(kind.about, now) for side in sides) for now in instants)


def _all(instants: Sequence[Instant]) -> int:
    return (1 << len(instants)) - 1

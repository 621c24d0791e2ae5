"""Who may answer taps, as a machine without IO: times come in, what to ask the database comes out.

The term stands in PostgreSQL. Its holder counts from the moment at which it *sent* the renewal and stops `margin_s`
early by its own clock, whether the database can be reached or not. Another takes it only when the database calls it
over *and* nobody has touched it for a whole term by the other's own clock: so neither a clock that is set nor a
process that is stopped and goes on makes two answer. No two clocks are ever compared, only how fast they run.
"""

from enum import Enum, auto
from math import inf

import msgspec

from access.store.terms import Term, Won


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a term lasts, and how often it is renewed or looked at, in seconds.

    A standby answers at the latest `lasts_s` and two looks after the holder's death. `margin_s` is what the clocks of
    two machines may drift apart within a term, and more. Without a line to the bus a standby waits `unfed_s` longer,
    so that one that knows who is where comes first.
    """

    lasts_s: float = 3.0
    margin_s: float = 0.5
    renew_every_s: float = 0.5
    look_every_s: float = 0.25
    unfed_s: float = 2.0


def timing(lasts_s: float) -> Timing:
    """Return the times of a term that lasts so long: six renewals fit into it, and a sixth of it is margin."""
    part_s = lasts_s / 6
    return Timing(lasts_s, part_s, part_s, min(part_s, Timing().look_every_s))


class Standing(Enum):
    """`TAKING` holds the term and answers nobody; `PARTLY` answers where it does not matter who is where."""

    WATCHING = auto()
    TAKING = auto()
    PARTLY = auto()
    ANSWERING = auto()


class Turn(Enum):
    """What may change a standing: the rights are read from the store, the bus is heard up to now, the term is over."""

    WON = auto()
    READ = auto()
    HEARD = auto()
    LOST = auto()
    LAPSED = auto()


class Effect(Enum):
    """What its owner does about a change."""

    CATCH_UP = auto()
    FALL_SILENT = auto()


_MS_PER_S = 1000

TABLE: dict[tuple[Standing, Turn], tuple[Standing, tuple[Effect, ...]]] = {
    (Standing.WATCHING, Turn.WON): (Standing.TAKING, (Effect.CATCH_UP,)),
    (Standing.TAKING, Turn.READ): (Standing.PARTLY, ()),
    (Standing.PARTLY, Turn.HEARD): (Standing.ANSWERING, ()),
    (Standing.TAKING, Turn.LOST): (Standing.WATCHING, (Effect.FALL_SILENT,)),
    (Standing.PARTLY, Turn.LOST): (Standing.WATCHING, (Effect.FALL_SILENT,)),
    (Standing.ANSWERING, Turn.LOST): (Standing.WATCHING, (Effect.FALL_SILENT,)),
    (Standing.TAKING, Turn.LAPSED): (Standing.WATCHING, (Effect.FALL_SILENT,)),
    (Standing.PARTLY, Turn.LAPSED): (Standing.WATCHING, (Effect.FALL_SILENT,)),
    (Standing.ANSWERING, Turn.LAPSED): (Standing.WATCHING, (Effect.FALL_SILENT,)),
}
"""Whatever is not here cannot happen; what comes too late for its term is not brought here (`Lease.caught_up`)."""

_PLAIN = frozenset({Standing.PARTLY, Standing.ANSWERING})


class Ask(Enum):
    """What to ask the database next."""

    LOOK = auto()
    TAKE = auto()
    RENEW = auto()


class Lease:
    """One candidate's part. Times are seconds of its own clock, which must go on while the machine sleeps.

    `epoch` is the newest term of its own.
    """

    def __init__(self, holder: str, timing: Timing) -> None:
        self.holder, self.timing = holder, timing
        self.standing = Standing.WATCHING
        self.epoch = 0
        self._held_since = 0
        self.seen: Term | None = None
        self._seen_since = inf
        self._stops_at = -inf

    @property
    def alone_s(self) -> float:
        """Return how long before the newest term began nobody else had held one, in seconds by the database's clock.

        What an earlier life of its own answered is in its journal; what another did is known to that other alone,
        however often this one has begun since.
        """
        return (self.epoch - self._held_since) / _MS_PER_S

    def may_answer(self, now: float) -> bool:
        """Return whether any tap may be answered."""
        return self.standing is Standing.ANSWERING and now < self._stops_at

    def may_answer_plain(self, now: float) -> bool:
        """Return whether a tap may be answered for which it does not matter who is where."""
        return self.standing in _PLAIN and now < self._stops_at

    def ask(self, now: float, *, is_fed: bool) -> Ask:
        """Return what to ask of the database; `is_fed` says whether the bus is heard."""
        if self.standing is not Standing.WATCHING:
            return Ask.RENEW
        return Ask.TAKE if self._may_take(now, is_fed=is_fed) else Ask.LOOK

    def _may_take(self, now: float, *, is_fed: bool) -> bool:
        seen = self.seen
        if seen is None:
            return False
        if seen.is_given_up or seen.holder == self.holder:
            return True
        patience = self.timing.lasts_s + (0.0 if is_fed else self.timing.unfed_s)
        return seen.is_over and now - self._seen_since >= patience

    def looked(self, term: Term, now: float) -> None:
        """Take note of the term as it is; `now` is when the answer was here."""
        known = self.seen
        if known is None or (known.epoch, known.renewals) != (term.epoch, term.renewals):
            self._seen_since = now
        self.seen = term

    def took(self, won: Won | None, sent: float, now: float) -> tuple[Effect, ...]:
        """Begin a term that was won; None says that another came first."""
        self.seen = None
        if won is None:
            return ()
        self.epoch, self._held_since = won
        self._prolong(sent)
        return self._turn(Turn.WON) + self.tick(now)

    def renewed(self, sent: float, now: float, *, is_ours: bool) -> tuple[Effect, ...]:
        """Prolong the term from when its renewal was sent; where somebody followed, or it is too late, stop."""
        stopped = self.tick(now)
        if stopped:
            return stopped
        if not is_ours:
            return self._turn(Turn.LOST)
        self._prolong(sent)
        return ()

    def tick(self, now: float) -> tuple[Effect, ...]:
        """Stop when the term has run out by this clock, whatever the database would say."""
        if self.standing is Standing.WATCHING or now < self._stops_at:
            return ()
        return self._turn(Turn.LAPSED)

    def caught_up(self, turn: Turn, epoch: int, now: float) -> tuple[Effect, ...]:
        """Note that the store is `READ` or the bus `HEARD` in the term `epoch`; one that is over needs neither."""
        stopped = self.tick(now)
        if stopped or self.standing is Standing.WATCHING or epoch != self.epoch:
            return stopped
        return self._turn(turn)

    def _prolong(self, sent: float) -> None:
        self._stops_at = sent + self.timing.lasts_s - self.timing.margin_s

    def _turn(self, turn: Turn) -> tuple[Effect, ...]:
        self.standing, effects = TABLE[self.standing, turn]
        return effects

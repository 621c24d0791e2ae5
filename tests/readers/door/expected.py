"""A second model of a door, written from the promises and not from the table: times and truths instead of states."""

STRIKE_MS, SLOW_MS, HELD_MS = 5_000, 15_000, 30_000


class Expected:
    """What the bolt and the alarms of a door with a contact should be, in milliseconds of a clock."""

    def __init__(self) -> None:
        self.now = 0
        self.is_open = self.is_free = False
        self.fire = ""  # "on" while the wiring releases, "past" until somebody re-arms
        self.forced = False
        self._until: int | None = None  # the strike is let go for somebody
        self._someone_leaves = self._slow_waits = self._slow_inside = False
        self._open_since: int | None = None  # as the held alarm counts
        self._held = False  # raised before somebody slow stepped into the door

    @property
    def is_bolt_free(self) -> bool:
        return bool(self.fire) or self.is_free or self._is_wanted

    @property
    def alarms(self) -> set[str]:
        limit = HELD_MS + (SLOW_MS - STRIKE_MS if self._slow_inside else 0)
        held = self._held or (self._open_since is not None and self.now >= self._open_since + limit)
        return {
            name
            for name, is_raised in (("held", held), ("forced", self.forced), ("released", bool(self.fire)))
            if is_raised
        }

    @property
    def _is_wanted(self) -> bool:
        return self._until is not None and self.now < self._until

    def pass_time(self, by: int) -> None:
        self.now += by
        if self._until is not None and not self._is_wanted:
            self._give_up()

    def let_pass(self, *, leaves: bool, slow: bool = False) -> None:
        if self.is_open:
            self._held = "held" in self.alarms
            self._slow_inside |= slow
            if not self.is_free and not self.fire:
                self._let_go()
            if self._open_since is not None and "held" not in self.alarms:
                self._open_since = self.now
            return
        self._someone_leaves = leaves or (self._someone_leaves and self._is_wanted)
        self._slow_waits |= slow
        self._let_go()

    def _let_go(self) -> None:
        is_slow = self._slow_waits or self._slow_inside
        self._until = self.now + (SLOW_MS if is_slow else STRIKE_MS)

    def open(self, *, found: bool = False) -> None:
        if self.is_open:
            return
        self.is_open = True
        self.forced = not self.is_bolt_free and not found
        self._slow_inside, self._slow_waits = self._slow_waits, False
        if self.is_free or self.fire:
            self._until = None
        self._watch(begins=not self.is_free and not self.fire and not self.forced)

    def close(self) -> None:
        self.is_open = self.forced = self._slow_inside = False
        if not self.is_free and not self.fire:
            self._give_up()
        self._watch(begins=False)

    def set_mode(self, *, free: bool, shut: bool = False) -> None:
        was_free, self.is_free = self.is_free, free
        if self.fire:
            return
        if free:
            self.forced = False
            self._until = self._until if not self.is_open else None
            self._watch(begins=False)
        elif self.is_open and was_free:
            self._let_go()
            self._watch(begins=True)
        elif (was_free or shut) and not self.is_open and not self._someone_leaves:
            self._give_up()

    def release(self) -> None:
        self.fire, self.forced = "on", False
        if self.is_open:
            self._until = None
        self._watch(begins=False)

    def end_release(self) -> None:
        self.fire = "past" if self.fire else ""

    def rearm(self) -> None:
        if self.fire != "past":
            return
        self.fire = ""
        if self.is_open:
            self._watch(begins=not self.is_free)
        else:
            self._someone_leaves = True
        if not (self.is_open and self.is_free):
            self._let_go()

    def _give_up(self) -> None:
        self._until = None
        self._someone_leaves = self._slow_waits = False

    def _watch(self, *, begins: bool) -> None:
        self._open_since = self.now if begins else None
        self._held = False

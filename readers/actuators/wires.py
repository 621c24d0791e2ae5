"""What the levels of a door's wires mean, told once a change and kept for who asks. Decides nothing.

What is at rest when it is first known is no change: only an open leaf, a given release and their like are told then.
"""

from collections.abc import Callable

from readers.ports import Input

_PAIRS = (
    frozenset({Input.CONTACT_OPEN, Input.CONTACT_CLOSED, Input.CONTACT_FAULT}),
    frozenset({Input.TAMPERED, Input.TAMPER_ENDED}),
    frozenset({Input.RELEASED, Input.REARMED}),
    frozenset({Input.OUTPUT_FAILED, Input.OUTPUT_RESTORED}),
)
_PAIR_OF = {each: pair for pair in _PAIRS for each in pair}
_AT_REST = frozenset({Input.CONTACT_CLOSED, Input.TAMPER_ENDED, Input.REARMED, Input.OUTPUT_RESTORED})


class Wires:
    """The wires of one door."""

    def __init__(self) -> None:
        self._known: dict[frozenset[Input], Input] = {}
        self._exit_active = False
        self._listeners: tuple[Callable[[Input], None], ...] = ()

    def listen(self, on_input: Callable[[Input], None]) -> None:
        """Call `on_input` for every change from now on."""
        self._listeners = (*self._listeners, on_input)

    def senses(self) -> frozenset[Input]:
        """Return the last of each pair."""
        return frozenset(self._known.values())

    def contact(self, *, is_open: bool | None) -> None:
        """Take the contact's level; None is a level that no contact makes."""
        if is_open is None:
            self._set(Input.CONTACT_FAULT)
        else:
            self._set(Input.CONTACT_OPEN if is_open else Input.CONTACT_CLOSED)

    def exit(self, *, active: bool) -> None:
        """Take the level of the exit button, handle switch or detector: its becoming active is the request."""
        was_active, self._exit_active = self._exit_active, active
        if active and not was_active:
            self._tell(Input.EXIT_REQUESTED)

    def tamper(self, *, active: bool) -> None:
        """Take the level of the case's switch."""
        self._set(Input.TAMPERED if active else Input.TAMPER_ENDED)

    def release(self, *, active: bool) -> None:
        """Take the level of the building's release."""
        self._set(Input.RELEASED if active else Input.REARMED)

    def output(self, *, answers: bool) -> None:
        """Take whether the output answers."""
        self._set(Input.OUTPUT_RESTORED if answers else Input.OUTPUT_FAILED)

    def _set(self, now: Input) -> None:
        pair = _PAIR_OF[now]
        before = self._known.get(pair)
        self._known[pair] = now
        if before is not now and not (before is None and now in _AT_REST):
            self._tell(now)

    def _tell(self, what: Input) -> None:
        for listener in self._listeners:
            listener(what)

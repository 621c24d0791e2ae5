"""The kernel's side of GPIO lines, with a door on them: a stand-in for `gpiod.Chip` where no gpio-sim is to be had.

Levels are physical: high is true. A line is an output while somebody drives it; with nobody driving it a pull-down
on the relay board lets the relay drop. Edges are kept until they are read, and the oldest are dropped when there are
too many, as the kernel does.
"""

import errno
import os
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Self

import gpiod
from gpiod.line import Bias, Direction, Value

from emulators.strike import EmulatedDoor
from readers.ports import Input

STRIKE, CONTACT, CONTACT_SHUT, EXIT, TAMPER, RELEASE = 17, 27, 22, 23, 24, 25
GREEN, RED, BUZZER = 5, 6, 13
LINES = 28
_RISING, _FALLING = (
    gpiod.EdgeEvent.Type.RISING_EDGE.value,
    gpiod.EdgeEvent.Type.FALLING_EDGE.value,
)


class EmulatedChip:
    """A chip at a path; `open` is `gpiod.Chip` of a program under test. Several programs cannot hold a line at once."""

    def __init__(self) -> None:
        self.levels: dict[int, bool] = {}
        self.holder: _Request | None = None
        self.outputs: dict[int, bool] = {}
        self.is_gone = False

    def open(self, path: str) -> "_Chip":
        """Open the chip; raise `OSError` where it is not there."""
        del path
        self.must_be_there(errno.ENOENT)
        return _Chip(self)

    def must_be_there(self, otherwise: int) -> None:
        """Raise `OSError` with that number where the chip is gone."""
        if self.is_gone:
            raise OSError(otherwise, os.strerror(otherwise))

    def unplug(self) -> None:
        """Take the chip away: whoever holds its lines is told by an error, and the relay drops."""
        self.is_gone = True
        self.outputs = {}
        self.drive()
        if self.holder is not None:
            self.holder.ring()

    def plug(self) -> None:
        """Bring it back."""
        self.is_gone = False

    def take_back(self) -> None:
        """Let go of the lines in the name of a process that died."""
        if self.holder is not None:
            self.holder.release()

    def set_level(self, line: int, *, high: bool) -> None:
        """Put a level on an input from outside."""
        if self.levels.get(line) is not high:
            self.levels[line] = high
            if self.holder is not None:
                self.holder.edge(line, high=high)

    def drive(self) -> None:
        """Take the outputs as they are now; whoever hangs on them overrides this."""


class DoorOnChip(EmulatedChip):
    """The lines of one door: contact, case and release are closed to ground at rest, a button when it is pressed."""

    def __init__(self, door: EmulatedDoor) -> None:
        super().__init__()
        self._door = door
        resting = {CONTACT: False, CONTACT_SHUT: True, EXIT: True, TAMPER: False, RELEASE: False}
        self.levels.update(resting)
        door.listen(self._follow)

    def drive(self) -> None:
        if self.outputs.get(STRIKE, False):
            self._door.unlock()
        else:
            self._door.lock()

    def _follow(self, told: Input) -> None:
        match told:
            case Input.CONTACT_OPEN | Input.CONTACT_CLOSED:
                self.set_level(CONTACT, high=told is Input.CONTACT_OPEN)
                self.set_level(CONTACT_SHUT, high=told is Input.CONTACT_CLOSED)
            case Input.CONTACT_FAULT:
                self._fail()
            case Input.EXIT_REQUESTED:
                self.set_level(EXIT, high=False)
                self.set_level(EXIT, high=True)
            case Input.TAMPERED | Input.TAMPER_ENDED:
                self.set_level(TAMPER, high=told is Input.TAMPERED)
            case Input.RELEASED | Input.REARMED:
                self.set_level(RELEASE, high=told is Input.RELEASED)

    def _fail(self) -> None:
        """Both throws are pulled up where the common wire is cut, and both at ground where it is shorted."""
        is_cut = self._door.faults.cable is not None and self._door.faults.cable.value == "cut"
        self.set_level(CONTACT, high=is_cut)
        self.set_level(CONTACT_SHUT, high=is_cut)


class _Chip:
    """What `gpiod.Chip` is to its user."""

    def __init__(self, chip: EmulatedChip) -> None:
        self._chip = chip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def line_offset_from_id(self, line: int | str) -> int:
        offset = int(line.removeprefix("GPIO")) if isinstance(line, str) else line
        if not 0 <= offset < LINES:
            raise ValueError("line offset of out range")
        return offset

    def request_lines(
        self,
        config: Mapping[int | str, gpiod.LineSettings],
        consumer: str,
        event_buffer_size: int,
    ) -> "_Request":
        del consumer
        self._chip.must_be_there(errno.ENODEV)
        if self._chip.holder is not None:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        settings = {self.line_offset_from_id(line): each for line, each in config.items()}
        return _Request(self._chip, settings, event_buffer_size)


class _Request:
    """What `gpiod.LineRequest` is to its user."""

    def __init__(self, chip: EmulatedChip, settings: Mapping[int, gpiod.LineSettings], most: int) -> None:
        self._chip, self._settings = chip, settings
        self._edges: deque[gpiod.EdgeEvent] = deque(maxlen=most)
        self.fd = os.eventfd(0, os.EFD_NONBLOCK)
        chip.holder = self
        for offset, each in settings.items():
            if each.direction is Direction.INPUT and each.bias is not Bias.DISABLED:
                chip.levels.setdefault(offset, each.bias is Bias.PULL_UP)
        self.set_values(
            {
                offset: each.output_value
                for offset, each in settings.items()
                if each.direction is Direction.OUTPUT
            }
        )

    def set_values(self, values: Mapping[int | str, Value]) -> None:
        if self._chip.holder is not self:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        self._chip.must_be_there(errno.ENODEV)
        for line, value in values.items():
            offset = _Chip(self._chip).line_offset_from_id(line)
            self._chip.outputs[offset] = bool(value) is not self._settings[offset].active_low
        self._chip.drive()

    def get_values(self, lines: Iterable[int]) -> list[Value]:
        self._chip.must_be_there(errno.ENODEV)
        return [Value(self._chip.levels[each] is not self._settings[each].active_low) for each in lines]

    def read_edge_events(self) -> list[gpiod.EdgeEvent]:
        self._chip.must_be_there(errno.ENODEV)
        os.eventfd_read(self.fd)
        edges = list(self._edges)
        self._edges.clear()
        return edges

    def release(self) -> None:
        if self._chip.holder is not self:
            return
        self._chip.holder = None
        self._chip.outputs = {}
        self._chip.drive()
        os.close(self.fd)

    def edge(self, line: int, *, high: bool) -> None:
        """Note an edge of a requested input."""
        settings = self._settings.get(line)
        if settings is None:
            return
        rising = high is not settings.active_low
        self._edges.append(gpiod.EdgeEvent(_RISING if rising else _FALLING, 0, line, 0, 0))
        self.ring()

    def ring(self) -> None:
        """Wake whoever polls the descriptor."""
        os.eventfd_write(self.fd, 1)

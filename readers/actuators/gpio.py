"""Pins of the door's own computer: the one file that imports `gpiod` (libgpiod 2, the character device).

The kernel keeps edges until they are read, so that no input is missed while the computer is busy. A chip or line that
is not there is no reason to stop serving the other doors: this door's output has failed, says so, and is tried again.

When this process ends the kernel lets the lines go. Most chips then make them inputs, and the relay drops; a Raspberry
Pi keeps driving them unless `dtparam=strict_gpiod` is set, which is warned of at the start (docs/hardware.md).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from policies.ids import ReaderId
from readers.actuators.beeps import Beeper
from readers.actuators.loop import LoopState, LoopWatch
from readers.actuators.wires import Wires
from readers.errors import HardwareFault
from readers.feedback import Signal
from readers.hardware import Gpio, GpioInput, GpioOutput
from readers.ports import Feedback, Input

_log = logging.getLogger(__name__)

RETRY_S = 1.0
UNPROVEN_FOR_S = 0.2
"""How long both throws of a changeover contact may agree: while it moves they do."""

_MOST_EDGES = 256
"""The kernel drops the oldest of more than that; the levels are read again after every batch."""

_BIAS = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "off": Bias.DISABLED}
_KEEPS_DRIVING = "pinctrl_*/parameters/persist_gpio_outputs"

_MODULES = Path("/sys/module")

_Lines = dict[Iterable[int | str] | int | str, gpiod.LineSettings | None]
OpenChip = Callable[[str], gpiod.Chip]


class GpioDoor:
    """A door on lines of a chip, made on the event loop that it serves; its lamps and buzzer give the `signals`."""

    def __init__(
        self,
        wiring: Gpio,
        signals: Mapping[Feedback, Signal],
        loop: asyncio.AbstractEventLoop,
        open_chip: OpenChip = gpiod.Chip,
    ) -> None:
        self._wiring, self._signals, self._loop, self._open_chip = wiring, signals, loop, open_chip
        self._name = f"door {wiring.id}: {wiring.chip}"
        self._wires = Wires()
        self._free = False
        self._request: gpiod.LineRequest | None = None
        self._fault: Exception | None = None
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._beeper = Beeper(lambda on: self._put({wiring.buzzer: bool(on)}), loop)
        self._watch = (
            LoopWatch(wiring.contact_loop, self._take_loop, loop) if wiring.contact_loop is not None else None
        )
        self._open()

    def unlock(self) -> None:
        self._move(free=True)

    def lock(self) -> None:
        self._move(free=False)

    def show(self, feedback: Feedback, at: ReaderId | None = None) -> None:
        del at  # its lamps are the door's
        signal = self._signals[feedback]
        self._light(green=signal.colour in ("green", "amber"), red=signal.colour in ("red", "amber"))
        self._after("lamp", signal.for_s, lambda: self._light(green=False, red=False))
        self._beeper.beep(signal.beeps, signal.beep_s)

    def listen(self, on_input: Callable[[Input], None]) -> None:
        self._wires.listen(on_input)

    def senses(self) -> frozenset[Input]:
        return self._wires.senses()

    async def close(self) -> None:
        """Engage the strike and let the lines go."""
        if self._request is not None:
            self._put({self._wiring.strike: False})
        self._let_go()
        if self._watch is not None:
            self._watch.close()
        self._beeper.close()
        for timer in self._later.values():
            timer.cancel()

    # ---- outputs

    def _move(self, *, free: bool) -> None:
        self._free, strike = free, self._wiring.strike
        self._put({strike: free})
        if strike is None and free:
            raise HardwareFault(f"{self._name}: no strike is wired, expected one to let go of")
        if strike is not None and self._request is None:
            raise HardwareFault(
                f"{self._name}: {self._fault}, expected its line {strike.line} to switch the strike"
            )

    def _light(self, *, green: bool, red: bool) -> None:
        self._put({self._wiring.green: green, self._wiring.red: red})

    def _put(self, levels: Mapping[GpioOutput | None, bool]) -> None:
        wanted = {output.line: Value(on) for output, on in levels.items() if output is not None}
        if self._request is None or not wanted:
            return
        try:
            self._request.set_values(wanted)
        except OSError as fault:
            self._lose(fault)

    # ---- inputs

    def _hear(self) -> None:
        """Take the edges in the order in which they were, then the levels, in case that some edges were dropped."""
        if self._request is None:
            return
        try:
            for edge in self._request.read_edge_events():
                self._levels[edge.line_offset] = edge.event_type is edge.Type.RISING_EDGE
                self._tell()
            self._look()
        except OSError as fault:
            self._lose(fault)

    def _look(self) -> None:
        if self._request is None:
            return
        offsets = [self._offset(each) for each in self._inputs()]
        self._levels = dict(zip(offsets, map(bool, self._request.get_values(offsets)), strict=True))
        self._tell()

    def _tell(self) -> None:
        wiring, wires = self._wiring, self._wires
        if wiring.exit is not None:
            wires.exit(active=self._level(wiring.exit))
        if wiring.tamper is not None:
            wires.tamper(active=self._level(wiring.tamper))
        if wiring.release is not None:
            wires.release(active=self._level(wiring.release))
        self._tell_contact()

    def _tell_contact(self) -> None:
        opened, shut = self._wiring.contact, self._wiring.contact_shut
        if opened is None:
            return
        is_open = self._level(opened)
        if shut is None or self._level(shut) is not is_open:
            self._cancel("contact")
            self._wires.contact(is_open=is_open)
        elif "contact" not in self._later:
            self._after("contact", UNPROVEN_FOR_S, lambda: self._wires.contact(is_open=None))

    def _take_loop(self, state: LoopState) -> None:
        is_open = {LoopState.SHUT: False, LoopState.OPEN: True}.get(state)
        if is_open is None:
            fault = f"{self._name}: contact loop {state.value}"
            _log.error("door-contact-failed", extra={"door": self._wiring.id, "fault": fault})
        self._wires.contact(is_open=is_open)

    def _level(self, line: GpioInput) -> bool:
        return self._levels[self._offset(line)]

    def _offset(self, line: GpioInput) -> int:
        return self._offsets[line.line]

    def _inputs(self) -> tuple[GpioInput, ...]:
        wiring = self._wiring
        each = (wiring.contact, wiring.contact_shut, wiring.exit, wiring.tamper, wiring.release)
        return tuple(line for line in each if line is not None)

    # ---- the chip

    def _open(self) -> None:
        self._cancel("retry")
        try:
            with self._open_chip(self._wiring.chip) as chip:
                self._offsets = {each.line: chip.line_offset_from_id(each.line) for each in self._inputs()}
                self._request = chip.request_lines(
                    self._settings(), f"totem {self._wiring.id}", event_buffer_size=_MOST_EDGES
                )
            self._loop.add_reader(self._request.fd, self._hear)
            self._look()
        except (OSError, ValueError) as fault:
            self._lose(fault)
            return
        self._fault = None
        self._wires.output(answers=True)
        if outlive_their_process(_MODULES):
            _log.warning("lines-outlive-process", extra={"fault": f"{self._name}: set dtparam=strict_gpiod"})

    def _settings(self) -> "_Lines":
        wiring = self._wiring
        lines: _Lines = {each.line: _input(each) for each in self._inputs()}
        for lamp in (wiring.green, wiring.red, wiring.buzzer):
            if lamp is not None:
                lines[lamp.line] = _output(lamp, on=False)
        if wiring.strike is not None:
            lines[wiring.strike.line] = _output(wiring.strike, on=self._free)
        return lines

    def _lose(self, fault: Exception) -> None:
        """Let the chip go and say so, once; try again."""
        self._let_go()
        if self._fault is None:
            _log.error(
                "door-output-failed", extra={"door": self._wiring.id, "fault": f"{self._name}: {fault}"}
            )
        self._fault = fault
        if self._wiring.contact is not None:
            self._wires.contact(is_open=None)
        self._wires.output(answers=False)
        self._after("retry", RETRY_S, self._open)

    def _let_go(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            self._loop.remove_reader(request.fd)
            request.release()

    def _after(self, what: str, seconds: float, act: Callable[[], None]) -> None:
        self._cancel(what)
        self._later[what] = self._loop.call_later(seconds, act)

    def _cancel(self, what: str) -> None:
        if (timer := self._later.pop(what, None)) is not None:
            timer.cancel()


def _input(line: GpioInput) -> gpiod.LineSettings:
    return gpiod.LineSettings(
        direction=Direction.INPUT,
        edge_detection=Edge.BOTH,
        bias=_BIAS[line.pull],
        active_low=line.active == "low",
        debounce_period=timedelta(milliseconds=line.debounce_ms),
    )


def _output(line: GpioOutput, *, on: bool) -> gpiod.LineSettings:
    return gpiod.LineSettings(
        direction=Direction.OUTPUT, active_low=line.active == "low", output_value=Value(on)
    )


def outlive_their_process(modules: Path) -> bool:
    """Say whether the kernel would keep a relay where it is after this process has died."""
    return any(each.read_text("ascii").strip() == "Y" for each in modules.glob(_KEEPS_DRIVING))

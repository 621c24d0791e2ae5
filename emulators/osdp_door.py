"""A door on the first output and the inputs of an emulated OSDP peripheral."""

import asyncio
from typing import cast

import osdp

from emulators.osdp import EmulatedPeripheral
from emulators.strike import EmulatedDoor
from readers.ports import Input

OUTPUT, CONTACT, EXIT, RELEASE = 0, 0, 1, 2
DOOR_HEAD = {
    osdp.Capability.ContactStatusMonitoring: (1, 3),
    osdp.Capability.OutputControl: (1, 1),
    osdp.Capability.CardDataFormat: (1, 1),
    osdp.Capability.LEDControl: (1, 1),
    osdp.Capability.AudibleControl: (1, 1),
    osdp.Capability.TextOutput: (1, 1),
    osdp.Capability.CommunicationSecurity: (1, 1),
}
_PERMANENTLY_ON, _FOR_A_TIME_ON = (2, 4), 5


class DoorOnPeripheral:
    """`door` wired to `peripheral`: contact and release loops are closed at rest, the button is open."""

    def __init__(
        self, door: EmulatedDoor, peripheral: EmulatedPeripheral, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._door, self._peripheral, self._loop = door, peripheral, loop
        self._active = [True, False, True]
        self._falls: asyncio.TimerHandle | None = None
        peripheral.set_inputs(*self._active)
        peripheral.on_command = self._hear
        door.listen(self._follow)

    def _hear(self, command: dict[str, object]) -> None:
        """Take a command in the line's thread."""
        self._loop.call_soon_threadsafe(self._obey, command)

    def _obey(self, command: dict[str, object]) -> None:
        match command:
            case {
                "command": osdp.Command.Output,
                "output_no": 0,
                "control_code": code,
                "timer_count": tenths,
            }:
                self._switch(cast("int", code), cast("int", tenths) / 10)

    def _switch(self, code: int, for_s: float) -> None:
        if self._falls is not None:
            self._falls.cancel()
        if code == _FOR_A_TIME_ON:
            self._door.unlock()
            self._falls = self._loop.call_later(for_s, self._door.lock)
        elif code in _PERMANENTLY_ON:
            self._door.unlock()
        else:
            self._door.lock()

    def _follow(self, told: Input) -> None:
        match told:
            case Input.CONTACT_OPEN | Input.CONTACT_CLOSED:
                self._set(CONTACT, active=told is Input.CONTACT_CLOSED)
            case Input.EXIT_REQUESTED:
                self._set(EXIT, active=True)
                self._set(EXIT, active=False)
            case Input.RELEASED | Input.REARMED:
                self._set(RELEASE, active=told is Input.REARMED)
            case Input.TAMPERED | Input.TAMPER_ENDED:
                self._peripheral.open_case(is_open=told is Input.TAMPERED)

    def _set(self, line: int, *, active: bool) -> None:
        self._active[line] = active
        self._peripheral.set_inputs(*self._active)

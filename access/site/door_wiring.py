"""The doors of a door computer, wired as its settings say. A library is imported where a door needs it."""

import asyncio
from collections.abc import Awaitable, Callable

from policies.ids import DoorId
from readers.errors import SettingsError
from readers.feedback import signals
from readers.hardware import DoorDevice, Emulated, Gpio
from readers.ports import Clock, DoorHardware
from readers.settings import Settings


class DoorWiring:
    """The doors by their ids, `emulated` among them. Raise `SettingsError` where settings do not fit."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self.hardware: dict[DoorId, DoorHardware] = {}
        self._loop, self._clock = loop, clock
        self._signals = signals(settings.feedback)
        self._closing: list[Callable[[], Awaitable[None]]] = []
        for device in settings.door:
            if device.id in self.hardware:
                raise SettingsError(f"door {device.id}: named twice")
            try:
                self.hardware[device.id] = self._open(device)
            except ImportError as missing:
                raise SettingsError(
                    f"door {device.id}: {missing}; install it as docs/hardware.md says"
                ) from missing
        self.emulated = tuple(device.id for device in settings.door if isinstance(device, Emulated))

    async def close(self) -> None:
        """Engage every strike and let the devices go."""
        for close in reversed(self._closing):
            await close()

    def _open(self, device: DoorDevice) -> DoorHardware:
        match device:
            case Emulated(id):
                from emulators.building import desk_door  # noqa: PLC0415 (a door computer has no use for it)

                return desk_door(id, self._clock)
            case Gpio():
                from readers.actuators.gpio import GpioDoor  # noqa: PLC0415 (gpiod is an extra)

                door = GpioDoor(device, self._signals, self._loop)
                self._closing.append(door.close)
                return door

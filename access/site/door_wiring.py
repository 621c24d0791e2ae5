"""The doors of a door computer, wired as its settings say. A library is imported where a door needs it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from access.site.board_wiring import BoardWiring
from access.site.relay_wiring import RelayWiring
from policies.ids import DoorId
from readers.errors import SettingsError
from readers.feedback import signals
from readers.hardware import DoorDevice, Emulated, Gpio, HomeAssistant, Osdp, Shelly, Uhppote, Zigbee2mqtt
from readers.ports import Clock, DoorHardware
from readers.settings import Settings

if TYPE_CHECKING:
    from readers.osdp.peripheral import Peripheral


class DoorWiring:
    """The doors by their ids, `emulated` among them. Raise `SettingsError` where settings do not fit."""

    def __init__(
        self,
        settings: Settings,
        peripherals: "Mapping[str, Peripheral]",
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
    ) -> None:
        self.hardware: dict[DoorId, DoorHardware] = {}
        self._peripherals, self._loop, self._clock = peripherals, loop, clock
        self._signals, self._language = signals(settings.feedback), settings.feedback.language
        self._closing: list[Callable[[], Awaitable[None]]] = []
        self._relays = RelayWiring(settings.relays or settings.bus, settings.source)
        self._boards = BoardWiring(settings.uhppote)
        self._closing += [self._relays.close, self._boards.close]
        for device in settings.door:
            if device.id in self.hardware:
                raise SettingsError(f"door {device.id}: named twice")
            try:
                self.hardware[device.id] = self._open(device)
            except ImportError as missing:
                raise SettingsError(
                    f"door {device.id}: {missing}; install it as docs/hardware.md says"
                ) from missing
        self._relays.open()
        self._boards.open()
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
            case Osdp():
                return self._open_osdp(device)
            case Uhppote():
                return self._boards.door(device)
            case Shelly() | Zigbee2mqtt() | HomeAssistant():
                relay = self._relays.door(device)
                self._closing.append(relay.close)
                return relay

    def _open_osdp(self, device: Osdp) -> DoorHardware:
        from readers.actuators.osdp import OsdpDoor  # noqa: PLC0415 (libosdp is an extra)

        if device.device not in self._peripherals:
            raise SettingsError(f"door {device.id}: there is no osdp peripheral {device.device!r}")
        door = OsdpDoor(device, self._peripherals[device.device], self._signals, self._language)
        self._closing.append(door.close)
        return door

"""The relays of a door computer behind a broker: one line for all of them, opened where there is any."""

from readers.actuators.convention import Convention
from readers.actuators.home_assistant import HomeAssistantConvention
from readers.actuators.mqtt_relay import MqttDoor, RelayLine
from readers.actuators.shelly import ShellyConvention
from readers.actuators.zigbee2mqtt import ZigbeeConvention
from readers.hardware import HomeAssistant, MqttRelay, Shelly, Zigbee2mqtt
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker


class RelayWiring:
    """The relays behind `broker`; `source` is the computer's name."""

    def __init__(self, broker: Broker, source: str) -> None:
        self._name = f"{source}-doors"
        self._line = RelayLine(MqttBus(broker), self._name)
        self._is_used = False

    def door(self, device: MqttRelay) -> MqttDoor:
        """Return the door on a relay, before `open`."""
        self._is_used = True
        return MqttDoor(f"door {device.id}", self._convention(device), self._line)

    def open(self) -> None:
        """Connect, where there is a relay to connect to."""
        if self._is_used:
            self._line.open()

    async def close(self) -> None:
        """Hang up, after the doors were closed."""
        await self._line.close()

    def _convention(self, device: MqttRelay) -> Convention:
        match device:
            case Shelly():
                return ShellyConvention(device, f"{self._name}/{device.id}")
            case Zigbee2mqtt():
                return ZigbeeConvention(device)
            case HomeAssistant():
                return HomeAssistantConvention(device)

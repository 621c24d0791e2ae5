"""Relays on a message bus, as hobbyists and electricians buy them, each with a door on it: the device's side.

They speak through a `readers.wire.bus.Bus`, so that a test puts them on a real broker. A frozen one keeps its
connection and does nothing; its relay still falls back by its own timer, which is hardware.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from typing import Any, Self

from emulators.strike import EmulatedDoor
from readers.ports import Input
from readers.wire.bus import Bus, BusDown, Connection, Message


class EmulatedRelay(ABC):
    """One device with `door` on its relay, and a contact, a button and a case switch wired to it or beside it."""

    name: str

    def __init__(self, door: EmulatedDoor, bus: Bus) -> None:
        self.is_frozen = False
        self._door, self._bus = door, bus
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._falls: asyncio.TimerHandle | None = None
        self._on = False
        self.is_online = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._door.listen(self._follow)
        self._living = asyncio.create_task(self._live())
        await self.is_online.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._living.cancel()
        await asyncio.wait([self._living])
        if self._falls is not None:
            self._falls.cancel()

    def press_locally(self) -> None:
        """Switch the relay by the button on the device, or by its maker's application."""
        self._switch(on=True, for_s=None)

    # ---- what each kind knows

    topics: tuple[str, ...]
    will: Message

    @abstractmethod
    def _greet(self) -> None:
        """Tell that the device is there, and all that it knows."""

    @abstractmethod
    def _obey(self, message: Message) -> None:
        """Follow an order."""

    @abstractmethod
    def _tell_relay(self) -> None:
        """Tell the state of the relay."""

    @abstractmethod
    def _follow(self, told: Input) -> None:
        """Tell what the wires of the door do."""

    # ---- how it works

    def _say(self, topic: str, payload: object, *, retain: bool = False) -> None:
        if not self.is_frozen:
            text = payload if isinstance(payload, str) else json.dumps(payload)
            self._said.put_nowait(Message(topic, text.encode(), retain))

    def _switch(self, *, on: bool, for_s: float | None) -> None:
        if self._falls is not None:
            self._falls.cancel()
            self._falls = None
        if on and for_s is not None:
            self._falls = asyncio.get_running_loop().call_later(for_s, self._fall)
        self._set(on=on)

    def _fall(self) -> None:
        self._falls = None
        self._set(on=False)

    def _set(self, *, on: bool) -> None:
        if on is not self._on:
            self._on = on
            (self._door.unlock if on else self._door.lock)()
            self._tell_relay()

    async def _live(self) -> None:
        async with self._bus.connect(self.name, self.topics, self.will) as connection:
            self._greet()
            self.is_online.set()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._speak(connection))
                    group.create_task(self._hear(connection))
            except* BusDown:
                pass  # without its broker it is silent; a new one comes when it is plugged in again

    async def _speak(self, connection: Connection) -> None:
        while True:
            await connection.publish(await self._said.get())

    async def _hear(self, connection: Connection) -> None:
        while True:
            message = await connection.receive()
            if not self.is_frozen:
                self._obey(message)


class EmulatedShelly(EmulatedRelay):
    """A Shelly of the second generation: relay 0, a contact on input 0, a button on input 1, a release on input 2.

    It tells of its inputs as it comes from the factory: by notifications alone, and its status when asked.
    """

    name = "shellyplusuni-a8032ab12345"
    topics = (f"{name}/rpc",)
    will = Message(f"{name}/online", b"false", retain=True)

    def __init__(self, door: EmulatedDoor, bus: Bus) -> None:
        super().__init__(door, bus)
        self._inputs = {0: True, 1: False, 2: True}

    def _greet(self) -> None:
        self._say(f"{self.name}/online", "true", retain=True)

    def _obey(self, message: Message) -> None:
        call: dict[str, Any] = json.loads(message.payload)
        match call:
            case {"method": "Switch.Set", "params": {"id": 0, "on": bool(on)}}:
                result: dict[str, Any] = {"was_on": self._on}
                self._switch(on=on, for_s=call["params"].get("toggle_after"))
            case {"method": "Shelly.GetStatus"}:
                result = self._status()
            case _:
                self._answer(call, {"error": {"code": 404, "message": f"No handler for {call['method']}"}})
                return
        self._answer(call, {"result": result})

    def _answer(self, call: dict[str, Any], outcome: dict[str, Any]) -> None:
        frame = {"id": call["id"], "src": self.name, "dst": call["src"]} | outcome
        self._say(f"{call['src']}/rpc", frame)

    def _status(self) -> dict[str, Any]:
        inputs: dict[str, Any] = {
            f"input:{each}": {"id": each, "state": on} for each, on in self._inputs.items()
        }
        return {"switch:0": {"id": 0, "source": "MQTT", "output": self._on}} | inputs

    def _tell_relay(self) -> None:
        self._notify({"switch:0": {"id": 0, "output": self._on, "source": "MQTT"}})

    def _notify(self, told: dict[str, Any]) -> None:
        frame: dict[str, Any] = {"src": self.name, "dst": f"{self.name}/events", "method": "NotifyStatus"}
        self._say(f"{self.name}/events/rpc", frame | {"params": {"ts": 1631186545.04} | told})

    def _follow(self, told: Input) -> None:
        match told:
            case Input.CONTACT_OPEN | Input.CONTACT_CLOSED:
                self._move(0, on=told is Input.CONTACT_CLOSED)
            case Input.EXIT_REQUESTED:
                self._move(1, on=True)
                self._move(1, on=False)
            case Input.RELEASED | Input.REARMED:
                self._move(2, on=told is Input.REARMED)

    def _move(self, line: int, *, on: bool) -> None:
        self._inputs[line] = on
        self._notify({f"input:{line}": {"id": line, "state": on}})


class EmulatedZigbee(EmulatedRelay):
    """Zigbee2MQTT with a relay, a contact sensor and a button, the sensor's last word retained."""

    name = "zigbee2mqtt_1"
    topics = ("zigbee2mqtt/strike/+",)
    will = Message("zigbee2mqtt/bridge/state", b'{"state":"offline"}', retain=True)

    def __init__(self, door: EmulatedDoor, bus: Bus) -> None:
        super().__init__(door, bus)
        self._contact = {"contact": True, "tamper": False, "battery": 97}

    def lose_sensor(self) -> None:
        """Take the contact sensor's battery out, and wait until it is missed."""
        self._say("zigbee2mqtt/leaf/availability", {"state": "offline"}, retain=True)

    def _greet(self) -> None:
        self._say("zigbee2mqtt/bridge/state", {"state": "online"}, retain=True)
        for device in ("strike", "leaf", "button"):
            self._say(f"zigbee2mqtt/{device}/availability", {"state": "online"}, retain=True)
        self._tell_relay()
        self._say("zigbee2mqtt/leaf", self._contact, retain=True)

    def _obey(self, message: Message) -> None:
        if message.topic.endswith("/set"):
            order = json.loads(message.payload)
            was_on = self._on
            self._switch(on=order["state"] == "ON", for_s=order.get("on_time"))
            if self._on is was_on:
                self._tell_relay()
        else:
            self._tell_relay()

    def _tell_relay(self) -> None:
        self._say("zigbee2mqtt/strike", {"state": "ON" if self._on else "OFF", "linkquality": 120})

    def _follow(self, told: Input) -> None:
        match told:
            case Input.CONTACT_OPEN | Input.CONTACT_CLOSED:
                self._contact["contact"] = told is Input.CONTACT_CLOSED
            case Input.TAMPERED | Input.TAMPER_ENDED:
                self._contact["tamper"] = told is Input.TAMPERED
            case Input.EXIT_REQUESTED:
                self._say("zigbee2mqtt/button", {"action": "single"})
                return
            case _:
                return
        self._say("zigbee2mqtt/leaf", self._contact, retain=True)


class EmulatedSwitch(EmulatedRelay):
    """A switch and binary sensors as Home Assistant knows them, all retained, without a timer of its own."""

    name = "agora-node"
    topics = ("agora/strike/set",)
    will = Message("agora/available", b"offline", retain=True)

    def _greet(self) -> None:
        self._say("agora/available", "online", retain=True)
        self._tell_relay()
        for sensor in ("leaf", "case", "release"):
            self._say(f"agora/{sensor}", "OFF", retain=True)

    def _obey(self, message: Message) -> None:
        self._switch(on=message.payload == b"ON", for_s=None)

    def _tell_relay(self) -> None:
        self._say("agora/strike", "ON" if self._on else "OFF", retain=True)

    def _follow(self, told: Input) -> None:
        match told:
            case Input.CONTACT_OPEN | Input.CONTACT_CLOSED:
                self._sense("leaf", on=told is Input.CONTACT_OPEN)
            case Input.TAMPERED | Input.TAMPER_ENDED:
                self._sense("case", on=told is Input.TAMPERED)
            case Input.RELEASED | Input.REARMED:
                self._sense("release", on=told is Input.RELEASED)
            case Input.EXIT_REQUESTED:
                self._say("agora/button", "ON")
                self._say("agora/button", "OFF")

    def _sense(self, sensor: str, *, on: bool) -> None:
        self._say(f"agora/{sensor}", "ON" if on else "OFF", retain=True)

"""What moves a door's bolt and tells of its leaf, as the settings of a door computer name it. Opens nothing.

Lines are named by what they mean when active, so that a wire that breaks means the careful thing: a contact reads as an
open leaf, a case as opened, a release as given.
"""

from typing import Annotated, Literal

import msgspec

from policies.ids import DoorId

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=300)]
"""Inputs of 400 ms must be seen, so none is smoothed for longer than this."""


Endpoint = Annotated[str, msgspec.Meta(pattern=r"^\d{1,3}(\.\d{1,3}){3}:\d{1,5}$")]


class Emulated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hardware", tag="emulated"):
    """A door that moves nothing: it is for a desk, and says so at every start."""

    id: DoorId


class GpioOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line that switches something: its number on the chip or its name; `active` is the level that switches it on."""

    line: int | str
    active: Literal["high", "low"] = "high"


class GpioInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line that tells something: `active` is the level at which it does. `pull` holds it where its wire is cut."""

    line: int | str
    active: Literal["high", "low"] = "high"
    pull: Literal["up", "down", "off"] = "up"
    debounce_ms: Milliseconds = 10


Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Loop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A supervised loop on an analogue input: the converter's file, and its reading at the full supply.

    The shares of the supply that part short, shut, open and cut fit a pull-up and two end-of-line resistors of one
    value: shut is a half, open two thirds.
    """

    path: str
    full: Annotated[int, msgspec.Meta(ge=1)]
    short_below: Share = 0.25
    open_above: Share = 0.58
    cut_above: Share = 0.83


class Gpio(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hardware", tag="gpio"):
    """A relay board and inputs on the pins of this computer.

    `strike` is active while the door is free; a door that is only watched has none. `contact` is active while the leaf
    is open; in its place `contact_loop` is one on an analogue input. `contact_shut` is the other throw of a changeover
    contact, active while the leaf is shut: with both, a cable that is cut or shorted is told from a door.
    """

    id: DoorId
    chip: str = "/dev/gpiochip0"
    strike: GpioOutput | None = None
    contact: GpioInput | None = None
    contact_shut: GpioInput | None = None
    contact_loop: Loop | None = None
    exit: GpioInput | None = None
    tamper: GpioInput | None = None
    release: GpioInput | None = None
    green: GpioOutput | None = None
    red: GpioOutput | None = None
    buzzer: GpioOutput | None = None


class OsdpInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input of a peripheral, counted from 0; `when` is the state of it that tells something."""

    input: Annotated[int, msgspec.Meta(ge=0, le=63)]
    when: Literal["active", "inactive"] = "inactive"


class Osdp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hardware", tag="osdp"):
    """An output and inputs of the OSDP peripheral `device`; its case tells tamper by itself.

    `asks` the peripheral for its inputs when it comes online; turn it off for one that refuses to be asked.
    """

    id: DoorId
    device: str
    output: Annotated[int, msgspec.Meta(ge=0, le=63)] = 0
    contact: OsdpInput | None = None
    exit: OsdpInput | None = None
    release: OsdpInput | None = None
    asks: bool = True


class ShellyInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input of a Shelly; `when` is its state that tells something."""

    input: Annotated[int, msgspec.Meta(ge=0, le=99)]
    when: Literal["on", "off"] = "off"


class Shelly(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hardware", tag="shelly"):
    """A Shelly of the second generation or later, by its topic prefix."""

    id: DoorId
    prefix: str
    switch: Annotated[int, msgspec.Meta(ge=0, le=99)] = 0
    contact: ShellyInput | None = None
    exit: ShellyInput | None = None
    release: ShellyInput | None = None


class Zigbee2mqtt(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hardware", tag="zigbee2mqtt"
):
    """Zigbee devices by their friendly names: a relay, a contact sensor, a button.

    `state` is the property of the relay (`state_l1` of one with several). `timed` says that its firmware knows
    `on_time`.
    """

    id: DoorId
    relay: str
    contact: str | None = None
    exit: str | None = None
    base: str = "zigbee2mqtt"
    state: str = "state"
    timed: bool = True


class HomeAssistantSensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A binary sensor: on while the leaf is open, the button pressed, the case opened, the release given."""

    state_topic: str
    payload_on: str = "ON"
    payload_off: str = "OFF"


class HomeAssistant(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hardware", tag="home-assistant"
):
    """A switch and binary sensors, with the names and defaults of Home Assistant's MQTT platforms."""

    id: DoorId
    command_topic: str
    state_topic: str
    payload_on: str = "ON"
    payload_off: str = "OFF"
    availability_topic: str | None = None
    payload_available: str = "online"
    contact: HomeAssistantSensor | None = None
    exit: HomeAssistantSensor | None = None
    tamper: HomeAssistantSensor | None = None
    release: HomeAssistantSensor | None = None


class UhppoteBoard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A board by its serial number and address. It sends its events to `tell`, which arrive here at `listen`.

    Each board has a port of its own to send to. All are `ADDRESS:PORT`, with addresses in numbers.
    """

    id: str
    serial: Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)]
    address: Endpoint
    tell: Endpoint
    listen: Endpoint = "0.0.0.0:60001"


class Uhppote(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hardware", tag="uhppote"):
    """A door of a UHPPOTE board, 1 to 4, with the contact and the button that are wired to it there."""

    id: DoorId
    board: str
    door: Annotated[int, msgspec.Meta(ge=1, le=4)]
    contact: bool = True
    release: bool = False


MqttRelay = Shelly | Zigbee2mqtt | HomeAssistant
DoorDevice = Emulated | Gpio | Osdp | MqttRelay | Uhppote

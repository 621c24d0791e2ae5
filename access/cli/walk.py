"""`totem walk`: the walk test. Tells every wire and card as it is touched, decides nothing, and needs no server.

The doors are locked but for the one that is to be tried, and locked again at the end. The daemon must be stopped first:
lines and readers have one owner.
"""

import argparse
import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from access.errors import SettingsError
from access.site.door_wiring import DoorWiring
from access.site.wiring import Wiring
from policies.ids import DoorId
from readers import errors, settings
from readers.clock import SystemClock
from readers.errors import HardwareFault, TransportDown
from readers.ports import CardTransport, DoorHardware, Feedback, Input
from readers.settings import Settings

SUMMARY = "Walk test: tell every wire and card of a door computer as it is touched."

_UNLOCKED_S = 5.0
_SETTLES_S = 4.0
"""By then a door that hangs on a line or a network has answered or failed."""

_RETRY_S = 1.0

Say = Callable[[str, str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--config", type=Path, required=True, help="the settings file of this door computer")
    parser.add_argument("--unlock", metavar="DOOR", help=f"let go of this door for {_UNLOCKED_S:g} s")
    parser.add_argument(
        "--seconds", type=float, help="end by itself after so long (default: when interrupted)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Tell what happens until it is over; return 1 if an output or a contact does not work at the end."""
    say = _say_json if arguments.json else _say
    try:
        chosen = settings.load(arguments.config)
        return asyncio.run(_walk(chosen, arguments.unlock, arguments.seconds, say))
    except KeyboardInterrupt:
        return 0
    except errors.SettingsError as error:
        raise SettingsError(str(error)) from error


async def _walk(chosen: Settings, unlock: str | None, seconds: float | None, say: Say) -> int:
    loop = asyncio.get_running_loop()
    wiring = Wiring(chosen, loop)
    doors = DoorWiring(chosen, wiring.peripherals, loop, SystemClock())
    if unlock is not None and unlock not in doors.hardware:
        raise errors.SettingsError(
            f"door {unlock}: not in the settings, expected one of {', '.join(doors.hardware)}"
        )
    try:
        async with asyncio.timeout(seconds):
            async with asyncio.TaskGroup() as group:
                for reader, transport in wiring.transports.items():
                    transport.watch(partial(_tell_health, reader, say))
                    group.create_task(_tell_cards(reader, transport, say))
                for door, hardware in doors.hardware.items():
                    group.create_task(_tell_door(door, hardware, say, is_tried=door == unlock))
    except TimeoutError:
        pass
    finally:
        await doors.close()
        await wiring.close()
    broken = {Input.OUTPUT_FAILED, Input.CONTACT_FAULT}
    return int(any(broken & hardware.senses() for hardware in doors.hardware.values()))


async def _tell_door(door: DoorId, hardware: DoorHardware, say: Say, *, is_tried: bool) -> None:
    hardware.listen(lambda heard: say(door, heard.value))
    _order(door, hardware.lock, say)
    at_once = hardware.senses()
    _tell_senses(door, at_once, say)
    await asyncio.sleep(_SETTLES_S)
    _tell_senses(door, hardware.senses() - at_once, say)
    if is_tried:
        say(door, "unlocked")
        _order(door, hardware.unlock, say)
        hardware.show(Feedback.GRANTED)
        await asyncio.sleep(_UNLOCKED_S)
        _order(door, hardware.lock, say)
        say(door, "locked")


def _tell_senses(door: DoorId, senses: frozenset[Input], say: Say) -> None:
    for sensed in sorted(sensed.value for sensed in senses):
        say(door, sensed)


def _order(door: DoorId, order: Callable[[], None], say: Say) -> None:
    try:
        order()
    except HardwareFault as fault:
        say(door, str(fault))


async def _tell_cards(reader: str, transport: CardTransport, say: Say) -> None:
    while True:
        try:
            card = await transport.next_card()
        except TransportDown:
            await asyncio.sleep(_RETRY_S)
            continue
        say(reader, "card")
        await card.removed()


def _tell_health(reader: str, say: Say, outage: TransportDown | None) -> None:
    say(reader, "online" if outage is None else f"offline: {outage}")


def _say(what: str, happened: str) -> None:
    print(f"{what:24} {happened}", flush=True)


def _say_json(what: str, happened: str) -> None:
    print(json.dumps({"at": what, "happened": happened}), flush=True)

"""The table of docs/doors.md: every mode, event and fault, lived through by a real door computer and an emulated door.

`python -m tests.docs.doors_table` writes it anew; test_doors.py holds the page against it.
"""

import re
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec

from emulators.clock import run_virtually
from emulators.faults import CableFault, RelayFault
from policies.building import Strike
from policies.request import DoorMode
from readers.wire.commands import Command, Verb, sign
from readers.wire.orders import Order, Orders
from readers.wire.snapshot import Snapshot
from tests.readers.daemon.desk import (
    ADA_CARD,
    LAB,
    LAB_IN,
    LAB_OUT,
    SITE_KEY,
    START,
    Desk,
    building,
    desk,
    signed,
    snapshot,
)

PAGE = Path(__file__).parents[2] / "docs" / "doors.md"
BEGIN, END = "<!-- the table: begin -->\n", "<!-- the table: end -->\n"

Act = Callable[[Desk], Awaitable[bool]]
SLOTS = {DoorMode.FREE: "operator", DoorMode.LOCKED: "operator", DoorMode.LOCKDOWN: "lockdown"}


# ---- modes: how a door comes to be in one


def order(at: Desk, mode: DoorMode) -> None:
    orders = Orders(1, **{SLOTS[mode]: Order("o-1", at.clock.now(), mode)})
    late = at.clock.now() + timedelta(hours=1)
    at.daemon.take_command(
        sign(Command("o-1", LAB, Verb.ORDERS, "anna", "table", at.clock.now(), late, orders), SITE_KEY)
    )


# ---- events: what somebody does, and whether the leaf gives way


async def badge(at: Desk, reader: str) -> bool:
    at.antennas[LAB_IN if reader == "in" else LAB_OUT].present(ADA_CARD)
    await at.clock.sleep(0.3)
    return at.door.push()


async def enter(at: Desk) -> bool:
    return await badge(at, "in")


async def leave_by_badge(at: Desk) -> bool:
    return await badge(at, "out")


async def press(at: Desk) -> bool:
    at.door.press()
    await at.clock.sleep(0.3)
    return at.door.push()


async def turn_the_handle(at: Desk) -> bool:
    at.door.leave()
    return at.door.is_open


async def be_unlocked(at: Desk) -> bool:
    now = at.clock.now()
    late = now + timedelta(seconds=5)
    at.daemon.take_command(sign(Command("c-1", LAB, Verb.UNLOCK, "anna", "table", now, late), SITE_KEY))
    return at.door.push()


async def push(at: Desk) -> bool:
    return at.door.push()


async def break_in(at: Desk) -> bool:
    at.door.force()
    return True


async def hold(at: Desk) -> bool:
    opened = await press(at)
    at.door.hold(60)
    await at.clock.sleep(40)
    return opened


EVENTS: dict[str, Act] = {
    "a badge that may enter": enter,
    "a badge from inside": leave_by_badge,
    "the exit button, then a push": press,
    "the handle inside": turn_the_handle,
    "an operator's unlocking": be_unlocked,
    "a push from outside": push,
    "a break-in": break_in,
    "a leaf held open for a minute": hold,
}

# ---- faults: what is broken meanwhile


def no_fault(at: Desk) -> None:
    del at


def stick_contact(at: Desk) -> None:
    at.door.faults.contact_stuck = True


def kill_relay(at: Desk) -> None:
    at.door.break_relay()


def silence_relay(at: Desk) -> None:
    at.door.faults.relay = RelayFault.SILENT


def cut_cable(at: Desk) -> None:
    at.door.break_cable(CableFault.CUT)


def cut_power(at: Desk) -> None:
    at.door.faults.power_cut = True


def _fail_safe(made: Snapshot) -> Snapshot:
    return msgspec.structs.replace(made, building=building(strike=Strike.FAIL_SAFE, release_input=True))


MODES: dict[str, Callable[[Desk], None]] = {
    "normal": no_fault,
    "free": lambda at: order(at, DoorMode.FREE),
    "locked": lambda at: order(at, DoorMode.LOCKED),
    "lockdown": lambda at: order(at, DoorMode.LOCKDOWN),
    "released": lambda at: at.door.release(),
}

FAULTS: dict[str, tuple[Callable[[Desk], None], Callable[[Snapshot], Snapshot]]] = {
    "nothing broken": (no_fault, lambda made: made),
    "contact stuck": (stick_contact, lambda made: made),
    "contact cable cut": (cut_cable, lambda made: made),
    "relay does not answer": (kill_relay, lambda made: made),
    "relay moves nothing": (silence_relay, lambda made: made),
    "strike without power": (cut_power, lambda made: made),
    "magnet without power": (cut_power, _fail_safe),
    "rights too old": (
        no_fault,
        lambda made: msgspec.structs.replace(made, issued_at=START - timedelta(days=4)),
    ),
}


_TOLD = {"door-held": "held", "door-forced": "forced"}


def lived(mode: str, event: str, fault: str) -> str:
    """Return a cell: whether the leaf gives way, why a badge is refused, and the alarms that are raised."""
    breaks, changes = FAULTS[fault]
    made = changes(snapshot(built=building(release_input=True)))
    cell: list[str] = []

    async def scene(directory: Path) -> None:
        async with desk(directory, [signed(made)], made.building) as at:
            MODES[mode](at)
            breaks(at)
            await at.clock.sleep(0.2)
            before = len(at.events())
            gave_way = await EVENTS[event](at)
            await at.clock.sleep(0.5)
            cell.append("opens" if gave_way else "shut")
            for told in at.events()[before:]:
                if told.reason is not None and told.reason.value != "granted":
                    cell.append(told.reason.value)
                elif told.type.value in _TOLD:
                    cell.append(f"**{_TOLD[told.type.value]}**")

    with tempfile.TemporaryDirectory() as name:
        run_virtually(scene(Path(name)))
    return ", ".join(cell)


def table() -> str:
    """Return the whole table as it stands in the page."""
    heads = " | ".join(FAULTS)
    lines = [f"| mode | what happens | {heads} |", "|---|---" + "|---" * len(FAULTS) + "|"]
    for mode in MODES:
        for event in EVENTS:
            cells = " | ".join(lived(mode, event, fault) for fault in FAULTS)
            lines.append(f"| {mode} | {event} | {cells} |")
    return "\n".join(lines) + "\n"


def kept() -> str:
    """Return the table that the page holds."""
    return re.split(f"{BEGIN}|{END}", PAGE.read_text("utf-8"))[1]


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page[: page.index(BEGIN)] + BEGIN + table() + page[page.index(END) :], "utf-8")

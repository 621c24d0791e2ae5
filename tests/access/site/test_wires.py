"""Which door hangs where: what cannot work is refused, by name, before anything starts."""

from pathlib import Path

import msgspec
import pytest

from access.errors import SettingsError
from access.settings import Host, load_hosts
from access.site.wires import doors_by_host
from policies.building import Building, Passback
from policies.ids import DoorId, InterlockId, ReaderId, ReleaseId, SourceId
from policies.loader import load
from tests.small_site import BUILDING

ROOT = Path(__file__).parents[3]


def interlocked() -> Building:
    doors = [msgspec.structs.replace(door, interlock=InterlockId("trap")) for door in BUILDING.doors.values()]
    return Building.of(BUILDING.site, BUILDING.spaces.values(), doors, BUILDING.readers.values())


def with_doors(**fields: object) -> Building:
    """Return the building with its front door changed, and the room's on the same release line."""
    front, room = BUILDING.doors[DoorId("front")], BUILDING.doors[DoorId("room")]
    doors = [
        msgspec.structs.replace(front, **fields),
        msgspec.structs.replace(room, release=fields.get("release")),
    ]
    return Building.of(BUILDING.site, BUILDING.spaces.values(), doors, BUILDING.readers.values())


def test_the_shipped_building_is_wired_as_it_must_be() -> None:
    building, _ = load(ROOT / "policies" / "km0")
    hosts = load_hosts(ROOT / "deploy" / "km0" / "hosts.toml")
    assert sum(map(len, doors_by_host(hosts, building, "hosts.toml").values())) == len(building.doors)


def wired(*hosts: tuple[str, tuple[str, ...], tuple[str, ...]]) -> dict[SourceId, Host]:
    """Return hosts by name, doors and readers."""
    return {
        SourceId(name): Host(tuple(map(DoorId, doors)), {ReaderId(reader): {} for reader in readers})
        for name, doors, readers in hosts
    }


FRONT, ROOM = ("edge-1", ("front",), ()), ("edge-2", ("room",), ())


@pytest.mark.parametrize(
    ("hosts", "building", "told"),
    [
        (wired(("edge-1", ("nowhere",), ())), BUILDING, "host edge-1: there is no door nowhere"),
        (
            wired(FRONT, ("edge-2", ("front", "room"), ())),
            BUILDING,
            "door front hangs on edge-1, edge-2; expected one host",
        ),
        (
            wired(("edge-1", ("front",), ("nobody-in",))),
            BUILDING,
            "host edge-1: there is no reader nobody-in",
        ),
        (
            wired(("edge-1", ("front",), ("front-in",)), ("edge-2", ("room",), ("front-out",))),
            BUILDING,
            "host edge-2: reader front-out belongs to door front, which hangs on edge-1; expected both on one host",
        ),
        (
            wired(FRONT, ROOM),
            interlocked(),
            "interlock trap: its doors front, room hang on edge-1, edge-2; expected one host",
        ),
        (
            wired(FRONT, ROOM),
            with_doors(release=ReleaseId("a"), release_input=True),
            "host edge-2: door room is let go by the line a, which no release_input of this host hears; expected one",
        ),
        (
            wired(FRONT, ROOM),
            with_doors(passback=Passback.HARD, passback_alone=True),
            "door front: passback_alone, but room leads out of hall and hangs on edge-2; expected both on one host",
        ),
    ],
    ids=[
        "no such door",
        "two hosts",
        "no such reader",
        "devices apart",
        "interlock apart",
        "release unheard",
        "passback apart",
    ],
)
def test_what_cannot_work_is_refused_by_name(
    hosts: dict[SourceId, Host], building: Building, told: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        doors_by_host(hosts, building, "hosts.toml")
    assert str(refused.value) == f"hosts.toml: {told}"


def test_an_interlock_on_one_host_is_as_it_must_be() -> None:
    hosts = wired(("edge-1", ("front", "room"), ()))
    assert doors_by_host(hosts, interlocked(), "hosts.toml") == {"edge-1": ("front", "room")}

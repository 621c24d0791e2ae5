"""Which door hangs on which computer, held against the building: what cannot work is refused before anything starts."""

from collections import Counter
from collections.abc import Mapping, Sequence

from access.errors import SettingsError
from access.settings import Host
from policies.building import Building
from policies.ids import DoorId, SourceId


def doors_by_host(
    hosts: Mapping[SourceId, Host], building: Building, place: str
) -> dict[SourceId, tuple[DoorId, ...]]:
    """Return the doors of each computer; raise `SettingsError`, naming `place`, for the first that cannot work.

    A door is decided at one computer: all its readers hang there, and so do the other doors of its interlock.
    """
    home = _homes(hosts, building, place)
    for name, host in hosts.items():
        for reader in host.readers:
            side = building.readers.get(reader)
            if side is None:
                raise SettingsError(f"{place}: host {name}: there is no reader {reader}")
            if home.get(side.door) != name:
                raise SettingsError(
                    f"{place}: host {name}: reader {reader} belongs to door {side.door}, which hangs on"
                    f" {home.get(side.door, 'no host')}; expected both on one host"
                )
    _expect_whole_groups(building, home, place)
    return {name: host.doors for name, host in hosts.items()}


def _homes(hosts: Mapping[SourceId, Host], building: Building, place: str) -> dict[DoorId, SourceId]:
    counted = Counter(door for host in hosts.values() for door in host.doors)
    for name, host in hosts.items():
        for door in host.doors:
            if door not in building.doors:
                raise SettingsError(f"{place}: host {name}: there is no door {door}")
            if counted[door] > 1:
                on = ", ".join(other for other in hosts if door in hosts[other].doors)
                raise SettingsError(f"{place}: door {door} hangs on {on}; expected one host")
    return {door: name for name, host in hosts.items() for door in host.doors}


def _expect_whole_groups(building: Building, home: Mapping[DoorId, SourceId], place: str) -> None:
    """Refuse an interlock over two computers: neither would know of the other's door in time, or without a bus."""
    groups: dict[str, list[DoorId]] = {}
    for door in building.doors.values():
        if door.interlock is not None and door.id in home:
            groups.setdefault(door.interlock, []).append(door.id)
    for group, doors in groups.items():
        _expect_one(group, doors, {home[door] for door in doors}, place)


def _expect_one(group: str, doors: Sequence[DoorId], hosts: set[SourceId], place: str) -> None:
    if len(hosts) > 1:
        raise SettingsError(
            f"{place}: interlock {group}: its doors {', '.join(doors)} hang on {', '.join(sorted(hosts))};"
            " expected one host"
        )

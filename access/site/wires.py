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

    A door is decided at one computer: all its readers hang there, and so do the other doors of its interlock, an input
    of its release line, and all doors of a space whose entries that computer counts alone.
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
    _expect_heard_releases(building, home, place)
    _expect_whole_spaces(building, home, place)
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


def _expect_heard_releases(building: Building, home: Mapping[DoorId, SourceId], place: str) -> None:
    """Refuse a computer that would take a release for a break-in, because it has no input of the line."""
    lined = [door for door in building.doors.values() if door.release is not None and door.id in home]
    heard = {(door.release, home[door.id]) for door in lined if door.release_input}
    for door in lined:
        if (door.release, home[door.id]) not in heard:
            raise SettingsError(
                f"{place}: host {home[door.id]}: door {door.id} is let go by the line {door.release}, which no"
                " release_input of this host hears; expected one"
            )


def _expect_whole_spaces(building: Building, home: Mapping[DoorId, SourceId], place: str) -> None:
    """Refuse `passback_alone` where somebody can leave by a door that the computer does not see."""
    for door in building.doors.values():
        if not door.passback_alone or door.id not in home:
            continue
        for other in building.doors.values():
            is_way = door.inner in (other.inner, other.outer)
            if is_way and home.get(other.id, home[door.id]) != home[door.id]:
                raise SettingsError(
                    f"{place}: door {door.id}: passback_alone, but {other.id} leads out of {door.inner} and hangs"
                    f" on {home[other.id]}; expected both on one host"
                )

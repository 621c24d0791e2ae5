"""What the doors of one computer keep through a restart, in one small file: orders, releases, spent commands.

A file that is damaged is told; doors then begin with their schedules alone until the server's word
comes again. A disk that is full costs the file, never the order.
"""

import logging
from datetime import datetime
from pathlib import Path

import msgspec

from policies.ids import DoorId
from readers import durable
from readers.door.modes import Standing
from readers.wire.events import Instant
from readers.wire.lockout import NONE, Lockout

_log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    doors: dict[DoorId, Standing] = {}
    spent: dict[str, Instant] = {}
    lockouts: dict[str, Lockout] = {}
    v: int = 1


_DECODER = msgspec.json.Decoder(_Kept)


class Standings:
    """The standing of every door, the commands that are spent and the lock-outs of PINs, kept at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept = _read(path)
        self._doors, self._spent, self._lockouts = dict(kept.doors), dict(kept.spent), dict(kept.lockouts)

    def of(self, door: DoorId) -> Standing:
        """Return what stands at a door."""
        return self._doors.get(door, _NOTHING)

    def keep(self, door: DoorId, standing: Standing) -> None:
        """Keep what stands at a door from now on."""
        if standing == self.of(door):
            return
        self._doors[door] = standing
        self._save()

    def is_spent(self, command: str) -> bool:
        """Return whether a command was obeyed before."""
        return command in self._spent

    def spend(self, command: str, until: datetime, now: datetime) -> None:
        """Remember a command until it is late for certain.

        That is within seconds: it must come through the death of this process, and no power cut is over so soon.
        """
        self._spent = {old: end for old, end in self._spent.items() if end > now}
        self._spent[command] = until
        self._save(synced=False)

    def lockout(self, name: str) -> Lockout:
        """Return the wrong PINs of a badge or a reader."""
        return self._lockouts.get(name, NONE)

    def set_lockout(self, name: str, lockout: Lockout | None, now: datetime) -> None:
        """Keep the wrong PINs of a badge or a reader; None forgets them."""
        if lockout is None and name not in self._lockouts:
            return
        self._lockouts = {each: old for each, old in self._lockouts.items() if not old.is_over(now)}
        self._lockouts.pop(name, None)
        if lockout is not None:
            self._lockouts[name] = lockout
        self._save()

    def _save(self, *, synced: bool = True) -> None:
        kept = _Kept(self._doors, self._spent, self._lockouts)
        try:
            durable.replace(self._path, msgspec.json.encode(kept), synced=synced)
        except OSError as error:
            _log.error("standings-not-kept", extra={"file": str(self._path), "fault": str(error)})


_NOTHING = Standing()


def _read(path: Path) -> _Kept:
    if not path.exists():
        return _Kept()
    try:
        return _DECODER.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.error("standings-damaged", extra={"file": str(path), "fault": str(error)})
        return _Kept()

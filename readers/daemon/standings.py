"""What the doors of one computer keep through a restart, in one small file: orders, first persons, releases.

A file that is damaged is told; doors then begin with their schedules alone until the server's word
comes again. A disk that is full costs the file, never the order.
"""

import logging
import os
from pathlib import Path

import msgspec

from policies.ids import DoorId
from readers.door.modes import Standing

_log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True):
    doors: dict[DoorId, Standing] = {}
    v: int = 1


_DECODER = msgspec.json.Decoder(_Kept)


class Standings:
    """The standing of every door, kept at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._doors = _read(path)

    def of(self, door: DoorId) -> Standing:
        """Return what stands at a door."""
        return self._doors.get(door, _NOTHING)

    def keep(self, door: DoorId, standing: Standing) -> None:
        """Keep what stands at a door from now on."""
        if standing == self.of(door):
            return
        self._doors[door] = standing
        try:
            _write(self._path, msgspec.json.encode(_Kept(self._doors)))
        except OSError as error:
            _log.error("standings-not-kept", extra={"door": door, "fault": str(error)})


_NOTHING = Standing()


def _read(path: Path) -> dict[DoorId, Standing]:
    if not path.exists():
        return {}
    try:
        return dict(_DECODER.decode(path.read_bytes()).doors)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.error("standings-damaged", extra={"file": str(path), "fault": str(error)})
        return {}


def _write(path: Path, payload: bytes) -> None:
    """Replace the file whole: a power cut leaves the old one or the new one, never half of either."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)

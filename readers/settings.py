"""The door computer's settings: one TOML file, read once into a frozen object. Secrets come as paths of files.

An unknown key, a missing one or a wrong type is a `SettingsError` with the file and the key's place in it.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from policies.ids import ReaderId, SiteId, SourceId
from readers.badges import Badges, Home, Masters
from readers.errors import SettingsError
from readers.feedback import Feedbacks
from readers.hardware import DoorDevice, UhppoteBoard
from readers.wire.bus import Broker
from readers.wire.reservations import AuthorizerAddress

_T = TypeVar("_T")


class ReaderDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which device a reader is: a PC/SC reader's name, the path by which nfcpy opens one, an OSDP peripheral's id."""

    id: ReaderId
    transport: Literal["pcsc", "nfcpy", "osdp"]
    device: str


class OsdpPeripheral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A peripheral by its address on the line. `key_file` holds its own key, 32 hexadecimal digits."""

    id: str
    address: Annotated[int, msgspec.Meta(ge=0, le=126)]
    key_file: str


class OsdpLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An RS-485 line: the path of its serial port, its speed, and what hangs on it."""

    path: str
    peripheral: tuple[OsdpPeripheral, ...]
    baud: Literal[9600, 19200, 38400, 57600, 115200, 230400] = 9600


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a door computer is told. `state` is the folder of the journal and the kept snapshot.

    `relays` is the broker of relays that doors hang on, where it is not the site's own.
    """

    site: SiteId
    source: SourceId
    state: str
    site_key: str
    durability: Literal["buffered", "synced"] = "synced"
    bus: Broker = Broker()
    keys: Home | None = None
    badges: Badges = Badges()
    reader: tuple[ReaderDevice, ...] = ()
    osdp: tuple[OsdpLine, ...] = ()
    door: tuple[DoorDevice, ...] = ()
    relays: Broker | None = None
    uhppote: tuple[UhppoteBoard, ...] = ()
    feedback: Feedbacks = Feedbacks()
    authorizer: AuthorizerAddress | None = None


class DeskSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a desk where badges are issued is told. It holds keys that no door computer has."""

    keys: Home
    badges: Badges
    reader: tuple[ReaderDevice, ...]
    masters: Masters = Masters()
    osdp: tuple[()] = ()  # an OSDP reader passes no commands on to a card


def load(path: Path) -> Settings:
    """Read a door computer's settings; raise `SettingsError` naming the file, the key and what was expected."""
    return _load(path, Settings)


def load_desk(path: Path) -> DeskSettings:
    """Read a desk's settings; raise `SettingsError` naming the file, the key and what was expected."""
    return _load(path, DeskSettings)


def _load(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), kind)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:  # no TOML, no UTF-8, or thousands of digits
        raise SettingsError(f"{path}: {error}") from error

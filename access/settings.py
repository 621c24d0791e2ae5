"""The server's settings: one TOML file and `TOTEM_*` of the environment, read once into a frozen object.

The environment goes over the file: `TOTEM_PORT=8080`, and with two underscores into a table, `TOTEM_BUS__HOST=…`.
Secrets come as paths of files. An unknown key or a wrong type is a `SettingsError` with its place.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

import policies
from access.errors import SettingsError
from policies.errors import PolicyError
from policies.ids import DoorId, ReaderId, SourceId
from policies.loader import Site
from policies.loader import load as load_policy
from readers.wire.bus import Broker

_PREFIX = "TOTEM_"
CONFIG = "TOTEM_CONFIG"
"""Where the file is, if no command says."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the server is told.

    `policy` is the directory of building and rules, `hosts` the file that says which door computer serves which
    doors, `data` the folder of whatever is kept here. `database` is a URL without a password; it and `signing_key`
    default to files in `data`. With `durability` `synced` a tap is answered when its decision is on the disk, with
    `buffered` when it is safe from the death of this program. `public` opens the public page; `home_assistant` is the
    discovery prefix that counts are announced under on the bus; with `bus_counts` `disclosed` these are quarter-hours
    without small groups, for a bus that more than operators read. Taps are answered `inside` the server, or by `totem
    authorizer` `apart` from it; `authorizers` are the names that they report under, one of which answers at a time, for
    terms of `term_s` seconds. A badge that nobody used for `idle_badge_days` is disabled; never where it is not set.
    """

    policy: str = str(Path(policies.__file__).with_name("km0"))
    hosts: str | None = None
    data: str = "totem-data"
    database: str | None = None
    database_password_file: str | None = None
    signing_key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    durability: Literal["buffered", "synced"] = "synced"
    authorizer: Literal["inside", "apart"] = "inside"
    authorizers: Annotated[tuple[SourceId, ...], msgspec.Meta(min_length=1)] = (SourceId("authorizer"),)
    term_s: Annotated[float, msgspec.Meta(ge=1, le=600)] = 3.0
    public: bool = False
    home_assistant: str | None = None
    bus_counts: Literal["exact", "disclosed"] = "exact"
    idle_badge_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    log: Literal["json", "text"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    bus: Broker = Broker()

    @property
    def database_url(self) -> str:
        """Return the URL with its password; raise `SettingsError` if either cannot be read."""
        if self.database is None:
            return f"sqlite:///{Path(self.data) / 'totem.db'}"
        try:
            url = make_url(self.database)
        except ArgumentError as error:
            raise SettingsError("database: expected a URL as postgresql://totem@localhost/totem") from error
        if url.password is not None:
            raise SettingsError("database: expected a URL without a password; name a database_password_file")
        if self.database_password_file is not None:
            url = url.set(password=_text(Path(self.database_password_file)).strip())
        return url.render_as_string(hide_password=False)

    @property
    def signing_key_path(self) -> Path:
        """Return where the site's signing key is, or will be made."""
        return Path(self.signing_key) if self.signing_key else Path(self.data) / "site.key"


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read the settings of `path`, or of the file that the environment names, or the defaults."""
    named = environment.get(CONFIG)
    path = path or (Path(named) if named else None)
    values = _document(path) if path else {}
    for name, value in sorted(environment.items()):
        if name.startswith(_PREFIX) and name != CONFIG:
            _put(values, name, value)
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path or 'environment'}: {error}") from error


def load_site(settings: Settings) -> Site:
    """Read the building and its policy; raise `SettingsError` with every finding."""
    try:
        return load_policy(Path(settings.policy))
    except PolicyError as error:
        raise SettingsError(str(error)) from error


class Host(msgspec.Struct, frozen=True):
    """A door computer: its doors, and its readers with whatever is said of their devices."""

    doors: tuple[DoorId, ...]
    readers: dict[ReaderId, object] = {}


class _Hosts(msgspec.Struct):
    hosts: dict[SourceId, Host]


def load_hosts(path: Path) -> dict[SourceId, Host]:
    """Read which doors hang on which door computer: `[hosts.NAME] doors = […]`, and its readers."""
    try:
        read = msgspec.convert(_document(path), _Hosts)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}") from error
    return read.hosts


def _put(values: dict[str, object], name: str, value: str) -> None:
    *tables, key = name.removeprefix(_PREFIX).lower().split("__")
    for table in tables:
        inner = values.setdefault(table, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"{name}: {table} is no table")
        values = inner
    if key not in Settings.__struct_fields__ and not tables:
        raise SettingsError(f"{name}: there is no setting {key}")
    values[key] = value


def _document(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(_text(path))
    except ValueError as error:  # also for an integer with more digits than Python converts
        raise SettingsError(f"{path}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error

"""What a door computer reads badges with, put together from its settings."""

from pathlib import Path

from readers.badges import Home, SealedHome
from readers.counters import FileCounters
from readers.daemon import Credentials
from readers.keystores.sealed import SealedKeys
from readers.ports import KeyStore
from readers.settings import Settings

_COUNTERS = "counters"


def open_credentials(settings: Settings, state: Path) -> Credentials:
    """Open the home of keys and the counters; raise `KeyStoreFault`, `CounterFault` or `SettingsError`."""
    counters = FileCounters(state / _COUNTERS)
    if settings.keys is None:
        return Credentials(settings.badges.scheme(_none_held), counters=counters)
    keys = open_keys(settings.keys)
    return Credentials(settings.badges.scheme(keys.versions), keys, counters)


def open_keys(home: Home) -> KeyStore:
    """Open the home of keys; raise `KeyStoreFault`. A token's library is imported only where one is used."""
    if isinstance(home, SealedHome):
        return SealedKeys.open(Path(home.file), Path(home.unlock))
    from readers.keystores.pkcs11 import Pkcs11Keys

    return Pkcs11Keys.open(Path(home.module), home.token, Path(home.pin_file))


def _none_held(_: str) -> tuple[int, ...]:
    return ()

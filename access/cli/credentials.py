"""What a door computer reads badges with, put together from its settings."""

from pathlib import Path

from readers.counters import FileCounters
from readers.daemon import Credentials
from readers.keystores.sealed import SealedKeys
from readers.ports import KeyStore
from readers.settings import SealedHome, Settings

_COUNTERS = "counters"


def open_credentials(settings: Settings, state: Path) -> Credentials:
    """Open the home of keys and the counters; raise `KeyStoreFault`, `CounterFault` or `SettingsError`."""
    counters = FileCounters(state / _COUNTERS)
    if settings.keys is None:
        return Credentials(settings.badges.scheme(_none_held), counters=counters)
    keys = open_keys(settings.keys)
    return Credentials(settings.badges.scheme(keys.versions), keys, counters)


def open_keys(home: SealedHome) -> KeyStore:
    """Open the home of keys."""
    return SealedKeys.open(Path(home.file), Path(home.unlock))


def _none_held(_: str) -> tuple[int, ...]:
    return ()

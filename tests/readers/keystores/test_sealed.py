"""Sealed keys on the disk: opened by their key alone, and never shown."""

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

from readers.credentials.keys import KeyRef
from readers.errors import KeyStoreFault
from readers.keystores.sealed import SealedKeys, read, write

KEY = KeyRef("desfire-read", 1)
VALUE = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.fixture
def unlock(tmp_path):
    path = tmp_path / "unlock"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o600)
    return path


@pytest.fixture
def sealed(tmp_path, unlock):
    path = tmp_path / "keys"
    write(path, unlock, {KEY: VALUE})
    return path


def test_what_was_sealed_is_read_again_and_lies_nowhere_in_clear(sealed, unlock):
    assert read(sealed, unlock) == {KEY: VALUE}
    assert sealed.stat().st_mode & 0o777 == 0o600
    assert VALUE not in sealed.read_bytes()
    assert VALUE.hex().encode() not in sealed.read_bytes()


@pytest.mark.parametrize("position", [0, 7, 8, 19, 20, -1])
def test_a_file_with_any_byte_changed_is_a_fault(sealed, unlock, position):
    damaged = bytearray(sealed.read_bytes())
    damaged[position] ^= 1
    sealed.write_bytes(damaged)
    with pytest.raises(KeyStoreFault, match=str(sealed)):
        SealedKeys.open(sealed, unlock)


def test_another_unlocking_key_opens_nothing_and_the_fault_shows_no_key(sealed, unlock):
    unlock.write_bytes(bytes(32))
    with pytest.raises(KeyStoreFault, match="sealed by another key") as told:
        SealedKeys.open(sealed, unlock)
    assert VALUE.hex() not in "".join(traceback.format_exception(told.value))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_an_unlocking_key_that_others_may_read_is_refused(sealed, unlock, mode):
    unlock.chmod(mode)
    with pytest.raises(KeyStoreFault, match="readable by others"):
        SealedKeys.open(sealed, unlock)


@pytest.mark.parametrize(("content", "complaint"), [(b"", "0 bytes; expected 32"), (None, "No such file")])
def test_an_unlocking_key_that_is_none_is_told(sealed, unlock, content, complaint):
    if content is None:
        unlock.unlink()
    else:
        unlock.write_bytes(content)
    with pytest.raises(KeyStoreFault, match=complaint):
        SealedKeys.open(sealed, unlock)


@pytest.mark.parametrize(
    "stored", [{KeyRef("k", 0): VALUE}, {KeyRef("k", 256): VALUE}, {KeyRef("k", 1): VALUE[1:]}]
)
def test_a_key_of_another_shape_is_a_fault_that_names_it(tmp_path, unlock, stored):
    write(tmp_path / "keys", unlock, stored)
    with pytest.raises(KeyStoreFault, match="k version") as told:
        read(tmp_path / "keys", unlock)
    assert VALUE.hex()[2:] not in str(told.value)


def test_a_store_never_shows_its_keys(sealed, unlock):
    said = repr(SealedKeys.open(sealed, unlock))
    assert VALUE.hex() not in said
    assert repr(VALUE) not in said


def test_a_key_serves_one_readers_thread_at_a_time(sealed, unlock):
    keys, both = SealedKeys.open(sealed, unlock), threading.Barrier(2)
    met: list[bytes] = []

    class Identity(bytes):
        """One that keeps its thread inside until another is there, too, or none comes."""

        def __len__(self) -> int:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.2)
                met.append(self)
            return super().__len__()

    with ThreadPoolExecutor(2) as readers:
        derived = list(readers.map(partial(keys.derive, KEY), [Identity(b"card")] * 2))
    assert derived == [keys.derive(KEY, b"card")] * 2
    assert both.broken, "one waited for the other, and none came"
    assert not met


def test_sealing_again_replaces_the_file_whole(sealed, unlock):
    before = sealed.read_bytes()
    write(sealed, unlock, {KEY: VALUE})
    assert sealed.read_bytes() != before, "a nonce is never used twice"
    assert [path.name for path in sealed.parent.iterdir()] == ["unlock", "keys"] or len(
        list(sealed.parent.iterdir())
    ) == 2

"""What every home of keys promises, on each of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest

from readers.credentials.keys import KeyRef
from readers.keystores.pkcs11 import Pkcs11Keys, put
from readers.keystores.sealed import SealedKeys, write
from readers.ports import KeyStore
from tests.readers.credentials.published import VECTORS, unhex
from tests.softhsm import LABEL, MODULE, PIN, make_token

PUBLISHED, TRAP = VECTORS["an10922-aes-1"], VECTORS["an10922-plain16"]
READ_1, READ_3, OTHER = KeyRef("read", 1), KeyRef("read", 3), KeyRef("other", 7)
HELD = {READ_1: unhex(PUBLISHED["master"]), READ_3: unhex(TRAP["master"]), OTHER: bytes(16)}


@pytest.fixture
def sealed(tmp_path) -> KeyStore:
    unlock = tmp_path / "unlock"
    unlock.write_bytes(bytes(range(32)))
    unlock.chmod(0o400)
    write(tmp_path / "keys", unlock, HELD)
    return SealedKeys.open(tmp_path / "keys", unlock)


@pytest.fixture
def pkcs11(tmp_path, monkeypatch) -> Iterator[KeyStore]:
    pin_file = make_token(tmp_path, monkeypatch)
    put(MODULE, LABEL, PIN, HELD)
    keys = Pkcs11Keys.open(MODULE, LABEL, pin_file)
    yield keys
    keys.close()


@pytest.fixture(params=["sealed", "pkcs11"])
def store(request) -> KeyStore:
    made: KeyStore = request.getfixturevalue(request.param)
    return made


def test_generations_are_told_newest_first(store):
    assert store.versions("read") == (3, 1)
    assert store.versions("other") == (7,)
    assert store.versions("missing") == ()


def test_the_published_key_is_derived(store):
    assert (store.derive(READ_1, unhex(PUBLISHED["m"]))).hex() == PUBLISHED["derived"]


def test_a_short_identity_is_padded_as_an10922_says(store):
    derived = store.derive(READ_3, unhex(TRAP["m"]))
    assert len(derived) == 16
    assert derived.hex() != TRAP["derived_plain"]


@pytest.mark.parametrize("key", [KeyRef("read", 2), KeyRef("missing", 1)])
def test_a_key_that_is_not_held_is_nothing(store, key):
    assert store.derive(key, b"\x01") is None


@pytest.mark.parametrize("size", [1, 15, 16, 31])
def test_each_generation_derives_its_own_keys(store, size):
    made = [store.derive(key, bytes(size)) for key in HELD]
    assert len(set(made)) == len(HELD)


def test_readers_threads_may_ask_all_at_once(store):
    identities = [bytes((number,)) * 12 for number in range(4)] * 50
    with ThreadPoolExecutor(4) as readers:
        made = list(readers.map(store.derive, repeat(READ_1), identities))
    assert len(set(made)) == 4
    assert made == [store.derive(READ_1, identity) for identity in identities]


def test_nothing_of_a_key_is_shown(store):
    shown = repr(store) + str(store)
    for value in HELD.values():
        assert value.hex() not in shown
        assert repr(value) not in shown

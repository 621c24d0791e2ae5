"""Keys in a real PKCS#11 token: they stay there, and a token that was lost is taken up again."""

import threading

import pkcs11
import pytest

from readers.credentials.keys import KeyRef
from readers.errors import KeyStoreFault
from readers.keystores.pkcs11 import Pkcs11Keys, put
from tests.softhsm import LABEL, MODULE, PIN, make_token

KEY = KeyRef("desfire-read", 1)
VALUE = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.fixture
def pin_file(tmp_path, monkeypatch):
    made = make_token(tmp_path, monkeypatch)
    put(MODULE, LABEL, PIN, {KEY: VALUE})
    return made


@pytest.mark.usefixtures("pin_file")
def test_a_key_in_the_token_cannot_be_taken_out():
    with pkcs11.lib(str(MODULE)).get_token(token_label=LABEL).open(user_pin=PIN) as session:
        [key] = session.get_objects({pkcs11.Attribute.LABEL: KEY.name})
        assert not key[pkcs11.Attribute.EXTRACTABLE]
        assert key[pkcs11.Attribute.SENSITIVE]
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = key[pkcs11.Attribute.VALUE]


def labels() -> list[str]:
    with pkcs11.lib(str(MODULE)).get_token(token_label=LABEL).open(user_pin=PIN) as session:
        return sorted(key[pkcs11.Attribute.LABEL] for key in session.get_objects())


@pytest.mark.usefixtures("pin_file")
def test_a_key_that_the_token_holds_is_put_there_once():
    put(MODULE, LABEL, PIN, {KEY: VALUE, KeyRef("desfire-seal", 1): VALUE[::-1]})
    assert labels() == ["desfire-read", "desfire-seal"]


@pytest.mark.usefixtures("pin_file")
def test_another_key_by_the_same_name_and_version_is_refused_and_nothing_put():
    with pytest.raises(KeyStoreFault, match="another key as desfire-read, version 1") as told:
        put(MODULE, LABEL, PIN, {KeyRef("desfire-seal", 1): VALUE, KEY: VALUE[::-1]})
    assert VALUE[::-1].hex() not in str(told.value)
    assert labels() == ["desfire-read"]


def test_a_wrong_pin_is_a_fault_that_does_not_show_it(pin_file):
    pin_file.write_text("000111")
    with pytest.raises(KeyStoreFault, match="PinIncorrect") as told:
        Pkcs11Keys.open(MODULE, LABEL, pin_file)
    assert "000111" not in str(told.value)


@pytest.mark.parametrize("what", ["module", "token", "pin"])
def test_what_is_not_there_is_a_fault_that_names_it(pin_file, tmp_path, what):
    module = tmp_path / "none.so" if what == "module" else MODULE
    token = "another" if what == "token" else LABEL
    pin = tmp_path / "none" if what == "pin" else pin_file
    with pytest.raises(KeyStoreFault, match=str(pin) if what == "pin" else f"token {token}"):
        Pkcs11Keys.open(module, token, pin)


def test_a_session_that_was_lost_is_opened_again(pin_file):
    keys = Pkcs11Keys.open(MODULE, LABEL, pin_file)
    before = keys.derive(KEY, b"\x01")
    keys._session.close()  # noqa: SLF001  (as if the token had been unplugged and put back)
    assert keys.derive(KEY, b"\x01") == before
    keys.close()


def test_a_token_that_does_not_answer_is_a_fault_and_is_asked_again_when_it_does(pin_file, monkeypatch):
    monkeypatch.setattr("readers.keystores.pkcs11.ANSWER_WITHIN_S", 0.05)
    keys = Pkcs11Keys.open(MODULE, LABEL, pin_file)
    is_back = threading.Event()
    stuck = keys._thread.submit(is_back.wait)  # noqa: SLF001 (as a call into the token that does not return)
    with pytest.raises(KeyStoreFault, match="no answer"):
        keys.derive(KEY, b"\x01")
    is_back.set()
    stuck.result()
    monkeypatch.setattr("readers.keystores.pkcs11.ANSWER_WITHIN_S", 10)
    assert keys.derive(KEY, b"\x01") is not None
    keys.close()


def test_a_key_that_is_gone_from_the_token_derives_nothing(pin_file):
    keys = Pkcs11Keys.open(MODULE, LABEL, pin_file)
    # A process is logged in as a whole, so a second session asks for no PIN.
    with pkcs11.lib(str(MODULE)).get_token(token_label=LABEL).open(rw=True) as session:
        [key] = session.get_objects({pkcs11.Attribute.LABEL: KEY.name})
        key.destroy()
    with pytest.raises(KeyStoreFault, match=f"token {LABEL}"):
        keys.derive(KEY, b"\x01")
    keys.close()

"""DESFire EV2 and NTAG 424 DNA secure messaging, against the published figures."""

import pytest

from readers.credentials.ciphers import Cipher
from readers.credentials.desfire import ev2
from readers.credentials.desfire.channel import AuthenticationFailed, Comm
from readers.credentials.desfire.framing import GARBLED, Answer, Line, Status
from tests.readers.credentials.driving import fixed, replay
from tests.readers.credentials.published import VECTORS, unhex

FIRST = VECTORS["ev2first-1"]
OPENING = [(unhex(FIRST["c1"]), unhex(FIRST["r1"])), (unhex(FIRST["c2"]), unhex(FIRST["r2"]))]


def opening():
    return ev2.authenticate(Line(), 0, unhex(FIRST["key"]), fixed(unhex(FIRST["rndA"])))


def test_the_published_card_is_authenticated_with_the_published_bytes():
    assert isinstance(replay(opening(), OPENING), ev2.Ev2Channel)
    opened = Cipher.aes(unhex(FIRST["key"])).decrypt(unhex(FIRST["r2"])[:-2]).hex()
    rnd_a = FIRST["rndA"]
    assert opened == FIRST["ti"] + rnd_a[2:] + rnd_a[:2] + FIRST["pdcap2"] + FIRST["pcdcap2"]


@pytest.mark.parametrize("name", ["ev2first-1", "ev2-keys-an12343"])
def test_the_session_keys_are_the_published_ones(name):
    vector = VECTORS[name]
    enc, mac = ev2.session_keys(*(unhex(vector[each]) for each in ("key", "rndA", "rndB")))
    assert (enc.hex(), mac.hex()) == (vector["kses_enc"], vector["kses_mac"])


@pytest.mark.parametrize("case", VECTORS["ev2-iv"]["cases"], ids=lambda case: case["ti"])
def test_the_starting_vectors_are_the_published_ones(case):
    cipher = Cipher.aes(unhex(case["kses_enc"]))
    assert ev2.command_vector(cipher, unhex(case["ti"]), case["ctr"]).hex() == case["iv"]


@pytest.mark.parametrize("step", VECTORS["ev2-mac-an12343"]["steps"], ids=lambda step: f"{step['ctr']}")
def test_the_macs_of_an12343_are_made(step):
    vector = VECTORS["ev2-mac-an12343"]
    code = int(step.get("cmd") or step["resp"], 16)
    made = ev2.mac(
        Cipher.aes(unhex(vector["kses_mac"])), code, step["ctr"], unhex(vector["ti"]), unhex(step["data"])
    )
    assert made.hex() == step["mac"]


def channel_of(vector):
    enc = unhex(vector.get("kses_enc", "00" * 16))
    return ev2.Ev2Channel(Line(), enc, unhex(vector["kses_mac"]), unhex(vector["ti"]), vector["ctr"])


def test_a_command_with_a_mac_is_the_published_one():
    vector = VECTORS["ev2-mac-f5"]
    answer = replay(
        channel_of(vector).command(0xF5, b"\x02"), [(unhex(vector["protected"]), unhex(vector["response"]))]
    )
    assert answer == Answer(Status.OK, unhex(vector["response"])[:-10])


def test_an_enciphered_write_is_the_published_one():
    vector = VECTORS["ev2-full-8d"]
    answer = replay(
        channel_of(vector).command(0x8D, unhex(vector["header"]), unhex(vector["data"]), Comm.FULL),
        [(unhex(vector["protected"]), unhex(vector["response"]))],
    )
    assert answer == Answer(Status.OK)


@pytest.mark.parametrize("position", range(32))
def test_an_answer_with_any_byte_changed_is_not_believed(position):
    forged = bytearray(OPENING[1][1])
    forged[position] ^= 1
    outcome = replay(opening(), [OPENING[0], (OPENING[1][0], bytes(forged))])
    assert outcome is AuthenticationFailed.WRONG_KEY


@pytest.mark.parametrize("position", range(8))
def test_a_mac_with_any_byte_changed_garbles_the_answer(position):
    vector = VECTORS["ev2-mac-f5"]
    forged = bytearray(unhex(vector["response"]))
    forged[-10 + position] ^= 1
    answer = replay(channel_of(vector).command(0xF5, b"\x02"), [(unhex(vector["protected"]), bytes(forged))])
    assert answer == GARBLED

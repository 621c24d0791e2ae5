"""DESFire EV1 against recorded cards."""

import pytest

from readers.credentials.ciphers import Cipher
from readers.credentials.desfire import ev1
from readers.credentials.desfire.channel import AuthenticationFailed, Comm
from readers.credentials.desfire.framing import Answer, Framing, Line, Status
from tests.readers.credentials.driving import fixed, replay
from tests.readers.credentials.published import VECTORS, unhex


def pairs(frames):
    return list(zip(map(unhex, frames[::2]), map(unhex, frames[1::2]), strict=True))


@pytest.mark.parametrize("name", ["ev1-aa-1", "ev1-aa-2"])
@pytest.mark.parametrize(
    ("framing", "frames"), [(Framing.WRAPPED, "apdu_wrapped"), (Framing.NATIVE, "native")]
)
def test_the_recorded_card_is_authenticated_with_the_recorded_bytes(name, framing, frames):
    vector = VECTORS[name]
    conversation = ev1.authenticate(
        Line(framing), vector["key_no"], unhex(vector["key"]), fixed(unhex(vector["rndA"]))
    )
    assert isinstance(replay(conversation, pairs(vector[frames])), ev1.Ev1Channel)


@pytest.mark.parametrize("name", ["ev1-aa-1", "ev1-aa-2", "ev1-full-write"])
def test_the_session_key_is_the_recorded_one(name):
    vector = VECTORS[name]
    rnd_b = Cipher.aes(unhex(vector["key"])).decrypt(unhex(vector["rndB_enc"]))
    made = ev1.session_key(ev1.AES_KEYS, unhex(vector["key"]), unhex(vector["rndA"]), rnd_b)
    assert made.hex() == vector["session_key"]


@pytest.mark.parametrize("name", ["ev1-cmac-chain", "ev1-getkeyversion"])
def test_the_vector_runs_through_commands_and_answers_as_recorded(name):
    vector = VECTORS[name]
    cipher = Cipher.aes(unhex(vector["session_key"]))
    channel = ev1.Ev1Channel(Line(), cipher)
    running = unhex(vector["start_iv"])
    for step in vector["steps"]:
        command = unhex(step["cmd"])
        running = cipher.cmac(command, running)
        assert running.hex() == step["tx_cmac"]
        assert channel.protect(command[0], command[1:], b"", Comm.MAC) == command[1:]
        data, mac = unhex(step["rx_data"]), unhex(step["rx_cmac"])
        running = cipher.cmac(data + b"\x00", running)
        assert running == mac
        opened = channel.open(Answer(Status.OK, data + mac[:8]), Comm.MAC, is_read=True)
        assert opened == Answer(Status.OK, data)


def test_the_change_of_a_key_is_enciphered_as_recorded():
    vector = VECTORS["ev1-changekey-same"]
    cipher = Cipher.aes(unhex(vector["session_key"]))
    assert cipher.decrypt(unhex(vector["encrypted"])).hex() == vector["cryptogram"]
    channel = ev1.Ev1Channel(Line(), cipher, unhex(vector["iv"]))
    sent = channel.protect_key(
        vector["key_no"], unhex(vector["new_key"]), int(vector["key_version"], 16), None
    )
    assert sent.hex() == f"{vector['key_no']:02x}" + vector["encrypted"]


def test_an_enciphered_write_is_sent_as_recorded_in_two_frames():
    vector = VECTORS["ev1-full-write"]
    settings, write = vector["steps"]
    line, key = Line(Framing.NATIVE), unhex(vector["key"])
    opening = ev1.authenticate(line, vector["key_no"], key, fixed(unhex(vector["rndA"])))
    channel = replay(
        opening,
        [
            (bytes((0xAA, vector["key_no"])), b"\xaf" + unhex(vector["rndB_enc"])),
            (b"\xaf" + unhex(vector["rndAB_enc"]), b"\x00" + unhex(vector["rndA_enc"])),
        ],
    )
    assert isinstance(channel, ev1.Ev1Channel)
    answer = replay(
        channel.command(0xF5, b"\x0f"),
        [(unhex(settings["cmd"]), b"\x00" + unhex(settings["rx"]) + unhex(settings["rx_mac8"]))],
    )
    assert answer == Answer(Status.OK, unhex(settings["rx"]))
    command, cipher = unhex(write["cmd"]), unhex(write["sent_cipher"])
    whole = command[1:] + cipher
    written = replay(
        channel.command(command[0], command[1:], unhex(write["plain"]), Comm.FULL),
        [
            (command[:1] + whole[:54], b"\xaf"),
            (b"\xaf" + whole[54:], b"\x00" + unhex(write["rx_mac8"])),
        ],
    )
    assert written.is_ok


@pytest.mark.parametrize("position", [0, 7, 15])
def test_a_card_without_the_key_is_not_believed(position):
    vector = VECTORS["ev1-aa-1"]
    frames = pairs(vector["native"])
    forged = bytearray(frames[1][1])
    forged[1 + position] ^= 1
    conversation = ev1.authenticate(
        Line(Framing.NATIVE), 0, unhex(vector["key"]), fixed(unhex(vector["rndA"]))
    )
    outcome = replay(conversation, [frames[0], (frames[1][0], bytes(forged))])
    assert outcome is AuthenticationFailed.WRONG_KEY

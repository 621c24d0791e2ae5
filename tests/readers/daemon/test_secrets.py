"""No key of a master, a card or a session is ever in a log, an event, an error or a repr."""

import base64
import logging
import traceback
from functools import partial

import pytest

from emulators.cards.desfire import DesfireCard, Memory
from emulators.cards.ntag424 import Ntag424Card, TagMemory
from emulators.clock import run_virtually
from readers.credentials.desfire import ev1, ev2
from readers.credentials.desfire import issuing as desfire
from readers.credentials.exchange import Derive, Step, Transmit, carry_out
from readers.credentials.keys import KeyRef
from readers.credentials.ntag424 import issuing as ntag424
from readers.credentials.schemes import Scheme
from readers.credentials.session import identify
from readers.daemon import Credentials
from readers.errors import KeyStoreFault
from readers.keystores.sealed import SealedKeys, write
from tests.fuzz.targets import DESK, TAG_DESK
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.site import (
    DESFIRE,
    KEYS,
    NTAG,
    SCHEME,
    UID,
    Keys,
    card_key,
    issued_card,
    issued_memory,
    issued_tag,
)
from tests.readers.daemon.desk import desk, signed, snapshot


@pytest.fixture
def secrets(monkeypatch) -> set[bytes]:
    """Collect every key there is: those of the site, of the card, and of each session while it is made."""
    found = set(KEYS.values())
    for key in KEYS:
        for identity in (DESFIRE.identity(UID), NTAG.identity(UID), NTAG.site):
            found.add(card_key(key, identity))
    ev2_keys, ev1_key = ev2.session_keys, ev1.session_key

    def kept_ev2(*args):
        made = ev2_keys(*args)
        found.update(made)
        return made

    def kept_ev1(*args):
        made = ev1_key(*args)
        found.add(made)
        return made

    monkeypatch.setattr(ev2, "session_keys", kept_ev2)
    monkeypatch.setattr(ev1, "session_key", kept_ev1)
    return found


def assert_hidden(secrets: set[bytes], said: str) -> None:
    for secret in secrets:
        for shape in (secret.hex(), secret.hex(" "), repr(secret)[2:-1], base64.b64encode(secret).decode()):
            assert shape.lower() not in said.lower()


class FailingKeys(Keys):
    def derive(self, key: KeyRef, identity: bytes) -> bytes | None:
        made = super().derive(key, identity)
        raise KeyStoreFault(f"the token is gone while it made the key {key.name}") from ValueError(
            len(made or b"")
        )


def test_a_day_at_a_door_shows_no_key(tmp_path, secrets, caplog):
    caplog.set_level(logging.DEBUG)
    scheme = Scheme(desfire=DESFIRE, ntag424=NTAG)
    lines: list[bytes] = []

    async def day(keys: Keys, folder: str) -> None:
        (tmp_path / folder).mkdir()
        credentials = Credentials(scheme, keys)
        async with desk(tmp_path / folder, [signed(snapshot())], credentials=credentials) as at:
            stranger = issued_memory()
            stranger.applications[DESFIRE.aid].keys[1].value = bytes(16)
            for card in (issued_card(), DesfireCard(stranger), issued_tag()):
                await at.tap(card)
            lines.extend(at.journal.pending(1000))
            lines.append(repr((credentials, at.daemon, at.rights, vars(at.daemon))).encode())

    for folder, keys in (("well", Keys()), ("failing", FailingKeys())):
        run_virtually(day(keys, folder))
    said = b"\n".join(lines).decode("latin-1") + caplog.text
    said += "".join(str(vars(record)) for record in caplog.records)
    assert "keys-fault" in said
    assert "denied-authentication-factor-error" in said
    assert len(secrets) > len(KEYS) + 10, "sessions were opened"
    assert_hidden(secrets, said)


def test_the_sealed_file_and_its_faults_show_no_key(tmp_path, secrets):
    unlock = tmp_path / "unlock"
    unlock.write_bytes(bytes(range(32)))
    unlock.chmod(0o600)
    write(tmp_path / "keys", unlock, KEYS)
    said = repr(SealedKeys.open(tmp_path / "keys", unlock)) + (tmp_path / "keys").read_bytes().decode(
        "latin-1"
    )
    write(tmp_path / "short", unlock, {KeyRef("k", 1): KEYS[DESFIRE.read[0]][1:]})
    for damage in (tmp_path / "short", unlock):
        with pytest.raises(KeyStoreFault) as told:
            SealedKeys.open(damage, unlock)
        said += "".join(traceback.format_exception(told.value))
    assert_hidden(secrets, said)


def test_a_conversation_broken_anywhere_shows_no_key(secrets):
    """An error thrown into a protocol, whatever it is in the middle of, carries nothing of its keys."""
    said = ""
    for at in range(8):
        driver = Driver(issued_card(), KEYS)
        conversation = identify(driver.card.atr, SCHEME, seeded(3), TODAY)
        step = next(conversation)
        for _ in range(at):
            try:
                step = conversation.send(driver.answer(step))
            except StopIteration:
                break
        said += repr(conversation) + (repr(step) if not isinstance(step, Derive) else "")
        try:
            conversation.throw(RuntimeError("broken"))
        except RuntimeError as error:
            said += "".join(traceback.format_exception(error))
    assert "RuntimeError: broken" in said
    assert_hidden(secrets, said)


WORKS = {
    "DESFire, issued": (lambda: DesfireCard(Memory(UID)), lambda draw: desfire.issue(DESK, draw)),
    "DESFire, wiped": (issued_card, lambda draw: desfire.wipe(DESK, draw)),
    "tag, issued": (lambda: Ntag424Card(TagMemory(UID)), lambda draw: ntag424.issue(TAG_DESK, draw)),
    "tag, wiped": (issued_tag, lambda draw: ntag424.wipe(TAG_DESK, draw)),
}


@pytest.mark.parametrize(("make", "work"), WORKS.values(), ids=list(WORKS))
def test_work_at_a_desk_shows_no_key_done_or_broken_anywhere(secrets, make, work):
    whole = Driver(make(), KEYS)
    outcome = whole.run(work(seeded(5)))
    said = repr((outcome, DESK, TAG_DESK)) + " ".join(whole.told)
    steps = len(whole.trace)
    for at in range(1, steps, 3):
        driver = Driver(make(), KEYS)
        conversation = work(seeded(5))
        step = next(conversation)
        while len(driver.trace) < at:
            step = conversation.send(driver.answer(step))
        said += repr(conversation) + " ".join(driver.told)
        try:
            conversation.throw(RuntimeError("broken"))
        except RuntimeError as error:
            said += "".join(traceback.format_exception(error))
    for answer in (b"", b"\x91\xae", b"\x91\x9d", b"\x69\x85"):
        refused = carry_out(work(seeded(5)), partial(_refusing, answer))
        said += repr(refused)
    assert "RuntimeError: broken" in said
    assert steps > 10
    assert_hidden(secrets, said)


def _refusing(answer: bytes, step: Step) -> bytes:
    if isinstance(step, Derive):
        return card_key(step.key, step.identity)
    is_number = isinstance(step, Transmit) and step.apdu.startswith(b"\xff\xca")
    return UID + b"\x90\x00" if is_number else answer


@pytest.mark.parametrize("generation", [ev1, ev2])
def test_a_channel_shows_no_key(generation, secrets):
    key = KEYS[DESFIRE.read[0]]
    channel = (
        ev2.Ev2Channel(SCHEME, key, key, bytes(4))  # type: ignore[arg-type]  # a line is not needed
        if generation is ev2
        else ev1.Ev1Channel(SCHEME, ev1.AES_KEYS.cipher(key))  # type: ignore[arg-type]  # as above
    )
    assert_hidden(secrets, repr(channel) + str(channel))
